"""How a command refuses and is interrupted, and the command that it says goes on."""

from __future__ import annotations

import os
import shlex
import signal
from pathlib import Path

import pytest

from juguo_agents.cli import running
from juguo_agents.cli.running import INTERRUPTED, REFUSED, going_on, guarded
from juguo_agents.progress import say
from juguo_envs.errors import UserError


def _raise(error: BaseException) -> int:
    raise error


def test_a_users_mistake_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    def refuse() -> int:
        raise UserError("money.B is -1; allowed is 0 to 100")

    assert guarded(refuse) == REFUSED
    assert capsys.readouterr().err == "error: money.B is -1; allowed is 0 to 100\n"


def test_a_fault_of_the_program_is_no_users_mistake() -> None:
    with pytest.raises(ValueError, match="truth value"):
        guarded(lambda: _raise(ValueError("truth value")))


def test_a_package_that_is_missing_is_told_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["numpy>=2.0", "scikit-learn>=1.6; extra == 'train'", 'moocore>=0.2; extra == "pareto"']
    monkeypatch.setattr(running, "requires", lambda name: lines)
    assert running.extras() == {"train": ["scikit-learn"], "pareto": ["moocore"]}
    missing = ModuleNotFoundError("No module named 'sklearn.tree'", name="sklearn.tree")
    assert guarded(lambda: _raise(missing)) == REFUSED
    assert capsys.readouterr().err.endswith("install the extra: pip install 'juguo[train]'\n")
    with pytest.raises(ModuleNotFoundError):
        guarded(lambda: _raise(ModuleNotFoundError("", name="juguo_agents.nothing")))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_being_told_to_end_is_an_interruption(number: signal.Signals) -> None:
    before = signal.signal(number, signal.default_int_handler)

    def told() -> int:
        os.kill(os.getpid(), number)
        raise AssertionError("not reached")

    try:
        assert guarded(told) == INTERRUPTED
        assert guarded(lambda: 0) == 0
        assert signal.getsignal(number) is signal.default_int_handler
    finally:
        signal.signal(number, before)


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert guarded(lambda: os.kill(os.getpid(), signal.SIGINT) or 7) == 7
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("typed", "instead", "told"),
    [
        (["study", "map", "a b", "--out", "here"], [], ["study", "map", "a b", "--out", "here"]),
        (["search", "--out=here"], [], ["search", "--out=here"]),
        (["study", "map"], [], ["study", "map", "--out", "{folder}"]),
        (["train", "smoke", "--out", "here"], ["train"], ["train", "--out", "{folder}"]),
    ],
)
def test_an_interrupted_command_tells_what_goes_on_with_its_folder(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    typed: list[str],
    instead: list[str],
    told: list[str],
) -> None:
    def run() -> int:
        with going_on(tmp_path, *instead):
            return _raise(KeyboardInterrupt())

    assert guarded(run, typed) == INTERRUPTED
    said = capsys.readouterr().err
    assert said.startswith("interrupted; go on with: ") and said.count("\n") == 1
    words = shlex.split(said.removeprefix("interrupted; go on with: "))
    assert words == ["juguo", *(word.format(folder=tmp_path) for word in told)]


def test_where_nothing_was_begun_there_is_nothing_to_go_on_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run() -> int:
        with going_on(tmp_path / "absent"):
            return _raise(KeyboardInterrupt())

    assert guarded(run, ["train"]) == INTERRUPTED
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.parametrize("stream", ["out", "err"])
def test_a_name_that_controls_the_screen_is_shown_written_out(
    stream: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "runs/\x1b[31m\u202e省"
    (running.show if stream == "out" else say)(f"written: {name}")
    shown = getattr(capsys.readouterr(), stream)
    assert shown == "written: runs/\\x1b[31m\\u202e省\n"
