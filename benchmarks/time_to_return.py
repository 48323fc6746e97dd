"""Time of the main job until 95 % of its final return, beside older code: wall seconds from the start.

    python benchmarks/time_to_return.py --before CHECKOUT --out FOLDER

Each job trains two seeds side by side; the jobs run one after the other. Learning from nothing is measured,
too. The final return is that of the kept policy, on the selection episodes. What comes after the training is
left out. Older code trains in its own world: returns compare within a row.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
CURVES, EXPERT = "learning_curve.json", "expert/searched.json"
SEEDS, SHARE = (0, 1), 0.95


@dataclass(frozen=True)
class Found:
    """What a job took: wall seconds, means over its training seeds.

    Attributes:
        to_share: Until a selection reaches 95 % of the final return, the search included.
        whole: Until the last seed is trained.
        search: Until the search for the expert is done; None without one.
        final: Mean return of the policies that are kept.
    """

    to_share: float
    whole: float
    search: float | None
    final: float


def run(checkout: Path, folder: Path, arguments: list[str]) -> Found:
    """Run one job until its seeds are trained."""
    paths = os.pathsep.join(str(checkout / name) for name in ("envs", "agents"))
    command = [sys.executable, "scripts/train.py", "--out", str(folder), *arguments]
    command.append(f"training.seeds={list(SEEDS)}")
    begun = time.time()
    with (folder.parent / f"{folder.name}.log").open("w") as log:
        job = subprocess.Popen(
            command,
            cwd=checkout,
            env=os.environ | {"PYTHONPATH": paths},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    policies = [folder / f"policy-seed{seed}.safetensors" for seed in SEEDS]
    try:
        while not all(path.exists() for path in policies):
            if job.poll() is not None:
                sys.exit(f"{' '.join(command)} ended with {job.returncode}; see {log.name}")
            time.sleep(0.2)
        whole = time.time() - begun
    finally:
        if job.poll() is None:
            os.killpg(job.pid, signal.SIGKILL)
        job.wait()
    held = json.loads((folder / CURVES).read_text(encoding="utf-8"))
    curves = held.get("curves", held)
    expert = folder / EXPERT
    search = expert.stat().st_mtime - begun if expert.exists() else None
    trained = max(path.stat().st_mtime for path in policies) - begun
    before = trained - max(curves[str(seed)][-1]["seconds"] for seed in SEEDS)  # it compiles and searches
    reached, finals = [], []
    for seed in SEEDS:
        curve = curves[str(seed)]
        returns = np.array([row["selection_return"] for row in curve])
        finals.append(returns.max())
        reached.append(before + curve[int(np.argmax(returns >= SHARE * returns.max()))]["seconds"])
    return Found(float(np.mean(reached)), whole, search, float(np.mean(finals)))


def main() -> None:
    """Run the jobs, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--before", type=Path, metavar="CHECKOUT", help="folder of the older code")
    parser.add_argument("--out", type=Path, required=True, help="new folder for the runs and the figures")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True)
    jobs: list[tuple[str, Path, list[str]]] = [
        ("main_job", ROOT, []),
        ("from_nothing", ROOT, ["--config", "from_scratch"]),
    ]
    if arguments.before:
        jobs.append(("before", arguments.before.resolve(), []))
    found: dict[str, Found] = {}
    for name, checkout, options in jobs:
        found[name] = run(checkout, arguments.out.resolve() / name, options)
        figures = {name: asdict(row) for name, row in found.items()}
        (arguments.out / "time_to_return.json").write_text(json.dumps(figures, indent=2) + "\n")
    print(f"{'job':14} {'to 95 %':>9} {'search':>8} {'trained':>8} {'return':>7} {'ratio':>6}")
    for name, row in found.items():
        search = "" if row.search is None else f"{row.search:.0f}"
        ratio = row.to_share / found["main_job"].to_share
        print(f"{name:14} {row.to_share:9.0f} {search:>8} {row.whole:8.0f} {row.final:7.3f} {ratio:6.2f}")


if __name__ == "__main__":
    main()
