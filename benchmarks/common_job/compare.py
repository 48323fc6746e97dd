"""Run the common job by every row in turns, in processes of their own, and say which peers are missing."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common_job.job import AGREED
from timing import Rate, rate_of

HERE = Path(__file__).parent
PEERS_PYTHON = HERE.parent.parent / ".venv-bench" / "bin" / "python"
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS"), "1"
)

TURNS = 5


@dataclass(frozen=True)
class Row:
    """One way to do the common job.

    Attributes:
        module: The package without which the row cannot run.
        peer: Whether it runs in the peers' environment, not in the project's.
        repetitions: Timed runs in a turn, each with another seed.
    """

    module: str
    peer: bool
    repetitions: int


ROWS = {
    "juguo": Row("juguo_envs", False, 11),
    "numba": Row("numba", False, 11),
    "numba_recount": Row("numba", False, 5),
    "scipy": Row("scipy", False, 5),
    "mesa": Row("mesa", True, 3),
    "mesa_network": Row("mesa", True, 3),
    "ndlib": Row("ndlib", True, 3),
    "mesa_frames": Row("mesa_frames", True, 3),
}


@dataclass(frozen=True)
class Result:
    """What a row gave: its rate and its mean final share, or why there is none."""

    rate: Rate | None
    share: float = float("nan")
    void: str = ""


def interpreter(row: Row) -> str | None:
    """The interpreter that has the row's package, or None."""
    python = str(PEERS_PYTHON) if row.peer else sys.executable
    if row.peer and not PEERS_PYTHON.exists():
        return None
    probe = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({row.module!r}) is None)"
    return python if subprocess.run([python, "-c", probe], check=False).returncode == 0 else None


def run_row(name: str, row: Row) -> dict[str, Any] | str:
    """The rates and final shares of a row's turn, or why there are none."""
    python = interpreter(row)
    if python is None:
        return f"{row.module} is not installed"
    command = [python, f"row_{name}.py", str(row.repetitions)]
    done = subprocess.run(
        command, cwd=HERE, env=os.environ | ONE_THREAD, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        return f"failed: {reason}"
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def result(turns: Sequence[dict[str, Any] | str]) -> Result:
    """What the turns of a row gave together."""
    found = [turn for turn in turns if not isinstance(turn, str)]
    if len(found) < len(turns):
        return Result(None, void=next(turn for turn in turns if isinstance(turn, str)))
    share = statistics.fmean(s for turn in found for s in turn["shares"])
    low, high = AGREED
    if not low <= share <= high:
        return Result(None, share, f"void: its final share {share:.4f} is outside {low} to {high}")
    return Result(rate_of([r for turn in found for r in turn["rates"]]), share)


def run(quick: bool) -> dict[str, Result]:
    """Every row's result by name. A machine that is slow for a while is so for all of them."""
    turns = [{name: run_row(name, row) for name, row in ROWS.items()} for _ in range(1 if quick else TURNS)]
    return {name: result([turn[name] for turn in turns]) for name in ROWS}


def show(results: dict[str, Result]) -> None:
    """Print the table, its ratios, and what is missing."""
    print("\nCommon job, one core, person-steps per second: median [minimum, maximum], ratio to juguo, share")
    juguo = results["juguo"].rate
    for name, result in results.items():
        rate = result.rate
        if rate is None:
            print(f"  {name:22} {result.void}")
            continue
        ratio = f"{rate.median / juguo.median:8.4f}" if juguo else "       -"
        print(
            f"  {name:22} {rate.median:14,.0f} [{rate.low:,.0f}, {rate.high:,.0f}]  {ratio}"
            f"  {result.share:.4f}"
        )
    if any(ROWS[name].peer and r.rate is None and "not installed" in r.void for name, r in results.items()):
        print("  peers are missing; `make bench-peers` installs them into .venv-bench")
