"""Every command, killed at random moments, or on a full or a read-only disk, ends as if nothing had been."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest

from tests.agents.cli.jobs import JOBS, MADE_BY, drafts, outcome, prepare
from tests.agents.cli.test_killed_run import PROC, children
from tests.running import ENVIRONMENT, Done, command, juguo, refused, run, succeeded

pytestmark = pytest.mark.slow
KILLS = int(os.environ.get("JUGUO_KILLS", "100"))
SEED = int(os.environ.get("JUGUO_KILL_SEED", "0"))
WHOM = ("main", "group", "worker")


class Undisturbed:
    """What each job leaves when nothing happens to it, made when it is asked for."""

    def __init__(self, folder: Path) -> None:
        prepare(folder)
        (folder / "undisturbed").mkdir()
        self.folder = folder
        self._found: dict[str, tuple[dict[str, bytes], float]] = {}
        for words in MADE_BY.values():
            succeeded(juguo(*words, cwd=folder))

    def __call__(self, name: str) -> tuple[dict[str, bytes], float]:
        """Its outcome, and the seconds that it took."""
        if name not in self._found:
            begun, words = time.monotonic(), JOBS[name].command(f"undisturbed/{name}")
            succeeded(run(words[0], *words[1:], cwd=self.folder, timeout=3600))
            self._found[name] = (
                outcome(JOBS[name].place(self.folder / "undisturbed" / name)),
                time.monotonic() - begun,
            )
        return self._found[name]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Shared by all tests here."""
    return Undisturbed(tmp_path_factory.mktemp("kills"))


def start(name: str, out: Path, cwd: Path) -> subprocess.Popen[bytes]:
    """A job in a process group of its own; what it says is added to `OUT.txt`."""
    words = JOBS[name].command(out)
    with out.with_name(f"{out.name}.txt").open("ab") as said:
        return subprocess.Popen(
            command(words[0], *words[1:]),
            cwd=cwd,
            stdout=subprocess.DEVNULL,
            stderr=said,
            env=ENVIRONMENT,
            start_new_session=True,
        )


def outlived(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether a process still runs after some seconds."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return True
    return False


def strike(process: subprocess.Popen[bytes], whom: str) -> None:
    """Kill the main process, all of the group, or one worker, and see the main process end."""
    workers = sorted(children(process.pid))
    if whom == "group":
        os.killpg(process.pid, signal.SIGKILL)
    elif whom == "worker" and workers:
        os.kill(workers[-1], signal.SIGKILL)  # then the main process does not go on, and says so
        if outlived(process, 30.0):
            process.kill()
    else:
        process.kill()
    process.wait()


@pytest.mark.skipif(not PROC.is_dir(), reason="processes are looked up in /proc")
def test_kills_at_random_moments_change_no_bit(undisturbed: Undisturbed, tmp_path: Path) -> None:
    """A job is killed, run again, killed again ... a few times; then it must end as the undisturbed one."""
    rng = np.random.default_rng(SEED)
    kills, log = 0, []
    for visit, name in enumerate(cycle(rng.permutation(list(JOBS)).tolist())):
        if kills >= KILLS:
            break
        (wanted, seconds), out = undisturbed(name), tmp_path / f"{visit}-{name}"
        process = start(name, out, undisturbed.folder)
        for _ in range(int(rng.integers(1, 5))):
            moment, whom = rng.uniform(0.0, 1.05 * seconds), str(rng.choice(WHOM))
            if not outlived(process, moment):
                break
            strike(process, whom)
            kills += 1
            log.append(f"{out.name}: {whom} after {moment:.1f} of {seconds:.1f} s")
            process = start(name, out, undisturbed.folder)
        status, said = process.wait(), out.with_name(f"{out.name}.txt").read_text()
        if JOBS[name].gone_on_with or status != 2:
            assert status == 0, "\n".join([*log, said])
        else:  # it was killed when all was written
            assert "exists already" in said
        found = outcome(JOBS[name].place(out))
        differing = [file for file in wanted | found if wanted.get(file) != found.get(file)]
        assert not differing, "\n".join([*log, *differing, said])
        assert "Traceback" not in said, "\n".join([*log, said])
        assert not drafts(out.parent)
    assert not drafts(tmp_path)
    print("\n".join([*log, f"{kills} kills, {visit} jobs, all ended as the undisturbed ones"]))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[tuple[Path, Callable[[str], None]]]:
    """A small disk, and what sets its options."""
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("a disk can be mounted by root alone")
    place = tmp_path / "disk"
    place.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(place)], capture_output=True, text=True
    )
    if mount.returncode:
        pytest.skip(f"no disk can be mounted here: {mount.stderr.strip()}")

    def remount(options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", str(place)], check=True)

    try:
        yield place, remount
    finally:
        subprocess.run(["umount", str(place)], check=True)


def asked(name: str, out: Path, cwd: Path) -> Done:
    """A job, run to its end."""
    words = JOBS[name].command(out)
    return run(words[0], *words[1:], cwd=cwd, timeout=3600)


@pytest.mark.parametrize("share", [0.3, 0.8])
@pytest.mark.parametrize("name", JOBS)
def test_a_full_disk_is_one_line_and_nothing_is_lost(
    undisturbed: Undisturbed,
    disk: tuple[Path, Callable[[str], None]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    share: float,
) -> None:
    wanted, _ = undisturbed(name)
    place, remount = disk
    pages = sum(-(-len(content) // 4096) for content in wanted.values())
    remount(f"size={4 * max(1, round(share * pages))}k")
    done = asked(name, place / "out", undisturbed.folder)
    assert "Traceback" not in done.stderr, done.stderr
    if done.returncode:
        assert done.returncode == 1, done.stderr
        assert "No space left on device" in done.stderr.strip().splitlines()[-1]
        remount("size=64m")
        succeeded(asked(name, place / "out", undisturbed.folder))
    assert outcome(JOBS[name].place(place / "out")) == wanted
    assert not drafts(place)


@pytest.mark.parametrize("name", JOBS)
def test_a_read_only_disk_is_refused_in_one_line(
    undisturbed: Undisturbed, disk: tuple[Path, Callable[[str], None]], name: str
) -> None:
    place, remount = disk
    remount("ro")
    done = asked(name, place / "out", undisturbed.folder)
    refused(done, f"{JOBS[name].option or 'FILE'} is {JOBS[name].place(place / 'out')}", "cannot be written")
    assert done.stdout == ""
