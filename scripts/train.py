"""Train allocators on a scenario, then compare them with every rule on test episodes.

    python scripts/train.py [--config FILE] [--out DIR] [key=value ...]

`key=value` changes the configuration, for example `training.steps=100000` or `override.money.B=0.3`.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from juguo_agents.command_line import guarded
from juguo_agents.config import load_experiment
from juguo_agents.run_folder import FolderExists, next_free

CONFIGS = Path(__file__).resolve().parent.parent / "configs"


def main() -> int:
    """Parse, train, compare, print; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").split("\n", 1)[0],
        epilog="key=value changes the configuration: training.steps=100000, override.money.B=0.3",
    )
    parser.add_argument("--config", type=Path, default=CONFIGS / "default.yaml", help="experiment (YAML)")
    parser.add_argument(
        "--out", type=Path, help="new folder for the run; default runs/<name>, numbered if taken"
    )
    parser.add_argument(
        "assignments", nargs="*", metavar="key=value", help="change a field of the configuration"
    )
    arguments = parser.parse_args()

    begun = time.monotonic()
    experiment = load_experiment(arguments.config, arguments.assignments)
    scenario = experiment.world()
    experiment.training_world(scenario)  # refuses before anything is written
    folder = arguments.out or next_free(Path("runs"), experiment.name)
    if folder.exists():
        raise FolderExists(f"{folder} exists already; name another --out, or move it away")
    from juguo_agents.experiment import run_experiment  # torch: seconds that a refusal need not cost

    print(run_experiment(experiment, scenario, folder))
    print(f"\n{time.monotonic() - begun:.0f} s; tables and figures: {folder / 'comparison.md'}")
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
