"""Print the tables that the code declares, or keep the model page and the READMEs in step with it.

Parameters: every row comes from a field of a scenario. A field that is declared with `par` names its unit,
source and sampling range; for the others, which are never sampled, the unit stands below. Rules: every row
comes from what a rule declares of itself, see `juguo_agents.allocators.described`. Observation and info: every
row is an entry of `juguo_envs.spaces.observation`, `juguo_envs.spaces.context` or `juguo_envs.info`.
Arguments: those of the environments' constructors; their meaning stands below. Seeds: see
`juguo_agents.evaluation.seeds`. Glossary: see `juguo_agents.report.glossary`.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from juguo_agents.allocators.described import doctrine_numbers, doctrines, ideas, institutions
from juguo_agents.cli.main import make_app
from juguo_agents.evaluation import seeds
from juguo_agents.report.glossary import terms
from juguo_agents.tables import markdown_table
from juguo_agents.training.config import Experiment
from juguo_envs import ExperimentDiffusionEnv, ExperimentDiffusionVectorEnv
from juguo_envs.files import write_text
from juguo_envs.info import ENTRIES
from juguo_envs.model.state import ACTORS, FUNCTIONS, STAGES
from juguo_envs.spaces.context import CONTEXT, CONTEXT_PER_COMMUNITY, PREFERENCES
from juguo_envs.spaces.observation import COMMUNITY_ENTRIES, PROGRAMME_ENTRIES
from juguo_envs.worlds.parameters import Meta, parameter_meta
from juguo_envs.worlds.scenario import Community, Generated, Scenario

ROOT = Path(__file__).resolve().parent.parent
HEAD = ("symbol", "field", "default", "allowed", "sampled", "unit", "meaning", "source")
GREEK = {
    "alpha": "α", "gamma": "γ", "chi": "χ", "delta": "δ", "eta": "η", "iota": "ι", "kappa": "κ",
    "lam": "λ", "lambda": "λ", "mu": "μ", "phi": "φ", "rho": "ρ", "tau": "τ",
    "xi": "ξ",
}  # fmt: skip
UNITS = {
    "persons": "persons", "mean_degree": "ties/person", "minimum": "quarters", "maximum": "quarters",
    "ab_min": "quarters",
}  # fmt: skip
AMOUNTS = {
    "harm_evidence": "persons", "experience": "person-quarters", "abandoned": "projects",
    "reserve": "quarterly budgets",
}  # fmt: skip
"""Units of what an observation shows as x/(x + scale)."""
ARGUMENTS = {
    "scenario": "the world: a name, the path of a YAML file, a mapping of fields with a `base`, or a `Scenario`; "
    '`"family"` or `"family:NAME"` draws another one for every episode, as does a `Family`',
    "reward": "weights by the names `breadth`, `resilience`, `excluded`, and `aversion`, that to inequality; or a "
    "function of `info` over n societies that returns (n,) numbers",
    "observe": '`"noisy"`, or `"true"`: without noise',
    "render_mode": '`"ansi"`: text; `"rgb_array"`: a [picture](../how-to/draw.md); `"human"`: a window',
    "context": "shows what a real allocator would know of its world, see above",
    "preferences": '`"hidden"`; `"shown"`: the weights of the reward; `"drawn"`: they are drawn at every reset, too',
    "history": "quarters that are shown, 1 to 64",
    "observation": "a function of (n, size) observations that returns the (n, k) numbers that are shown instead",
    "num_envs": "number of societies",
    "threads": "of the processor; results do not depend on it",
    "autoreset_mode": '`"NextStep"`, `"SameStep"` or `"Disabled"`, as in Gymnasium',
    "max_episode_steps": "truncates episodes, as that of `gymnasium.make` does",
}
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


def row(name: str, field: FieldInfo) -> Sequence[str]:
    """The cells of one parameter, in its group's table."""
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
    return (f"`{symbol(name)}`", f"`{name}`", default, allowed(name, field), sampled, unit, text, source)


def sections() -> Iterator[tuple[str, type[BaseModel]]]:
    """The groups of a scenario in its order; the two ways to give communities follow the society."""
    for name, field in Scenario.model_fields.items():
        group = field.annotation
        if isinstance(group, type) and issubclass(group, BaseModel):
            yield f"`{name}`", group
            if name == "society":
                yield "`society.communities` as a rule", Generated
                yield "`society.communities` as a list, each", Community


def parameters() -> str:
    """The tables of parameters as markdown."""
    parts = []
    for title, group in sections():
        rows = [row(name, field) for name, field in group.model_fields.items()]
        parts.append(f"**{title}** — {(group.__doc__ or '').strip()}\n\n{markdown_table(HEAD, rows)}")
    return "\n\n".join(parts)


def observation() -> str:
    """The entries of an observation as markdown: those of each community, and those of the programme."""
    tables = []
    for title, entries in (("per community", COMMUNITY_ENTRIES), ("of the programme", PROGRAMME_ENTRIES)):
        rows = [f"| {title} | meaning | shown | range | noise |", "|---|---|---|---|---|"]
        for entry in entries:
            shown = "as it is" if entry.scale is None else f"x/(x + {number(entry.scale)})"
            noise = "" if entry.noise is None else "`s_obs`"
            span = f"[{number(entry.low)}, {number(entry.high)}]"
            rows.append(f"| `{entry.name}` | {entry.meaning} | {shown} | {span} | {noise} |")
        tables.append("\n".join(rows))
    return "\n\n".join(tables)


def actions() -> str:
    """The entries of an action as markdown, by their place."""
    rows = [
        (str(f), name, f"share of the money: {ACTORS[f // 3]}, in {STAGES[f % 3]}")
        for f, name in enumerate(FUNCTIONS)
    ]
    n = len(FUNCTIONS)
    rows += [
        (str(n), "reserve", "share of the money that is put aside"),
        (f"{n + 1} + c", "share of community c", "share of all money that goes there, c from 0 to R − 1"),
        (f"{n + 1} + R", "openness", "how open the work is, from −1, closed, to 1, open"),
        (f"{n + 2} + R", "advance", "asks for the next stage: yes at 0 or more"),
        (f"{n + 3} + R", "abandon", "asks to give the project up: yes at 0 or more"),
    ]
    return markdown_table(("index", "name", "what it does"), rows)


def seen() -> str:
    """The entries of an observation as markdown, by their place."""
    rows, per = [], len(COMMUNITY_ENTRIES)
    for place, entries in (("c", COMMUNITY_ENTRIES), ("", PROGRAMME_ENTRIES)):
        for i, entry in enumerate(entries):
            at = f"{per} c + {i}" if place else f"{per} R + {i}"
            unit = AMOUNTS.get(entry.name, "1")
            shown = (
                entry.meaning if entry.scale is None else f"x/(x + {number(entry.scale)}), x: {entry.meaning}"
            )
            span = f"[{number(entry.low)}, {number(entry.high)}]"
            name = f"`{entry.name}[c]`" if place else f"`{entry.name}`"
            rows.append((at, name, span, "yes" if entry.noise is not None else "", unit, shown))
    last = len(PROGRAMME_ENTRIES)
    rows.append(
        (f"{per} R + {last} + i", "`last_...`", "[0, 1]", "", "1", "entry i of the last action, as shares")
    )
    return markdown_table(("index", "name", "range", "noise", "unit", "meaning"), rows)


def extras() -> str:
    """What may be shown beside, as markdown."""
    rows = [
        *(("`context=True`", f"`known_{fact.name}`", fact.meaning) for fact in CONTEXT),
        *(("`context=True`", f"`known_{fact.name}[c]`", fact.meaning) for fact in CONTEXT_PER_COMMUNITY),
        *(('`preferences="shown"` or `"drawn"`', f"`{fact.name}`", fact.meaning) for fact in PREFERENCES),
        ("`history=k`", "`NAME@-i`", "each entry, i quarters ago, i from 1 to k − 1"),
    ]
    return markdown_table(("argument", "name", "what is shown"), rows)


def told() -> str:
    """The entries of info as markdown."""
    rows = [(f"`{entry.name}`", entry.meaning, entry.allowed, entry.unit) for entry in ENTRIES]
    return markdown_table(("key", "meaning", "range", "unit"), rows)


def arguments() -> str:
    """The arguments of both environments as markdown.

    Raises:
        KeyError: If the meaning of an argument does not stand above.
    """
    single = inspect.signature(ExperimentDiffusionEnv).parameters
    many = inspect.signature(ExperimentDiffusionVectorEnv).parameters
    rows = [
        (f"`{name}`", f"`{_default(parameter.default)}`", "" if name in single else "many", ARGUMENTS[name])
        for name, parameter in (single | many).items()
    ]
    return markdown_table(("argument", "default", "of", "meaning"), rows)


def _default(value: Any) -> str:
    return str(getattr(value, "value", value)) if not isinstance(value, str) else f'"{value}"'


def configuration() -> str:
    """The fields of a configuration, a table for each section."""
    parts, sections = [], [("", Experiment)]
    while sections:
        title, model = sections.pop(0)
        rows = []
        for name, field in model.model_fields.items():
            inner = next((t for t in (field.annotation, *get_args(field.annotation)) if _is_model(t)), None)
            if inner is not None:
                sections.append((f"{title}.{name}".strip("."), inner))
                continue
            default = "required" if field.is_required() else field.get_default(call_default_factory=True)
            shown = default.name if isinstance(default, Scenario) else number(default)
            bounds = allowed(name, field)
            rows.append((f"`{name}`", shown, "" if bounds == "(−∞, ∞)" else bounds, field.description or ""))
        if rows:
            about = (model.__doc__ or "").strip().split("\n\n")[0].replace("\n", " ")
            table = markdown_table(("field", "default", "allowed", "meaning"), rows)
            parts.append(f"## {f'`{title}`' if title else 'The experiment'}\n\n{about}\n\n{table}")
    return "\n\n".join(parts)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def commands() -> str:
    """The help of every command, from the command itself."""
    app = make_app()
    del app["--install-completion"]  # its usage takes the name of whatever runs this
    return app.generate_docs(output_format="markdown", recursive=True, heading_level=2).strip()


def glossary(kind: str) -> str:
    """The terms of a kind in both languages."""
    rows = [(english, chinese, f"`{code}`" if code else "") for code, english, chinese in terms()[kind]]
    return markdown_table(("English", "中文", "in the code"), rows)


PAGES: dict[str, dict[str, Callable[[], str]]] = {
    "docs/reference/model.md": {
        "observation": observation,
        "rules": doctrines,
        "institutions": institutions,
        "numbers of rules": doctrine_numbers,
        "parameters": parameters,
    },
    "docs/reference/environment.md": {
        "actions": actions,
        "seen": seen,
        "extras": extras,
        "info": told,
        "arguments": arguments,
    },
    "docs/reference/seeds.md": {"seeds": seeds.tables},
    "docs/reference/rules.md": {"allocators": ideas},
    "docs/reference/glossary.md": {kind: partial(glossary, kind) for kind in terms()},
    "docs/reference/configuration.md": {"configuration": configuration},
    "docs/reference/commands.md": {"commands": commands},
}
"""The tables of each page, by the name that their markers have."""


def updated(page: str, text: str) -> str:
    """The text of one of `PAGES` with its tables made anew.

    Raises:
        ValueError: If a table's two markers are not there, once each and in order.
    """
    for name, table in PAGES[page].items():
        begin, end = f"<!-- {name}: begin, written by tools/tables.py -->", f"<!-- {name}: end -->"
        if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
            raise ValueError(f"{page}: the page must hold {begin!r} and {end!r} once each, in this order")
        text = f"{text[: text.index(begin)]}{begin}\n\n{table()}\n\n{text[text.index(end) :]}"
    return text


def main(arguments: list[str] | None = None) -> int:
    """Print, check or write the tables; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="fail if a page differs from the code")
    what.add_argument("--write", action="store_true", help="rewrite the tables in the pages")
    parser.add_argument(
        "--root", type=Path, default=ROOT, metavar="DIR", help=f"folder that holds {', '.join(PAGES)}"
    )
    options = parser.parse_args(arguments)
    if not (options.check or options.write):
        print("\n\n".join(table() for tables in PAGES.values() for table in tables.values()))
        return 0
    try:
        old = {page: (options.root / page).read_text(encoding="utf-8") for page in PAGES}
        new = {page: updated(page, text) for page, text in old.items()}
    except (OSError, ValueError) as error:
        print(f"tables: {error}", file=sys.stderr)
        return 1
    differ = [page for page in PAGES if new[page] != old[page]]
    for page in differ:
        if options.write:
            write_text(options.root / page, new[page])
        else:
            print(f"tables: {page} differs from the code; run tools/tables.py --write", file=sys.stderr)
    return int(options.check and bool(differ))


if __name__ == "__main__":
    sys.exit(main())
