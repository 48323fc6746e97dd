"""Every command shows life: it speaks before anything heavy is imported, and names what takes its time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import pytest

from juguo_agents import progress
from juguo_agents.cli.main import _QUICK, _SHORTHANDS, COMMANDS, main
from juguo_agents.studies import STUDIES

HEAVY = {"cyclopts", "gymnasium", "matplotlib", "numba", "numpy", "pyarrow", "pydantic", "scipy", "torch"}
ALL = [
    *((name,) for name in {**COMMANDS, **_SHORTHANDS}),
    *(("study", name) for name in STUDIES),
]


class Reached(BaseException):
    """The import of a command's module."""


class Stop:
    """A finder that goes no further than the module of a command."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.startswith("juguo_agents.cli."):
            raise Reached(name)
        return None


@pytest.fixture
def nothing_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """No command's module is there, and none can be."""
    for name in [*sys.modules]:
        if name.startswith("juguo_agents.cli.") and name.rpartition(".")[2] not in ("main", "running"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Stop(), *sys.meta_path])


class AtOnce:
    """A timer whose time is up when it starts."""

    def __init__(self, seconds: float, function: Callable[..., object], arguments: Sequence[object]) -> None:
        self.daemon, self._run = False, lambda: function(*arguments)

    def start(self) -> None:
        self._run()

    def cancel(self) -> None:
        pass


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No silence is waited for."""
    monkeypatch.setattr(progress, "Timer", AtOnce)


def test_what_ends_before_needs_no_announcement(capsys: pytest.CaptureFixture[str]) -> None:
    progress.announce("juguo nothing ...")
    progress.say("error: refused")
    assert progress._announcement is None
    assert capsys.readouterr().err == "error: refused\n"


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_a_command_says_what_it_is_before_it_is_imported(
    words: tuple[str, ...], nothing_imported: None, at_once: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Reached):
        main(words)
    told = capsys.readouterr()
    assert told.err == ("" if words[0] in _QUICK else f"juguo {' '.join(words)} ...\n")
    assert told.out == ""


@pytest.mark.parametrize("words", [("evaluate", "--help"), ("--help",), ("study",), ("nothing-of-the-kind",)])
def test_help_and_what_is_no_command_are_not_announced(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    main(words)
    assert "..." not in capsys.readouterr().err


def test_until_then_nothing_heavy_is_imported() -> None:
    program = (
        "import sys\nfrom juguo_agents.cli import main\n"
        f"main.make_app = lambda: sys.exit(' '.join(sorted(set({sorted(HEAVY)!r}) & set(sys.modules))))\n"
        "main.main(['evaluate', 'flat'])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == "cyclopts"


def test_a_long_comparison_tells_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.0)
    (tmp_path / "tiny.yaml").write_text("society: {persons: 60}\nprogramme: {T: 4}\n")
    assert main(["evaluate", "flat", "--scenario", str(tmp_path / "tiny.yaml"), "--episodes", "2"]) == 0
    assert "comparing: 2 of 3 allocators" in capsys.readouterr().err
