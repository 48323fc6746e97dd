"""Compare trained runs with the first of them, or with rules and searches, on the same test episodes.

    python scripts/compare_runs.py RUN RUN ... [--episodes N] [--seed K] [--scenario S] [--out FILE] [--json]
    python scripts/compare_runs.py RUN ... --against NAME ... [--against-true NAME ...]

Intervals are over training seeds and episodes. It also tells the steps with which the runs would have taken
the same time, so that they can be trained again and compared at that.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from tqdm import tqdm

from juguo_agents.cli.common import guarded
from juguo_agents.studies.compare_runs.against import TRUE, find_rivals
from juguo_agents.studies.compare_runs.runs import compare_runs, load_trained, runs_table
from juguo_agents.training.run import SCENARIO
from juguo_envs.errors import UserError
from juguo_envs.files import write_text
from juguo_envs.worlds.scenario import Scenario


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folder of a finished training run")
    parser.add_argument("--episodes", type=int, default=500, metavar="N", help="test episodes; default 500")
    parser.add_argument("--seed", type=int, default=0, metavar="K", help="seed of the first; default 0")
    parser.add_argument("--scenario", help="name, or path of a YAML file; default: that of the first run")
    parser.add_argument("--observe", choices=("noisy", "true"), default="noisy", help="noise on what is seen")
    parser.add_argument(
        "--against",
        nargs="+",
        default=[],
        metavar="NAME",
        help="compare with these, too, by name or file as in evaluate.py; they observe as the runs do",
    )
    parser.add_argument(
        "--against-true",
        nargs="+",
        default=[],
        metavar="NAME",
        help="the same, but these are shown the true state",
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="also write the numbers there, as JSON")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON, nothing else")
    arguments = parser.parse_intermixed_args()
    if len(arguments.runs) < 2 and not (arguments.against or arguments.against_true):
        parser.error("name at least two runs, or something to compare with: --against NAME")
    return arguments


def main() -> int:
    """Parse, compare, print; returns the exit status."""
    arguments = parse()
    if arguments.out and arguments.out.exists():
        raise UserError(f"{arguments.out} exists already; name another --out, or move it away")
    runs = load_trained(arguments.runs)
    scenario = Scenario.load(arguments.scenario or str(arguments.runs[0] / SCENARIO))
    rivals = find_rivals(arguments.against, arguments.observe) + find_rivals(arguments.against_true, TRUE)
    work = sum(len(trained.policies) for trained in runs) + len(rivals)
    with tqdm(total=work, unit="allocator", disable=arguments.json) as bar:
        summary = compare_runs(
            runs,
            scenario,
            episodes=arguments.episodes,
            first_seed=arguments.seed,
            observe=arguments.observe,
            rivals=rivals,
            threads=os.cpu_count() or 1,
            progress=lambda: bar.update() and None,
        )
    text = json.dumps(summary, allow_nan=False, indent=2)
    if arguments.out:
        write_text(arguments.out, text + "\n")
    print(text if arguments.json else runs_table(summary))
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
