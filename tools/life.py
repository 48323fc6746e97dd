"""How soon every command and every study's --smoke shows life and ends: a table in Markdown.

Each is run by itself, in a folder of its own, with compiled code at hand. Processor time does not depend on
what else the machine does; the wall's does. `python tools/life.py [--only WORD ...] [--out FILE]`
"""

from __future__ import annotations

import argparse
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from juguo_agents.studies import STUDIES
from juguo_agents.tables import markdown_table

_TICKS = os.sysconf("SC_CLK_TCK")
HEAD = ("command", "first output, s", "of it processor", "end, s", "processor, s")
ASKED = {
    "attribution": ("flat", "market+exit"),
    "explain": ("flat",),
    "compare-runs": ("run", "--against", "flat"),
    "generalisation": ("--convergence", "0"),
}
COMMANDS = (
    ("list",),
    ("doctor",),
    ("warm-up",),
    ("train", "smoke", "--out", "run"),
    ("evaluate", "flat", "--episodes", "20", "--out", "compared"),
    ("report", "compared", "--out", "page.html"),
    ("animate", "flat", "--every", "10"),
    ("search", "--family", "rule:flat", "--budget", "300", "--validation", "20"),
    ("tune", "ppo", "training.ppo.envs=8", "--trials", "1", "--steps", "2000", "--episodes", "10"),
)


class Life(NamedTuple):
    """Seconds of the wall and of the processors, until the first output and until the end."""

    first: float
    first_processor: float
    end: float
    processor: float
    status: int


def live(words: Sequence[str], folder: Path) -> Life:
    """Run a command to its end."""
    began, before = time.monotonic(), _children()
    command = [sys.executable, "-m", "juguo_agents.cli.main", *words]
    first = used = float("nan")
    with (
        subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process,
        selectors.DefaultSelector() as pipes,
    ):
        for pipe in (process.stdout, process.stderr):
            assert pipe is not None
            pipes.register(pipe, selectors.EVENT_READ)
        while pipes.get_map():
            for key, _ in pipes.select():
                if not os.read(key.fd, 65536):
                    pipes.unregister(key.fileobj)
                elif first != first:  # none yet
                    first, used = time.monotonic() - began, _processor(process.pid)
    return Life(first, used, time.monotonic() - began, _children() - before, process.returncode)


def _processor(process: int) -> float:
    numbers = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / _TICKS


def _children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def cases() -> Iterator[tuple[str, ...]]:
    """The command lines."""
    yield from COMMANDS
    for name in STUDIES:
        yield ("study", name, *ASKED.get(name, ()), "--smoke", "--out", f"study-{name}")


def main() -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", nargs="*", default=(), help="words of the commands that are measured")
    parser.add_argument("--out", type=Path, help="file for the table, besides standard output")
    asked = parser.parse_args()
    rows, failed = [], False
    with tempfile.TemporaryDirectory() as folder:
        for words in cases():
            if asked.only and not set(asked.only) & set(words):
                continue
            life = live(words, Path(folder))
            failed |= life.status != 0
            told = f"`juguo {' '.join(words)}`" + (f" (status {life.status})" if life.status else "")
            rows.append((told, *(f"{seconds:.1f}" for seconds in life[:4])))
            print(*rows[-1], flush=True)
    table = markdown_table(HEAD, rows)
    print(table)
    if asked.out:
        asked.out.write_text(f"{table}\n", encoding="utf-8")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
