"""The plan of the packages: arrows point down, nothing imports in a circle, and a study keeps to itself.

Imports within functions count, and so do those for types alone.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = {"juguo_envs": ROOT / "envs", "juguo_agents": ROOT / "agents"}
ORDER = (
    "model", "worlds", "spaces", "engine", "env",
    "allocators", "evaluation", "artifacts", "search", "report", "comparing", "play", "calibration",
    "training", "benchmark", "studies", "cli", "",
)  # fmt: skip
"""Packages from below to above; each may use those below it in its distribution."""
NOT_USED = {("report", "search"), ("calibration", "search")}
"""Packages below that are not used all the same: (package, what it does not use)."""
TOP = (
    "",
    "core",
    "env",
    "vector_env",
    "vectors",
    "render",
    "picture",
    "window",
    "info",
    "testing",
    "warm",
    "multi_objective",
    "wrappers",
    "parallel",
)
"""Modules of `juguo_envs` that stand above its packages, as one."""
FOR_ALL = (
    "array_types", "documents", "errors", "files", "folders", "names", "processes", "progress", "provenance",
    "tables", "validation",
)  # fmt: skip
"""Modules that everything may use, but the model."""
BETWEEN_STUDIES = {
    ("ablation", "value.analysis"), ("mechanisms", "patterns.study"), ("mechanisms", "value.analysis"),
    ("patterns", "ablation.analysis"), ("patterns", "ablation.study"), ("patterns", "value.analysis"),
    ("patterns", "value.study"), ("mechanisms", "patterns.page"), ("questions", "hypotheses.analysis"),
    ("questions", "hypotheses.figures"), ("questions", "hypotheses.study"),
}  # fmt: skip
"""Studies that use another's module: (study, module)."""


@cache
def graph() -> dict[str, frozenset[str]]:
    """What each module imports: modules of ours by their whole names, others by their top names."""
    paths = {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
        for name, root in SOURCES.items()
        for path in (root / name).rglob("*.py")
    }

    def imported(path: Path) -> Iterator[str]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                wanted = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.module and not node.level, f"{path}: imports are absolute"
                wanted = [f"{node.module}.{alias.name}" for alias in node.names]
            else:
                continue
            for name in wanted:
                yield next((n for n in (name, name.rpartition(".")[0]) if n in paths), name.partition(".")[0])

    return {name: frozenset(imported(path)) for name, path in paths.items()}


def circles(imports: Mapping[str, frozenset[str]]) -> list[list[str]]:
    """Groups of modules each of which imports the others, directly or not."""

    def reached(start: str) -> set[str]:
        seen, left = set[str](), [start]
        while left:
            new = imports.get(left.pop(), frozenset()) - seen
            seen |= new
            left += new
        return seen

    below = {name: reached(name) for name in imports}
    found = {frozenset(n for n in names if name in below.get(n, ())) for name, names in below.items()}
    return sorted(sorted(group) for group in found if group)


def package_of(module: str) -> tuple[str, str]:
    """The distribution of a module, and its package there; the modules above those of the envs are one."""
    distribution, _, rest = module.partition(".")
    package = rest.partition(".")[0]
    return distribution, "env" if distribution == "juguo_envs" and package in TOP else package


def test_a_circle_is_found_where_there_is_one() -> None:
    assert circles({"a": frozenset("b"), "b": frozenset("c"), "c": frozenset("b")}) == [["b", "c"]]
    assert circles({"a": frozenset("bc"), "b": frozenset("c"), "c": frozenset()}) == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert circles(graph()) == []


def test_packages_use_only_what_lies_below_them() -> None:
    odd = []
    for module, wanted in graph().items():
        for other in wanted:
            (here, one), (there, two) = package_of(module), package_of(other)
            if here == there and one != two and two not in FOR_ALL:
                up = one not in ORDER or ORDER.index(two) > ORDER.index(one)
                odd += [f"{module} -> {other}"] if up or (one, two) in NOT_USED else []
            if here == "juguo_envs" and there == "juguo_agents":
                odd.append(f"{module} -> {other}")
    assert odd == []


def test_the_model_imports_numpy_numba_and_itself_alone_beside_the_standard_library() -> None:
    allowed = sys.stdlib_module_names | {"numpy", "numba"}
    odd = [
        f"{module} -> {other}"
        for module, wanted in graph().items()
        if module.startswith("juguo_envs.model")
        for other in wanted
        if not other.startswith("juguo_envs.model") and other not in allowed
    ]
    assert odd == []


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
