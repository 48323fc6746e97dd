"""Progress is told on a terminal by a bar, elsewhere by a line now and again, and never ends a job."""

from __future__ import annotations

import io
import sys

import pytest

from juguo_agents import progress as module
from juguo_agents.progress import announce, progress, say, told_in
from juguo_agents.report.texts import progress_words


class Terminal(io.StringIO):
    """Standard error that is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


class Broken(io.StringIO):
    """A pipe whose other end is gone, or a file on a full disk."""

    def __init__(self, error: Exception, terminal: bool) -> None:
        super().__init__()
        self.error, self.terminal = error, terminal

    def isatty(self) -> bool:
        """Whether it looks like a terminal."""
        return self.terminal

    def write(self, text: str) -> int:
        """It cannot."""
        raise self.error

    def flush(self) -> None:
        """It cannot."""
        raise self.error


def work(count: int = 5) -> None:
    """A job of a few units that tells how far it is."""
    with progress(count, "working", "step") as bar:
        for i in range(count):
            bar.update()
            bar.note("best", str(i))
            say(f"note {i}")


def test_without_a_terminal_there_is_a_line_every_thirty_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    with progress(1000, "training", "step", done=100) as bar:
        for _ in range(90):
            now[0] += 1.0
            bar.update(10)
            bar.note("best", "1.25")
    assert capsys.readouterr().err.splitlines() == [
        "training: 400 of 1,000 steps, 1 min left; best 1.25",
        "training: 700 of 1,000 steps, 0 min left; best 1.25",
        "training: 1,000 of 1,000 steps, 0 min left; best 1.25",
    ]


def test_progress_is_told_in_the_language_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    with told_in(progress_words("zh")), progress(9000, "poor/searches", "episode") as bar:
        bar.note("mean return", "0.312")
        now[0] += 60.0
        bar.update(100)
    assert (
        capsys.readouterr().err == "poor/搜索：已完成 100 / 9,000 回合，还需 1 小时 29 分钟；平均回报 0.312\n"
    )


def test_a_job_that_begins_at_once_is_announced_where_no_bar_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "SILENCE", 0.0)
    announce("juguo study ...")
    with progress(1000, "training", "step"):
        assert module._announcement is not None
        module._announcement.join()
    assert capsys.readouterr().err == "juguo study ...\n"


def test_a_job_shorter_than_that_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(10, "training", "step") as bar:
        bar.update(10)
    assert capsys.readouterr().err == ""


def test_on_a_terminal_there_is_a_bar_and_notes_stand_above_it(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Terminal()
    monkeypatch.setattr(sys, "stderr", told)
    work()
    assert "working: 100%" in told.getvalue() and "5/5" in told.getvalue()
    assert "note 3\n" in told.getvalue()


def test_what_is_finished_has_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Terminal()
    monkeypatch.setattr(sys, "stderr", told)
    with progress(5, "working", "step", done=5):
        pass
    assert told.getvalue() == ""


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize(
    "error", [BrokenPipeError(), OSError(28, "No space left on device"), ValueError("closed")], ids=repr
)
def test_a_listener_who_is_gone_does_not_end_the_job(
    monkeypatch: pytest.MonkeyPatch, error: Exception, terminal: bool
) -> None:
    monkeypatch.setattr(module, "EVERY", 0.0)
    monkeypatch.setattr(sys, "stderr", Broken(error, terminal))
    work()


def test_without_standard_error_the_job_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY", 0.0)
    monkeypatch.setattr(sys, "stderr", None)
    work()
