"""The command line that value and ablate have in common."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from juguo_agents.cli.common import add_workers, check_workers
from juguo_agents.folders import next_free
from juguo_agents.processes import cores
from juguo_agents.studies.value.doubling import TIMES
from juguo_agents.studies.value.settings import Settings
from juguo_envs.worlds.scenario import Scenario

SMOKE: dict[str, Any] = {"budget": 1200, "refine": 600, "searches": 1, "episodes": 10}
ASKED = ("budget", "refine", "searches", "episodes", "first_seed")


def parse(page: str, home: str) -> argparse.Namespace:
    """The command line; a number that was not said is None. `doublings` tells how many are asked for."""
    default = Settings()
    parser = argparse.ArgumentParser(description=page.split("\n", 1)[0])
    parser.add_argument(
        "--scenario", nargs="+", default=["default"], help="names or YAML files; default: default"
    )
    for name, text in (
        ("budget", "episodes of each search for the yardsticks"),
        ("refine", "episodes of each search that goes on from the best of them"),
        ("searches", "searches of each yardstick; the best is taken"),
        ("episodes", "test episodes"),
        ("first_seed", "seed of the first test episode"),
    ):
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=int,
            metavar="N",
            help=f"{text}; default {getattr(default, name)}",
        )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help=f"folder, gone on with where it exists; default {home}/, numbered",
    )
    add_workers(parser)
    parser.add_argument(
        "--double",
        action="store_true",
        help="search on from all that was found with twice, 4, 8 and 16 times its episodes, until that "
        "brings less than 1%% of the gap: is the budget enough?",
    )
    parser.add_argument("--smoke", action="store_true", help="tiny numbers: only to see that it runs")
    arguments = parser.parse_args()
    check_workers(parser, arguments)
    arguments.workers = arguments.workers or cores()
    most = 1 if arguments.smoke else len(TIMES)  # in so short a search every doubling brings much
    arguments.doublings = most if arguments.double else 0
    return arguments


def prepare(arguments: argparse.Namespace, home: str) -> Iterator[tuple[Settings, Path]]:
    """Settings and folder of each world, checked before the first one begins."""
    given = {name: value for name in ASKED if (value := getattr(arguments, name)) is not None}
    values = (SMOKE if arguments.smoke else {}) | given
    worlds = [Settings(scenario=Scenario.load(name), **values) for name in arguments.scenario]
    for settings in worlds:
        settings.check()
    arguments.out = arguments.out or next_free(Path(home), "_".join(s.scenario.name for s in worlds))
    folders = [arguments.out / s.scenario.name if len(worlds) > 1 else arguments.out for s in worlds]
    for settings, folder in zip(worlds, folders, strict=True):
        settings.claim(folder)
    yield from zip(worlds, folders, strict=True)
