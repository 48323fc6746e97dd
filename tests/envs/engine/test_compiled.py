"""What was compiled is never stale, and compiling is announced."""

from __future__ import annotations

import copy
import importlib.util
import pickle
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np
import pytest
from numba.core import event

import juguo_envs
from juguo_envs import Batch
from juguo_envs.engine import compiled
from juguo_envs.model.compiled import inlined
from tests.support import Array, seeds, small, spend

PACKAGE = Path(juguo_envs.__file__).parent


MARKS = ("@inlined", "@internal", "@kernel", "njit(", "inlined(")
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


def test_how_long_compiling_takes_is_said_once_and_only_where_something_is_compiled(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with compiled.compilation((numba.njit(lambda x: x),)):
        pass
    assert capsys.readouterr().err == ""
    progress = compiled.Progress(pieces=2)
    with event.install_listener("numba:compile", progress):
        for kind in (1, 1.0, "one", 1j):
            numba.njit(lambda x: x)(kind)
    said = capsys.readouterr().err
    assert re.fullmatch(r"juguo: compiling the model for this machine, about \d+ s \.\.\.\n", said)


def test_a_kernel_that_is_compiled_is_not_watched() -> None:
    done = numba.njit(lambda x: x)
    done(1)
    with compiled.compilation((done,)):
        assert not event._registered["numba:compile"]


class Pair(NamedTuple):
    """As the model's state is."""

    left: Array
    right: Array


PAIR = numba.typeof(Pair(np.zeros(1), np.zeros((1, 1), np.int64)))
of_pair = compiled.borrowed(PAIR)


def test_what_is_borrowed_is_read_and_written_in_place() -> None:
    @numba.njit
    def move(words: Array, i: int) -> float:
        p = of_pair(words)
        p.left[i] += p.right[i, 0]
        return float(p.left[i])

    pair = Pair(np.array([1.0, 2.0]), np.array([[3], [4]]))
    words = compiled.words_of(pair, PAIR)
    assert move(words, 1) == 6.0
    assert move(words, 0) == 4.0
    assert pair.left.tolist() == [4.0, 6.0]


def test_what_is_borrowed_has_no_other_fields() -> None:
    @numba.njit
    def read(words: Array) -> Any:
        return of_pair(words).middle

    with pytest.raises(numba.TypingError, match="Unknown attribute 'middle'"):
        read(np.zeros(1, np.int64))


@pytest.mark.parametrize(
    "right",
    [np.zeros((1, 1)), np.zeros(1, np.int64), np.zeros((2, 2), np.int64).T, np.zeros((4, 1), np.int64)[::2]],
)
def test_arrays_that_the_code_is_not_compiled_for_are_not_handed_over(right: Array) -> None:
    with pytest.raises(TypeError, match="the code is compiled for Pair"):
        compiled.words_of(Pair(np.zeros(1), right), PAIR)


def test_arrays_that_may_not_be_written_to_are_not_handed_over() -> None:
    left = np.zeros(1)
    left.flags.writeable = False
    with pytest.raises(TypeError, match="the code is compiled for Pair"):
        compiled.words_of(Pair(left, np.zeros((1, 1), np.int64)), PAIR)


@pytest.mark.parametrize("copied_by", [copy.deepcopy, lambda batch: pickle.loads(pickle.dumps(batch))])
def test_a_copy_of_a_batch_steps_arrays_of_its_own(copied_by: Callable[[Batch], Batch]) -> None:
    batch = Batch(small(), 2)
    batch.reset(seeds(2))
    other = copied_by(batch)
    before = [array.copy() for array in batch.state]
    moved = other.step(spend(other))
    for array, held in zip(batch.state, before, strict=True):
        np.testing.assert_array_equal(array, held)
    np.testing.assert_array_equal(batch.step(spend(batch)), moved)


def test_all_of_the_model_is_compiled_at_one_point() -> None:
    """A first reset compiles what a first step needs, too."""
    batch = Batch(small(), 1)
    batch.reset(seeds(1))
    with event.install_listener("numba:compile", recorder := event.RecordingListener()):
        batch.step(spend(batch))
        batch.reset(seeds(1))
    assert recorder.buffer == []
