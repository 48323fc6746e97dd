"""The cache of compiled code: what is whole is used, what is torn is compiled anew, and none is no fault."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numba
import pytest

from juguo_envs.model import kernel_cache
from juguo_envs.model.compiled import kernel

SOURCE = "def double(x):\n    return 2 * x\n"


@pytest.fixture
def double(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Any]]:
    """Makes a small kernel as a new process would, with its cache in `tmp_path / "cache"`."""
    (tmp_path / "module.py").write_text(SOURCE)
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(kernel_cache, "_told", set())

    def make() -> Any:
        spec = importlib.util.spec_from_file_location("doubling", tmp_path / "module.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return kernel(module.double)

    yield make


def hits(made: Any) -> int:
    """How often a kernel was found in the cache, after a call."""
    assert made(21) == 42
    return sum(made.stats.cache_hits.values())


def files(folder: Path, suffix: str) -> list[Path]:
    """Files of the cache: the index (.nbi) or the code (.nbc)."""
    return sorted(folder.rglob(f"*{suffix}"))


def test_what_was_compiled_is_found_again(double: Callable[[], Any]) -> None:
    assert [hits(double()) for _ in range(3)] == [0, 1, 1]


@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
@pytest.mark.parametrize("fault", ["empty", "cut short", "a byte changed", "garbage", "a folder"])
def test_a_torn_file_is_dropped_and_compiled_anew(
    double: Callable[[], Any], tmp_path: Path, suffix: str, fault: str
) -> None:
    assert hits(double()) == 0
    (path,) = files(tmp_path / "cache", suffix)
    data = path.read_bytes()
    if fault == "a folder":
        path.unlink()
        path.mkdir()
    else:
        place = len(data) // 2
        changed = data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]
        path.write_bytes(
            {"empty": b"", "cut short": data[:-9], "a byte changed": changed, "garbage": b"\x80\x04x" * 9}[
                fault
            ]
        )
    assert hits(double()) == 0
    if fault != "a folder":
        assert hits(double()) == 1


def test_code_of_an_earlier_source_under_the_name_of_this_one_is_not_run(
    double: Callable[[], Any], tmp_path: Path
) -> None:
    """numba writes its index before the code: a kill between the two leaves the code of before."""
    hits(double())
    (code,) = files(tmp_path / "cache", ".nbc")
    before = code.read_bytes()
    (tmp_path / "module.py").write_text(SOURCE.replace("2 * x", "x + 21"))
    hits(double())
    code.write_bytes(before)
    assert hits(double()) == 0


LONG = "def double(x):\n" + "".join(f"    y{i} = x + {i}.0\n" for i in range(150)) + "    return 2 * x\n"
PROCESS = """
import sys
from juguo_envs.model.compiled import kernel
from module import double
made = kernel(double)
assert made(21) == 42
print(sum(made.stats.cache_misses.values()))
"""


def test_of_processes_that_start_together_one_compiles(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(LONG)
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": str(tmp_path / "cache"),
        "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path]),
    }
    processes = [
        subprocess.Popen([sys.executable, "-c", PROCESS], stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(3)
    ]
    assert sorted(process.communicate()[0].strip() for process in processes) == ["0", "0", "1"]


def test_who_cannot_compile_keeps_nobody_waiting(double: Callable[[], Any]) -> None:
    made = double()
    with pytest.raises(numba.TypingError):
        made({})
    assert made._cache._lock is None
    assert made(21) == 42
    assert made._cache._lock is None


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), PermissionError(13, "denied")])
def test_a_cache_that_cannot_be_written_is_told_in_a_line(
    double: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: OSError,
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(os, "replace", fail)
    assert [hits(double()) for _ in range(2)] == [0, 0]
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "NUMBA_CACHE_DIR" in told and str(error) in told


def test_without_any_folder_for_it_the_package_is_imported_and_runs(tmp_path: Path) -> None:
    """As where the installation is read-only and there is no home; one line says what to do."""
    code = (
        "from juguo_envs.model import measures\n"
        "from juguo_envs.model.compiled import kernel\n"
        "print(kernel(measures.breadth_seen).stats.cache_path)"
    )
    (tmp_path / "file").touch()
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": str(tmp_path / "file" / "below"),
        "NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator",
        "HOME": "/nonexistent",
    }
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.stdout == "None\n", done.stderr
    assert done.stderr.count("\n") == 1 and "NUMBA_CACHE_DIR" in done.stderr
