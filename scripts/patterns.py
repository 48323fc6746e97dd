"""Measure the stylised facts that a world must show before systems are compared in it.

    python scripts/patterns.py [--scenario S] [--only N ...] [--episodes N] [--out DIR] [--json]

Patterns 1 to 4, 6, 7 and 10 are measured from runs of the doctrines. Patterns 5, 8 and 9 need searches: give
the folder of scripts/value.py as --value, or they are made in the folder --out. Run again with the same --out
and it goes on from where it was stopped. What the patterns are: docs/patterns.md.
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
from juguo_agents.evaluation.seeds import CONFIRMING, PATTERNS
from juguo_agents.folders import next_free
from juguo_agents.processes import cores
from juguo_agents.studies.patterns.cheap import CHEAP
from juguo_agents.studies.patterns.facts import FACTS
from juguo_agents.studies.patterns.searched import SEARCHED, job_settings
from juguo_agents.studies.patterns.study import Settings, measure, numbers, write
from juguo_agents.studies.patterns.words import lines
from juguo_agents.studies.value.settings import Settings as SearchSettings
from juguo_envs.errors import UserError
from juguo_envs.worlds.scenario import Scenario

BUDGETS = ("budget", "refine", "searches")
SMOKE_EPISODES = 4
SMOKE_BUDGETS = {"budget": 1200, "refine": 600, "searches": 1}


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument(
        "--scenario", default="default", metavar="S", help="name or YAML file; default: default"
    )
    parser.add_argument(
        "--only", type=int, nargs="+", metavar="N", help="numbers of the patterns; default: all ten"
    )
    parser.add_argument("--episodes", type=int, metavar="N", help="test episodes; default 200")
    seeds = parser.add_mutually_exclusive_group()
    seeds.add_argument(
        "--seed", type=int, metavar="K", help=f"seed of the first test episode; default {PATTERNS.first}"
    )
    seeds.add_argument(
        "--confirm",
        action="store_true",
        help=f"the episodes on which a frozen world is confirmed, from seed {CONFIRMING.first} on",
    )
    parser.add_argument(
        "--value",
        type=Path,
        metavar="DIR",
        help="folder of scripts/value.py with the searches for 5, 8 and 9",
    )
    default = SearchSettings()
    for name in BUDGETS:
        parser.add_argument(
            f"--{name}",
            type=int,
            metavar="N",
            help=f"of the searches, as value.py; default {getattr(default, name)}",
        )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder, gone on with where it exists; default patterns/, numbered",
    )
    parser.add_argument(
        "--json", action="store_true", help="print the content of patterns.json, nothing else"
    )
    add_workers(parser)
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="few episodes and no searches unless asked: only to see that it runs",
    )
    arguments = parser.parse_args()
    check_workers(parser, arguments)
    return arguments


def settings_of(arguments: argparse.Namespace) -> Settings:
    """The world and the test episodes."""
    seed = CONFIRMING.first if arguments.confirm else arguments.seed
    default = Settings()
    settings = Settings(
        scenario=Scenario.load(arguments.scenario),
        episodes=(SMOKE_EPISODES if arguments.smoke else default.episodes)
        if arguments.episodes is None
        else arguments.episodes,
        first_seed=default.first_seed if seed is None else seed,
    )
    settings.check(arguments.confirm)
    return settings


def searches_of(
    arguments: argparse.Namespace, settings: Settings, folder: Path
) -> tuple[SearchSettings, Path]:
    """Settings and folder of the searches; their results are measured on the patterns' test episodes."""
    given = {name: value for name in BUDGETS if (value := getattr(arguments, name)) is not None}
    if arguments.value:
        if given:
            name = next(iter(given))
            raise UserError(f"--{name} is {given[name]}; with --value the numbers of that folder are taken")
        found = job_settings(arguments.value, settings.scenario, settings.first_seed, settings.episodes)
        return found, arguments.value
    budgets = (SMOKE_BUDGETS if arguments.smoke else {}) | given
    found = SearchSettings(
        scenario=settings.scenario, episodes=settings.episodes, first_seed=settings.first_seed, **budgets
    )
    found.check()
    found.claim(folder / "value")
    return found, folder / "value"


def main() -> int:
    """Parse, measure, write, print; returns the exit status."""
    arguments = parse()
    only = numbers(arguments.only or (CHEAP if arguments.smoke else FACTS))
    settings = settings_of(arguments)
    arguments.out = arguments.out or next_free(Path("patterns"), settings.scenario.name)
    folder: Path = arguments.out
    settings.claim(folder)
    dear = any(number in SEARCHED for number in only)
    searches = searches_of(arguments, settings, folder) if dear else None
    try:
        found = measure(settings, only, arguments.workers or cores(), say, searches)
    except KeyboardInterrupt:
        return interrupted(same_command(folder))
    data = write(settings, found, folder)
    if arguments.json:
        print(json.dumps(data, allow_nan=False, indent=1, ensure_ascii=False))
        return 0
    print("\n".join(lines(data)))
    print(f"written: {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
