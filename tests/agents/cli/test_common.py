"""How a script refuses and is interrupted, and the command that it says goes on."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from pathlib import Path

import pytest

from juguo_agents.cli.common import (
    INTERRUPTED,
    REFUSED,
    guarded,
    interrupted,
    resume_command,
    same_command,
    told_to_end,
)
from juguo_envs.errors import UserError


def test_a_users_mistake_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    def refuse() -> int:
        raise UserError("money.B is -1; allowed is 0 to 100")

    assert guarded(refuse) == REFUSED
    assert capsys.readouterr().err == "error: money.B is -1; allowed is 0 to 100\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_being_told_to_end_is_an_interruption_that_is_remembered(number: signal.Signals) -> None:
    before = signal.signal(number, signal.default_int_handler)

    def told() -> int:
        os.kill(os.getpid(), number)
        raise AssertionError("not reached")

    try:
        assert guarded(told) == INTERRUPTED
        assert told_to_end()
        assert guarded(lambda: 0) == 0
        assert not told_to_end()
        assert signal.getsignal(number) is signal.default_int_handler
    finally:
        signal.signal(number, before)


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert guarded(lambda: os.kill(os.getpid(), signal.SIGINT) or 7) == 7
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("named", [["--out", "my folder"], ["--out=my folder"], []])
def test_the_same_command_goes_on_where_the_folder_is_named(
    named: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["scripts/family.py", "runs/a b", *named])
    words = shlex.split(same_command(Path("my folder")))
    assert words == ["python", *sys.argv, *([] if named else ["--out", "my folder"])]


def test_a_script_with_resume_is_told_the_folder_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["scripts/map.py", "--smoke"])
    assert interrupted(resume_command(Path("maps/map"))) == INTERRUPTED
    said = capsys.readouterr().err
    assert said == "interrupted; go on with: python scripts/map.py --out maps/map --resume\n"
