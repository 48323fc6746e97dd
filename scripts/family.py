"""Judge generalists on held-out scenarios: regret to each scenario's oracle, against every rule.

    python scripts/family.py [RUN ...] [--out DIR] [--scenarios N] [--episodes N] [--budget N] [--tuning N]
        [--doubled N]

RUN is the folder of a training on `scenario: family`. Rules are tuned on the family, an oracle is searched in
every scenario, and all are run there under common random numbers. A folder is gone on with where it exists:
what is done in it is not done again, and another RUN is measured beside the others. How to read the numbers:
docs/family.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from juguo_agents.cli.common import (
    add_workers,
    check_workers,
    guarded,
    interrupted,
    same_command,
    say,
    told_to_end,
)
from juguo_agents.folders import next_free
from juguo_agents.processes import cores
from juguo_agents.studies.generalisation.job import WORDS_FILE, judge_family
from juguo_agents.studies.generalisation.settings import Settings
from juguo_agents.studies.generalisation.words import console_table
from juguo_envs.worlds.scenario import Scenario

SMOKE: dict[str, Any] = {"scenarios": 3, "episodes": 4, "budget": 1000, "tuning": 400, "doubled": 2}
ASKED = ("scenarios", "episodes", "budget", "tuning", "doubled")


def parse() -> argparse.Namespace:
    """The command line; a number that was not said is None."""
    default = Settings()
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("runs", nargs="*", type=Path, metavar="RUN", help="folders of trained runs")
    for name, text in (
        ("scenarios", "held-out scenarios"),
        ("episodes", "test episodes of every allocator in each"),
        ("budget", "episodes of the search for each scenario's oracle"),
        ("tuning", "episodes of the search that tunes a rule on the family"),
        ("doubled", "scenarios in which the oracle's search goes on to twice the budget"),
    ):
        parser.add_argument(
            f"--{name}", type=int, metavar="N", help=f"{text}; default {getattr(default, name)}"
        )
    parser.add_argument("--scenario", default="default", help="what all scenarios have in common")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder, gone on with where it exists; default families/, numbered",
    )
    add_workers(parser)
    parser.add_argument("--smoke", action="store_true", help="tiny numbers: only to see that it runs")
    parser.add_argument(
        "--json", action="store_true", help="print the content of family.json, but for regrets"
    )
    arguments = parser.parse_intermixed_args()
    check_workers(parser, arguments)
    return arguments


def main() -> int:
    """Parse, judge, print; returns the exit status."""
    arguments = parse()
    given = {name: value for name in ASKED if (value := getattr(arguments, name)) is not None}
    numbers = (SMOKE if arguments.smoke else {}) | given
    settings = Settings(scenario=Scenario.load(arguments.scenario), **numbers)
    settings.check()
    folder = arguments.out or next_free(Path("families"), settings.scenario.name)
    settings.claim(folder)
    try:
        workers = arguments.workers or cores()
        summary = judge_family(settings, folder, arguments.runs, workers, say, told_to_end)
    except KeyboardInterrupt:
        return interrupted(same_command(folder))
    if arguments.json:
        print(json.dumps(summary, allow_nan=False, indent=2))
    else:
        print(f"{console_table(summary)}\n\nin words, with figures: {folder / WORDS_FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
