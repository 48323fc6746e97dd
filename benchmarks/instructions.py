"""Instructions per person-step, counted by callgrind: a regression shows on a busy machine too.

The kernels are compiled for a fixed processor (x86-64-v3), so that the counts of two machines compare. A
process does some quarters; the same process with more quarters of one world counts that world's step, and
the interpreter's start drops out of the difference.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TARGET = {
    "NUMBA_CPU_NAME": "x86-64-v3",
    "NUMBA_CPU_FEATURES": "",
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
}
WORLDS = {"n1e3": (1_000, 1, 800), "batch16": (1_000, 16, 60), "n1e5": (100_000, 1, 40)}
"""Persons, societies, and the quarters that are counted."""


def drive(quarters: list[int]) -> None:
    """Be the process that is counted: after 20 quarters of each world, the given number of each."""
    from full_model import mid_programme

    for (persons, societies, _), count in zip(WORLDS.values(), quarters, strict=True):
        batch, actions = mid_programme(persons, societies, threads=1, quarters=20)
        for _ in range(count):
            batch.step(actions)


def counted(quarters: list[int], cache: Path) -> int:
    """Instructions of the process that does these quarters."""
    process = [sys.executable, __file__, *map(str, quarters)]
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={os.devnull}", *process]
    environment = os.environ | TARGET | {"NUMBA_CACHE_DIR": str(cache)}
    if not any(cache.iterdir()):  # compiling is not to be counted, nor done at valgrind's speed
        subprocess.run(process, env=environment, check=True)
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    found = re.search(r"Collected\s*:\s*(\d+)", done.stderr)
    if found is None:
        raise RuntimeError(f"callgrind told no count: {done.stderr[-500:]}")
    return int(found[1])


def run() -> dict[str, float] | None:
    """Instructions per person-step by world; None where valgrind is missing."""
    if shutil.which("valgrind") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        start = counted([0] * len(WORLDS), Path(folder))
        found = {}
        for i, (name, (persons, societies, quarters)) in enumerate(WORLDS.items()):
            more = [quarters if j == i else 0 for j in range(len(WORLDS))]
            found[name] = (counted(more, Path(folder)) - start) / (persons * societies * quarters)
    return found


def show(found: dict[str, float] | None) -> None:
    """Print the counts, or that there are none."""
    print("\nInstructions per person-step, by callgrind, kernels for x86-64-v3")
    if found is None:
        print("  skipped: valgrind is not installed (apt-get install valgrind)")
        return
    for name, count in found.items():
        print(f"  {name:22} {count:14.1f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        drive([int(argument) for argument in sys.argv[1:]])
    else:
        show(run())
