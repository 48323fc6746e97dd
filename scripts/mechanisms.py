"""Measure what each mechanism of the model is worth, by switching it off.

    python scripts/mechanisms.py [--scenario S] [--episodes N] [--only NAME ...] [--without-patterns]
        [--value DIR] [--out DIR] [--json]

Measures the ranking of the doctrines and the patterns that need no search; with --value, the folder of
scripts/value.py, also what feedback is worth. Run again with the same --out and it goes on from where it was
stopped. How to read the table: docs/mechanisms.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from juguo_agents.cli.common import (
    add_workers,
    check_workers,
    guarded,
    interrupted,
    same_command,
    say,
)
from juguo_agents.evaluation.seeds import LARGEST_BUDGET
from juguo_agents.folders import next_free
from juguo_agents.processes import cores
from juguo_agents.studies.mechanisms.counting import count_parameters
from juguo_agents.studies.mechanisms.feedback import Beginning, beginning
from juguo_agents.studies.mechanisms.study import Settings, Study, measure, report, write
from juguo_agents.studies.mechanisms.table import MECHANISMS, find
from juguo_agents.studies.mechanisms.words import page
from juguo_envs.errors import UserError
from juguo_envs.worlds.scenario import Scenario

BUDGET = 5000
ASKED = ("episodes", "first_seed", "repeats")
SMOKE = {"episodes": 4, "repeats": 2}


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument(
        "--scenario", default="default", metavar="S", help="name or YAML file; default: default"
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="mechanisms by name; default: all")
    for name, text in (
        ("episodes", "test episodes of every world"),
        ("first_seed", "seed of the first of them"),
        ("repeats", "other sets of episodes of the world as it is, for the noise"),
    ):
        default = getattr(Settings(), name)
        parser.add_argument(
            f"--{name.replace('_', '-')}", type=int, metavar="N", help=f"{text}; default {default}"
        )
    parser.add_argument("--without-patterns", action="store_true", help="only the doctrines' returns: quick")
    parser.add_argument(
        "--value",
        type=Path,
        metavar="DIR",
        help="folder of scripts/value.py; its closed and open loop are searched on without each mechanism",
    )
    parser.add_argument(
        "--budget",
        type=int,
        metavar="N",
        help=f"episodes of each of these searches; default {BUDGET}",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder, gone on with where it exists; default mechanisms/, numbered",
    )
    parser.add_argument(
        "--json", action="store_true", help="print the content of mechanisms.json, nothing else"
    )
    parser.add_argument("--count", action="store_true", help="count the model's parameters, nothing else")
    add_workers(parser)
    parser.add_argument("--smoke", action="store_true", help="tiny numbers: only to see that it runs")
    arguments = parser.parse_args()
    check_workers(parser, arguments)
    return arguments


def print_count() -> int:
    """Print how many parameters the model has; the exit status."""
    groups = count_parameters()
    for name, count in groups.items():
        print(f"{name:<22}{count:>4}")
    print(f"{'all':<22}{sum(groups.values()):>4}")
    return 0


def begin_of(arguments: argparse.Namespace, scenario: Scenario) -> Beginning | None:
    """Where the searches for the worth of feedback begin; None where they are not asked for."""
    if arguments.value is None:
        if arguments.budget is not None:
            raise UserError(f"--budget is {arguments.budget}; allowed only together with --value")
        return None
    budget = arguments.budget if arguments.budget is not None else BUDGET
    if not 100 <= budget <= LARGEST_BUDGET:
        raise UserError(f"--budget is {budget}; allowed is 100 to {LARGEST_BUDGET}")
    return beginning(arguments.value, scenario, budget)


def main() -> int:
    """Parse, measure, write, print; returns the exit status."""
    arguments = parse()
    if arguments.count:
        return print_count()
    mechanisms = find(arguments.only or MECHANISMS)
    given = {name: value for name in ASKED if (value := getattr(arguments, name)) is not None}
    settings = Settings(
        scenario=Scenario.load(arguments.scenario), **((SMOKE if arguments.smoke else {}) | given)
    )
    settings.check()
    begin = begin_of(arguments, settings.scenario)
    arguments.out = arguments.out or next_free(Path("mechanisms"), settings.scenario.name)
    folder: Path = arguments.out
    settings.claim(folder)
    study = Study(settings, folder, arguments.workers or cores(), say)
    try:
        found = measure(study, mechanisms, not arguments.without_patterns, begin)
    except KeyboardInterrupt:
        return interrupted(same_command(folder))
    data = report(settings, mechanisms, found)
    write(data, folder)
    if arguments.json:
        print(json.dumps(data, allow_nan=False, indent=1, ensure_ascii=False))
        return 0
    print("\n".join(page(data)))
    print(f"written: {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
