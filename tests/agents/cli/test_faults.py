"""What fails around a job is one line and an exit status: nothing is lost, and nothing is left behind."""

from __future__ import annotations

import errno
import io
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from juguo_agents.cli import running
from juguo_agents.cli.main import main
from juguo_agents.cli.running import FAILED, REFUSED, UNHEARD, going_on, guarded, show, show_json
from juguo_agents.progress import say
from juguo_envs.engine import memory
from juguo_envs.errors import Unfinished
from tests.agents.cli.jobs import JOBS, NEEDS, drafts, outcome, prepare
from tests.running import ENVIRONMENT, command, juguo, refused, succeeded

QUICK = [name for name, job in JOBS.items() if job.quick]
LINUX = sys.platform == "linux"


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that jobs take; none of these tests leaves anything there."""
    folder = tmp_path_factory.mktemp("faults")
    prepare(folder)
    (folder / "file").touch()
    return folder


def names(folder: Path) -> list[str]:
    """What is in a folder."""
    return sorted(path.name for path in folder.iterdir())


# --- the destination -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in JOBS if name not in NEEDS])
@pytest.mark.parametrize("fault", ["below a file", "name too long", "read-only"])
def test_a_destination_that_cannot_be_written_is_refused_before_the_work(
    ready: Path, monkeypatch: pytest.MonkeyPatch, name: str, fault: str
) -> None:
    out, words = {
        "below a file": ("file/below", "file is no folder"),
        "name too long": ("x" * 300, "File name too long"),
        "read-only": ("new/folder", "cannot be written"),
    }[fault]
    if fault == "read-only":
        monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)
    before = names(ready)
    done = juguo(*JOBS[name].command(out), cwd=ready)
    refused(done, f"{JOBS[name].option or 'FILE'} is {JOBS[name].place(out)}", words)
    assert done.stdout == "" and names(ready) == before


@pytest.mark.parametrize("name", [name for name in JOBS if name not in NEEDS and not JOBS[name].suffix])
def test_another_ones_folder_is_refused_and_not_written_into(ready: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "theirs.txt").write_text("theirs")
    refused(juguo(*JOBS[name].command(tmp_path), cwd=ready), str(tmp_path), "--out")
    assert names(tmp_path) == ["theirs.txt"]


@pytest.mark.parametrize(
    "words",
    [
        ("search", "--family", "constant", "--scenario", "tiny.yaml", "--budget", "5", "--out", "refused"),
        ("study", "value", "--scenario", "tiny.yaml", "--budget", "1", "--out", "refused"),
        ("study", "hypotheses", "--only", "99", "--out", "refused"),
        ("evaluate", "flat", "flat", "--out", "refused"),
        ("train", "short.yaml", "comparison.allocators=[no]", "--out", "refused"),
        ("calibrate", "--persons", "persons.csv", "--edges", "absent.csv", "--out", "refused"),
    ],
    ids=lambda words: words[0],
)
def test_a_refused_job_leaves_no_folder(ready: Path, words: tuple[str, ...]) -> None:
    before = names(ready)
    refused(juguo(*words, cwd=ready))
    assert names(ready) == before


# --- options ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("evaluate", "flat", "--scenario", ""), "behind --scenario nothing is named"),
        (("evaluate", "flat", "--scenario="), "behind --scenario= nothing is named"),
        (("train", "--config", " "), "behind --config nothing is named"),
        (("study", "pareto", "--budget", "0"), "--budget is 0; allowed is 1 to"),
        (("study", "pareto", "--episodes", "9"), "--episodes changes nothing without a run"),
        (("study", "pareto", "--seed", "1"), "--seed changes nothing without a run"),
        (("study", "patterns", "--only", "1", "--refine", "900"), "--refine changes nothing where none of"),
        (("study", "mechanisms", "--budget", "900"), "only together with --value"),
        (("study", "map", "--address", "here"), "--address is 'here'; it is for --executor ray"),
        (("train", "short.yaml", "training.td3.envs=4"), "training.td3.envs changes nothing"),
        (("tune", "td3", "comparison.episodes=4"), "comparison.episodes has no part in a trial"),
        (
            ("tune", "ppo", "--config", "constrained"),
            "training.constraint is set, and has no part in a trial",
        ),
        (("search", "--family", "constant", "--begin", "found", "--start", "flat"), "start is 'flat'"),
    ],
    ids=lambda value: shlex.join(value) if isinstance(value, tuple) else "",
)
def test_an_option_that_would_change_nothing_is_refused(
    ready: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], told: str
) -> None:
    if "--begin" in words:
        monkeypatch.setattr("juguo_agents.cli.search.result_in", lambda path: path)
        monkeypatch.setattr("juguo_agents.cli.search._begun_at", lambda others: {})
    before = names(ready)
    refused(juguo(*words, cwd=ready), told)
    assert names(ready) == before


# --- the disk --------------------------------------------------------------------------------------------


@contextmanager
def full_disk(after: int) -> Iterator[None]:
    """A disk that has room for so many files more."""
    sync, left = os.fsync, [after]

    def fail(handle: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(handle)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        yield


@pytest.fixture(scope="module")
def undisturbed(ready: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """What the quick jobs leave when nothing happens, and what they print."""
    folder, found = tmp_path_factory.mktemp("undisturbed"), {}
    for name in QUICK:
        told = succeeded(juguo(*JOBS[name].command(folder / name), cwd=ready))
        found[name] = {**outcome(folder / name), "": told.splitlines()[0].encode()}
    return found


@pytest.mark.parametrize(("name", "room"), [("search", 0), ("search", 2), ("search", 3), ("evaluate", 2)])
def test_a_full_disk_is_one_line_and_then_the_same_command_ends_as_it_would_have(
    ready: Path, tmp_path: Path, undisturbed: dict[str, dict[str, bytes]], name: str, room: int
) -> None:
    asked, out = JOBS[name].command(tmp_path / "out"), tmp_path / "out"
    with full_disk(room):
        done = juguo(*asked, cwd=ready)
    assert done.returncode == FAILED, done.stderr
    assert "No space left on device" in done.stderr and "Traceback" not in done.stderr
    assert not drafts(tmp_path)
    if JOBS[name].gone_on_with and out.exists():
        again = done.stderr.strip().rpartition("go on with: ")[2]
        assert shlex.split(again) == ["juguo", *asked]
    else:
        assert not out.exists()  # whole or absent
        if not JOBS[name].gone_on_with:  # the numbers are told all the same
            assert done.stdout.encode().startswith(undisturbed[name][""])
    told = succeeded(juguo(*asked, cwd=ready))
    assert {**outcome(out), "": told.splitlines()[0].encode()} == undisturbed[name]


def test_a_point_whose_disk_was_full_did_not_fail_and_needs_no_retry(ready: Path, tmp_path: Path) -> None:
    asked = (
        "study",
        "passive",
        "--scenario",
        "tiny.yaml",
        "--smoke",
        "--workers",
        "1",
        "--out",
        str(tmp_path),
    )
    with full_disk(4):
        done = juguo(*asked, cwd=ready)
    refused(done, "No space left on device", "go on with: juguo study passive", status=FAILED)
    assert not list(tmp_path.rglob("*.error.txt"))
    succeeded(juguo(*asked, cwd=ready))


# --- what a guarded command ends with --------------------------------------------------------------------


def ended(error: BaseException, folder: Path | None = None) -> Callable[[], int]:
    """A command that ends with an error, in a folder."""

    def run() -> int:
        with going_on(folder or Path("absent")):
            raise error

    return run


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "run/x"),
            "run/x: No space left on device (make room)",
        ),
        (PermissionError(errno.EACCES, "Permission denied", "run/x"), "run/x: Permission denied"),
        (OSError("odd"), "odd"),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), "Broken pipe"),
        (MemoryError(), "out of memory; take fewer workers, processes or episodes"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: 1 byte"), "out of memory"),
    ],
    ids=repr,
)
def test_the_machines_faults_are_one_line_with_what_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], error: BaseException, told: str
) -> None:
    assert guarded(ended(error, tmp_path), ["search", "--out", str(tmp_path)]) == FAILED
    line = capsys.readouterr().err
    assert line.startswith(f"error: {told}") and line.count("\n") == 1
    assert line.endswith(f"; go on with: juguo search --out {tmp_path}\n")
    del error.__notes__
    assert guarded(ended(error)) == FAILED
    assert "go on" not in capsys.readouterr().err


def test_a_job_that_cannot_be_finished_says_itself_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(ended(Unfinished("lower the learning rate"))) == FAILED
    assert capsys.readouterr().err == "error: lower the learning rate\n"


def test_text_that_has_no_bytes_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(lambda: len("技".encode("ascii"))) == REFUSED
    told = capsys.readouterr().err
    assert "PYTHONUTF8=1" in told and told.count("\n") == 1


def test_a_fault_of_the_program_is_raised() -> None:
    for error in (RuntimeError("odd"), ValueError("odd"), KeyError("odd"), AssertionError("odd")):
        with pytest.raises(type(error), match="odd"):
            guarded(ended(error))


# --- standard output and error ---------------------------------------------------------------------------


class Faulty(io.StringIO):
    """Standard output that cannot be written."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        """It cannot."""
        raise self.error


@pytest.mark.parametrize(
    ("name", "error", "status", "told"),
    [
        ("search", BrokenPipeError(errno.EPIPE, "Broken pipe"), UNHEARD, ""),
        ("evaluate", BrokenPipeError(errno.EPIPE, "Broken pipe"), UNHEARD, ""),
        (
            "search",
            OSError(errno.ENOSPC, "No space left on device"),
            FAILED,
            "error: standard output: No space left on device (make room); files are written as without it\n",
        ),
    ],
    ids=["search, head", "evaluate, head", "search, full"],
)
def test_output_that_nobody_can_take_ends_quietly_and_after_the_files(
    ready: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    undisturbed: dict[str, dict[str, bytes]],
    name: str,
    error: OSError,
    status: int,
    told: str,
) -> None:
    monkeypatch.chdir(ready)
    err = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", Faulty(error))
        patch.setattr(sys, "stderr", err)
        assert main(list(JOBS[name].command(tmp_path / "out"))) == status
    assert outcome(tmp_path / "out") == {k: v for k, v in undisturbed[name].items() if k}
    progress = ("  ran", "drawing", f"juguo {name} ...")  # the last where the start took long
    lines = [line for line in err.getvalue().splitlines(keepends=True) if not line.startswith(progress)]
    assert "".join(lines) == told


def test_text_is_shown_in_any_encoding_and_json_stays_json(monkeypatch: pytest.MonkeyPatch) -> None:
    for encoding, told in (("utf-8", "技"), ("ascii", "\\u6280")):
        out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        monkeypatch.setattr(sys, "stdout", out)

        def run() -> int:
            show("技")
            show_json({"技": 1.5})
            return 0

        assert guarded(run) == 0
        written = out.buffer.getvalue().decode()  # type: ignore[attr-defined]
        assert written == f'{told}\n{{\n  "{told}": 1.5\n}}\n'


SHELL: dict[str, tuple[str, int, str]] = {
    "a full standard output": ("{juguo} list >/dev/full", 1, "standard output: No space left"),
    "a reader who leaves": ("{juguo} list | true; exit ${{PIPESTATUS[0]}}", 141, ""),
    "no standard error": ("{juguo} --version 2>&- | grep -c [.] >/dev/null; exit ${{PIPESTATUS[0]}}", 0, ""),
    "no standard streams": ("{juguo} --version <&- >&- 2>&-", 0, ""),
    "an error nobody reads": ("{juguo} lisst 2>&-", 2, ""),
    "a limit of memory": (
        "ulimit -v 6000000; {juguo} evaluate nothing --scenario dense.yaml --episodes 1",
        2,
        "GB of memory",
    ),
    "no home and a foreign locale": (
        "env -u HOME LC_ALL=C LANG=C PYTHONUTF8=0 PYTHONIOENCODING=ascii {juguo} evaluate nothing "
        "--scenario 世界.yaml --episodes 1 --json | cat; exit ${{PIPESTATUS[0]}}",
        0,
        "",
    ),
}


@pytest.mark.skipif(not LINUX, reason="/dev/full, and a shell that tells the status of each part of a pipe")
@pytest.mark.parametrize("case", SHELL)
def test_in_a_shell(ready: Path, tmp_path: Path, case: str) -> None:
    line, status, told = SHELL[case]
    (tmp_path / "世界.yaml").write_text((ready / "tiny.yaml").read_text() + "name: 世界\n", encoding="utf-8")
    (tmp_path / "dense.yaml").write_text("society: {persons: 10000000, mean_degree: 50}\n")
    script = line.format(juguo=shlex.join(command("list")[:-1]))
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == status, done.stderr
    lines = [line for line in done.stderr.splitlines() if not line.endswith(" ...")]
    assert told in "".join(lines) and len(lines) == bool(told)


# --- memory ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("evaluate", "flat", "--scenario", "huge.yaml", "--out", "new"),
        ("search", "--family", "constant", "--scenario", "huge.yaml", "--out", "new"),
        ("train", "short.yaml", "scenario=huge.yaml", "--out", "new"),
        ("tune", "td3", "scenario=huge.yaml", "--out", "new"),
        ("study", "value", "--scenario", "huge.yaml", "--workers", "1", "--out", "new"),
    ],
    ids=lambda words: words[0],
)
def test_what_does_not_fit_into_memory_is_refused_before_the_work(
    ready: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    (ready / "huge.yaml").write_text("society: {persons: 10000000}\n")
    monkeypatch.setattr(memory, "available", lambda: 10**9)
    before = names(ready)
    refused(juguo(*words, cwd=ready), "10,000,000 persons", "GB of memory, and 1.0 GB are free", "take fewer")
    assert names(ready) == before


def test_steps_that_a_learner_cannot_hold_are_refused_before_the_work(
    ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "available", lambda: 10**9)
    words = ("training.ppo.n_steps=100000", "training.ppo.envs=4096", "--out", "new")
    refused(juguo("train", "short.yaml", *words, cwd=ready), "409,600,000 steps", "GB of memory", "n_steps")
    assert "new" not in names(ready)


def test_notes_go_where_somebody_listens_and_nowhere_else(capsys: pytest.CaptureFixture[str]) -> None:
    say("技")
    assert capsys.readouterr().err == "技\n"
    assert running.say is say
