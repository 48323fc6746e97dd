"""The page of promises: each names tests, and each of these exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
PAGE = HOME / "docs" / "reference" / "reliability.md"
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@cache
def names_of_tests(path: Path) -> frozenset[str]:
    """The names of a file's tests; none where there is no such file."""
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def promises() -> list[tuple[str, list[tuple[str, str]]]]:
    """Each promise with the files and names of its tests."""
    rows = re.findall(r"^\| (.*\.) \| (.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return [(promise, TEST.findall(tests)) for promise, tests in rows]


def test_every_promise_names_tests_and_each_exists() -> None:
    found = promises()
    assert len(found) > 30
    assert [promise for promise, tests in found if not tests] == []
    named = {test for _, tests in found for test in tests}
    assert [
        f"{file}::{name}" for file, name in sorted(named) if name not in names_of_tests(HOME / file)
    ] == []


def test_everything_that_looks_like_a_test_is_in_a_promise() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert len(re.findall(r"tests/[^`]*::", text)) == len(TEST.findall(text))
    assert len(TEST.findall(text)) == sum(len(tests) for _, tests in promises())
