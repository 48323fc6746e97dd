"""What the scripts share: how they refuse, how they are interrupted, and what goes on afterwards."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from juguo_agents.folders import FolderExists, claim_folder
from juguo_envs.errors import UserError

REFUSED, INTERRUPTED = 2, 130
_told_to_end = False


def guarded(main: Callable[[], int]) -> int:
    """Run a script's main; returns its exit status.

    A user's mistake becomes one line on standard error and exit status 2. Being told to end (SIGTERM) is
    treated as Ctrl-C is: processes end, and what was done is kept.
    """
    global _told_to_end
    _told_to_end = False
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number, handler in before.items():
        if handler != signal.SIG_IGN:
            signal.signal(number, _hear)
    try:
        return main()
    except UserError as error:
        say(f"error: {error}")
        return REFUSED
    except KeyboardInterrupt:
        say("interrupted; what was finished is kept")
        return INTERRUPTED
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _hear(number: int, frame: FrameType | None) -> None:
    global _told_to_end
    _told_to_end = True
    raise KeyboardInterrupt


def told_to_end() -> bool:
    """Whether the script was interrupted.

    What a handler raises is lost where the interpreter is just in a callback of the compiler, so a long job
    also asks now and then.
    """
    return _told_to_end


def say(text: str) -> None:
    """Progress and notes go to standard error."""
    print(text, file=sys.stderr, flush=True)


def interrupted(again: str) -> int:
    """Tell the command that goes on; the exit status."""
    say(f"interrupted; go on with: {again}")
    return INTERRUPTED


def same_command(folder: Path) -> str:
    """What was typed, with the folder named where it was not: what goes on in a folder that exists."""
    named = any(word.split("=")[0] == "--out" for word in sys.argv[1:])
    return shlex.join(["python", *sys.argv, *([] if named else ["--out", str(folder)])])


def resume_command(folder: Path) -> str:
    """The same script, told to go on with what a folder holds."""
    return shlex.join(["python", sys.argv[0], "--out", str(folder), "--resume"])


def add_workers(parser: argparse.ArgumentParser, what: str = "processes") -> None:
    """The option `--workers`; `check_workers` belongs to it."""
    parser.add_argument("--workers", type=int, metavar="N", help=f"{what}; default: one for each core")


def check_workers(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    """End the script where fewer than one is asked for."""
    if arguments.workers is not None and arguments.workers < 1:
        parser.error(f"--workers is {arguments.workers}; allowed is 1 or more")


def add_resume(parser: argparse.ArgumentParser, what: str) -> None:
    """The option `--resume`; `check_resume` belongs to it."""
    parser.add_argument("--resume", action="store_true", help=f"go on with the {what} in --out")


def check_resume(parser: argparse.ArgumentParser, arguments: argparse.Namespace, what: str) -> None:
    """End the script where the folder to go on with is not named."""
    if arguments.resume and not arguments.out:
        parser.error(f"--resume needs --out, the folder of the {what} to go on with")


def claim_new(folder: Path) -> None:
    """Make a folder for what `--resume` can go on with.

    Raises:
        FolderExists: If it exists.
    """
    if folder.exists():
        raise FolderExists(f"{folder} exists already; add --resume to go on with it, or name another --out")
    claim_folder(folder)
