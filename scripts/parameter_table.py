"""Print the tables of parameters of the model page, or keep the page in step with the code.

Every row comes from a field of a scenario. A field that is declared with `par` names its unit, source and
sampling range; for the others, which are never sampled, the unit stands below.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from juguo_envs.files import write_text
from juguo_envs.parameters import Meta, parameter_meta
from juguo_envs.scenario import Community, Generated, Scenario

PAGE = Path(__file__).resolve().parent.parent / "docs" / "model.md"
BEGIN = "<!-- parameters: begin, written by scripts/parameter_table.py -->"
END = "<!-- parameters: end -->"
HEADER = """\
| symbol | field | default | allowed | sampled | unit | meaning | source |
|---|---|---|---|---|---|---|---|"""
GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "chi": "χ", "delta": "δ", "eta": "η", "iota": "ι", "kappa": "κ",
    "lam": "λ", "lambda": "λ", "mu": "μ", "nu": "ν", "omega": "ω", "phi": "φ", "psi": "ψ", "rho": "ρ",
    "sigma": "σ", "tau": "τ", "xi": "ξ", "zeta": "ζ",
}  # fmt: skip
UNITS = {
    "persons": "persons", "mean_degree": "ties/person", "minimum": "quarters", "maximum": "quarters",
    "ab_min": "quarters",
}  # fmt: skip
ALLOWED = {
    "minimum": "each ≥ 1",
    "maximum": "each ≥ its minimum",
    "communities": "a rule or a list",
    "neighbours": "names of communities",
    "ties": "pairs of persons",
}


def symbol(name: str) -> str:
    """A field's name with Greek letters: eta_K -> η_K, iota0 -> ι0."""

    def letter(part: str) -> str:
        word = part.rstrip("0123456789")
        return GREEK.get(word, word) + part[len(word) :]

    return "_".join(letter(part) for part in name.split("_"))


def number(value: Any) -> str:
    """A value as the page shows it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() else f"{value:g}"
    if isinstance(value, tuple):
        return ", ".join(number(v) for v in value) or "none"
    return str(value)


def allowed(name: str, field: FieldInfo) -> str:
    """Which values a scenario may hold."""
    if name in ALLOWED:
        return ALLOWED[name]
    if get_origin(field.annotation) is Literal:
        return ", ".join(get_args(field.annotation))
    if field.annotation is bool:
        return "yes, no"
    if field.annotation is str:
        return "text"
    low, high = "(−∞", "∞)"
    for bound in field.metadata:
        if isinstance(bound, Ge):
            low = f"[{number(bound.ge)}"
        elif isinstance(bound, Gt):
            low = f"({number(bound.gt)}"
        elif isinstance(bound, Le):
            high = f"{number(bound.le)}]"
        elif isinstance(bound, Lt):
            high = f"{number(bound.lt)})"
    return f"{low}, {high}"


def sampling(meta: Meta) -> str:
    """Over which values scenarios are sampled; a cross marks a factor that several parameters share."""
    if meta.together is not None:
        return f"× [{number(meta.together.low)}, {number(meta.together.high)}]"
    if meta.sampling is None:
        return ""
    kind = " log" if meta.log else " whole" if meta.whole else ""
    return f"[{number(meta.sampling[0])}, {number(meta.sampling[1])}]{kind}"


def row(name: str, field: FieldInfo) -> str:
    """One parameter as a row of its group's table."""
    meta = parameter_meta(field)
    text, sampled = field.description or "", ""
    if meta is not None:
        unit, source, sampled = meta.unit, meta.source, sampling(meta)
    else:
        unit = UNITS.get(name, "1" if field.annotation in (int, float) else "")
        source = "given" if field.is_required() else "assumed"
    if field.is_required():
        default = "required"
    elif isinstance(value := field.get_default(call_default_factory=True), BaseModel):
        default = "the rule below"
    else:
        default = number(value)
    cells = (f"`{symbol(name)}`", f"`{name}`", default, allowed(name, field), sampled, unit, text, source)
    return "| " + " | ".join(cells) + " |"


def sections() -> Iterator[tuple[str, type[BaseModel]]]:
    """The groups of a scenario in its order; the two ways to give communities follow the society."""
    for name, field in Scenario.model_fields.items():
        group = field.annotation
        if isinstance(group, type) and issubclass(group, BaseModel):
            yield f"`{name}`", group
            if name == "society":
                yield "`society.communities` as a rule", Generated
                yield "`society.communities` as a list, each", Community


def tables() -> str:
    """All tables as markdown."""
    parts = []
    for title, group in sections():
        rows = "\n".join(row(name, field) for name, field in group.model_fields.items())
        parts.append(f"**{title}** — {(group.__doc__ or '').strip()}\n\n{HEADER}\n{rows}")
    return "\n\n".join(parts)


def updated(page: str) -> str:
    """The page with its tables made anew.

    Raises:
        ValueError: If the two markers are not there, once each and in order.
    """
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise ValueError(f"the page must hold {BEGIN!r} and {END!r} once each, in this order")
    return f"{page[: page.index(BEGIN)]}{BEGIN}\n\n{tables()}\n\n{page[page.index(END) :]}"


def main(arguments: list[str] | None = None) -> int:
    """Print, check or write the tables; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="fail if the page differs from the code")
    what.add_argument("--write", action="store_true", help="rewrite the tables in the page")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page (default: docs/model.md)")
    options = parser.parse_args(arguments)
    if not (options.check or options.write):
        print(tables())
        return 0
    try:
        page = options.page.read_text(encoding="utf-8")
        new = updated(page)
    except (OSError, ValueError) as error:
        print(f"parameter_table: {options.page}: {error}", file=sys.stderr)
        return 1
    if options.write:
        write_text(options.page, new)
    elif new != page:
        print(
            f"parameter_table: {options.page} differs from the code; run scripts/parameter_table.py --write",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
