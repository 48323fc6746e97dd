"""Run the common job by every row, one process each, and say which peers are missing."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from common_job.job import AGREED
from timing import Rate

HERE = Path(__file__).parent
PEERS_PYTHON = HERE.parent.parent / ".venv-bench" / "bin" / "python"
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS"), "1"
)


@dataclass(frozen=True)
class Row:
    """One way to do the common job.

    Attributes:
        module: The package without which the row cannot run.
        peer: Whether it runs in the peers' environment, not in the project's.
        repetitions: Timed runs, each with another seed.
        quick: The same for `--quick`.
    """

    module: str
    peer: bool
    repetitions: int
    quick: int = 3


ROWS = {
    "juguo": Row("juguo_envs", False, 31, 11),
    "numba": Row("numba", False, 31, 11),
    "numba_recount": Row("numba", False, 15, 5),
    "scipy": Row("scipy", False, 15, 5),
    "mesa": Row("mesa", True, 7),
    "mesa_network": Row("mesa", True, 7),
    "ndlib": Row("ndlib", True, 7),
    "mesa_frames": Row("mesa_frames", True, 7),
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


def run_row(name: str, row: Row, quick: bool) -> Result:
    """Run a row in a process of its own."""
    python = interpreter(row)
    if python is None:
        return Result(None, void=f"{row.module} is not installed")
    command = [python, f"row_{name}.py", str(row.quick if quick else row.repetitions)]
    done = subprocess.run(
        command, cwd=HERE, env=os.environ | ONE_THREAD, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        return Result(None, void=f"failed: {reason}")
    found = json.loads(done.stdout.splitlines()[-1])
    rates, share = found["rates"], statistics.fmean(found["shares"])
    rate = Rate(statistics.median(rates), min(rates), max(rates))
    low, high = AGREED
    if not low <= share <= high:
        return Result(None, share, f"void: its final share {share:.4f} is outside {low} to {high}")
    return Result(rate, share)


def run(quick: bool) -> dict[str, Result]:
    """Every row's result by name, one after the other."""
    return {name: run_row(name, row, quick) for name, row in ROWS.items()}


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
