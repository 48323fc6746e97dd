"""A number of the model is declared: as a parameter of the scenario, or by name at the top of its module."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import juguo_envs.model

COMPILING = ("compiled", "kernel_cache")
"""Modules that say how the model is compiled, and nothing of the world."""
MODULES = sorted(
    path for path in Path(juguo_envs.model.__file__).parent.glob("*.py") if path.stem not in COMPILING
)
PLAIN = (0, 1, 2)
"""Numbers that say nothing of the world."""


def numbers_in_functions(source: str) -> list[str]:
    """Numbers that stand in the functions of a module, but for the plain ones: value and line."""
    functions = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.Lambda)
    ]
    found = {
        (node.lineno, node.value)
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and node.value not in PLAIN
    }
    return [f"{value:g} in line {line}" for line, value in sorted(found)]


def test_a_number_is_found_where_there_is_one() -> None:
    source = "TOP = 0.7\nclass C:\n    x = 3\ndef f(y):\n    return 1.0 + 2 * y * TOP * (1.0 - 0.5 * y)\n"
    assert numbers_in_functions(source) == ["0.5 in line 5"]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_no_function_of_the_model_holds_a_number_of_its_own(module: Path) -> None:
    assert numbers_in_functions(module.read_text(encoding="utf-8")) == []
