"""What was compiled is never stale, and compiling is announced."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import numba
import pytest

import juguo_envs
from juguo_envs.engine import compiled
from juguo_envs.model.compiled import inlined

PACKAGE = Path(juguo_envs.__file__).parent


MARKS = ("@inlined", "@kernel", "njit(", "inlined(")
"""What stands in a file in which something is compiled."""


def source_key(folder: Path) -> int:
    """The key of a copy of the package, as the copy's own module computes it."""
    spec = importlib.util.spec_from_file_location("copied", folder / PACKAGE.name / "engine" / "compiled.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return int(module.SOURCE_KEY)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A folder with a copy of the package."""
    shutil.copytree(PACKAGE, tmp_path / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_an_unchanged_copy_has_the_same_key(copied: Path) -> None:
    assert source_key(copied) == compiled.SOURCE_KEY


@pytest.mark.parametrize("file", ["model/equations.py", "spaces/observation.py"])
def test_a_change_in_another_file_than_the_kernels_changes_the_key(copied: Path, file: str) -> None:
    path = copied / PACKAGE.name / file
    path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    assert source_key(copied) != compiled.SOURCE_KEY


def test_a_file_outside_the_model_does_not_change_the_key(copied: Path) -> None:
    path = copied / PACKAGE.name / "render.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    assert source_key(copied) == compiled.SOURCE_KEY


def test_every_file_with_something_compiled_counts_for_the_key() -> None:
    marked = {
        path
        for path in PACKAGE.rglob("*.py")
        if any(mark in path.read_text(encoding="utf-8") for mark in MARKS)
    }
    assert marked <= set(compiled._SOURCES)


def test_the_key_fits_a_signed_number_of_64_bits() -> None:
    assert 0 <= compiled.SOURCE_KEY < 2**63


def test_a_piece_of_the_model_is_plain_python_through_py_func() -> None:
    @inlined
    def double(x: float) -> float:
        return 2.0 * x

    assert double.py_func(3.0) == double(3.0) == 6.0


def test_compiling_is_announced_once_and_only_where_there_is_something_to_compile(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "_announced", compiled.threading.Event())
    new = numba.njit(lambda x: x)
    for _ in range(2):
        with compiled.announce_compilation((new,), patience=0.0):
            compiled._announced.wait(30.0)
    new(1)
    with compiled.announce_compilation((new,), patience=0.0):
        pass
    assert capsys.readouterr().err.count("compiling") == 1
