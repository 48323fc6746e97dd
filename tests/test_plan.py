"""The plan of the packages: arrows point down, nothing imports in a circle, and a study keeps to itself.

Imports within functions count, and so do those for types alone.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = {"juguo_envs": ROOT / "envs", "juguo_agents": ROOT / "agents"}

MAY_USE = {
    "model": (),
    "worlds": ("model",),
    "spaces": ("worlds", "model"),
    "engine": ("worlds", "spaces", "model"),
    "env": ("engine", "worlds", "spaces", "model", "info", "render"),
    "allocators": (),
    "evaluation": ("allocators",),
    "artifacts": ("allocators", "evaluation"),
    "search": ("artifacts", "evaluation", "allocators"),
    "report": ("evaluation", "artifacts", "allocators"),
    "calibration": ("report",),
    "training": ("search", "report", "artifacts", "evaluation", "allocators"),
    "studies": ("training", "search", "report", "artifacts", "evaluation", "allocators", "calibration"),
    "cli": (
        "studies",
        "training",
        "search",
        "report",
        "artifacts",
        "evaluation",
        "allocators",
        "calibration",
    ),
}
"""Package by package, what of the same distribution it may use besides what all may use."""
ENV = ("env", "vector_env", "render", "info", "")
"""Modules of `juguo_envs` that stand above its packages and may use each other."""
FOR_ALL = ("errors", "files", "folders", "processes", "provenance")
"""Modules that everything may use, but the model."""
BETWEEN_STUDIES = {
    *(("ablation", f"value.{module}") for module in ("analysis", "arms", "page")),
    *(("mechanisms", module) for module in ("patterns.study", "value.analysis")),
    *(("patterns", f"value.{module}") for module in ("analysis", "arms", "study")),
    *(("patterns", f"ablation.{module}") for module in ("analysis", "study")),
}
"""Studies that use another's module: (study, module)."""


def modules() -> dict[str, Path]:
    """Every module by its name; a package's is that of its `__init__`."""
    return {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
        for name, root in SOURCES.items()
        for path in sorted((root / name).rglob("*.py"))
    }


@cache
def graph() -> dict[str, frozenset[str]]:
    """What each module imports of ours, and of others by their top name."""
    names = modules()
    return {
        name: frozenset(imported(path.read_text(encoding="utf-8"), names)) for name, path in names.items()
    }


def imported(source: str, names: Mapping[str, Path]) -> Iterator[str]:
    """What a module's text imports: a module of ours by its whole name, another by its top name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            wanted = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.module and not node.level, "imports are absolute"
            wanted = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in wanted:
            parts = name.split(".")
            own = next((n for k in (0, 1) if (n := ".".join(parts[: len(parts) - k])) in names), None)
            yield own or parts[0]


def circles(arrows: Mapping[str, frozenset[str]]) -> list[list[str]]:
    """Groups of modules each of which imports the others, directly or not."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        left = [start]
        while left:
            for following in arrows.get(left.pop(), ()):
                if following not in seen:
                    seen.add(following)
                    left.append(following)
        return seen

    below = {name: reached(name) for name in arrows}
    found = {
        frozenset(n for n in below[name] if name in below.get(n, ()))
        for name in arrows
        if name in below[name]
    }
    return sorted(sorted(group) for group in found)


def package_of(module: str) -> tuple[str, str]:
    """The distribution of a module and its package or top-level module there."""
    top, _, rest = module.partition(".")
    return top, rest.partition(".")[0]


def arrows(top: str) -> Iterator[tuple[str, str, str, str]]:
    """Each import within a distribution from one package to another: module, package, module, package."""
    for module, wanted in graph().items():
        for other in wanted:
            (here, one), (there, two) = package_of(module), package_of(other)
            if here == there == top and one != two:
                yield module, one, other, two


def test_a_circle_is_found_where_there_is_one() -> None:
    assert circles({"a": frozenset("b"), "b": frozenset("c"), "c": frozenset("b")}) == [["b", "c"]]
    assert circles({"a": frozenset("bc"), "b": frozenset("c"), "c": frozenset()}) == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert circles(graph()) == []


def test_the_environments_know_nothing_of_the_agents() -> None:
    odd = [m for m, wanted in graph().items() if package_of(m)[0] == "juguo_envs"
           and any(package_of(w)[0] == "juguo_agents" for w in wanted)]  # fmt: skip
    assert odd == []


@pytest.mark.parametrize("top", SOURCES)
def test_packages_use_only_what_lies_below_them(top: str) -> None:
    odd = []
    for module, one, other, two in arrows(top):
        allowed = MAY_USE["env"] + ENV if one in ENV and top == "juguo_envs" else MAY_USE.get(one, ())
        if two not in (*allowed, *FOR_ALL):
            odd.append(f"{module} -> {other}")
    assert odd == []


def test_the_model_imports_numpy_numba_and_itself_alone_beside_the_standard_library() -> None:
    allowed = sys.stdlib_module_names | {"numpy", "numba"}
    odd = {
        f"{module} -> {other}"
        for module, wanted in graph().items()
        if module.startswith("juguo_envs.model")
        for other in wanted
        if not other.startswith("juguo_envs.model") and other not in allowed
    }
    assert odd == set()


def test_a_study_uses_no_other_studys_modules() -> None:
    def study_of(module: str) -> str | None:
        parts = module.split(".")
        return parts[2] if parts[:2] == ["juguo_agents", "studies"] and len(parts) > 3 else None

    found = {
        (one, other.removeprefix("juguo_agents.studies."))
        for module, wanted in graph().items()
        for other in wanted
        if (one := study_of(module)) and (two := study_of(other)) and one != two
    }
    assert found == BETWEEN_STUDIES
