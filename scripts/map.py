"""Map which doctrine is best where and under which values, over scenarios sampled from the ranges.

    python scripts/map.py [--points N] [--episodes N] [--seed K] [--out DIR]
    python scripts/map.py --out DIR --resume

Tunes every doctrine in worlds of their own, runs every allocator at every point under common random numbers,
says who is best where beyond noise, what decides it, and which assumption keeps whom from winning, and draws
it. How to read it: docs/map.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from juguo_agents.cli.common import (
    add_resume,
    add_workers,
    check_resume,
    check_workers,
    claim_new,
    guarded,
    interrupted,
    resume_command,
    say,
)
from juguo_agents.folders import next_free
from juguo_agents.processes import cores
from juguo_agents.studies.design import DESIGNS
from juguo_agents.studies.map.design import SETTINGS_FILE, Settings, load_settings
from juguo_agents.studies.map.job import WORDS_FILE, episodes_of, make_map
from juguo_agents.studies.map.words import console_summary
from juguo_envs.errors import UserError
from juguo_envs.worlds.scenario import Scenario

SMOKE: dict[str, Any] = {"points": 4, "episodes": 3, "regimes": 1, "budget": 200, "choice": 1, "switched": 2}
ASKED = ("points", "episodes", "seed", "design", "regimes", "budget", "choice", "switched")


def parse() -> argparse.Namespace:
    """The command line; what was not said is None."""
    default = Settings()
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    for name, text in (
        ("points", "scenarios"),
        ("episodes", "episodes of every allocator at each point"),
        ("seed", "seed of the map, 0 to 127: of its points and its episodes"),
        ("regimes", "other scenarios, in which rules are tuned"),
        ("budget", "episodes of each tuning search"),
        ("choice", "episodes on which tuned numbers are compared at a point"),
        ("switched", "points, from the first, at which assumptions are switched off"),
    ):
        parser.add_argument(
            f"--{name}", type=int, metavar="N", help=f"{text}; default {getattr(default, name)}"
        )
    parser.add_argument("--design", choices=DESIGNS, help="how points fill the ranges; default sobol")
    parser.add_argument("--scenario", help="what all scenarios have in common; name or YAML file")
    parser.add_argument("--out", type=Path, metavar="DIR", help="new folder; default maps/map, numbered")
    add_workers(parser)
    add_resume(parser, "map")
    parser.add_argument("--smoke", action="store_true", help="tiny numbers: only to see that it runs")
    parser.add_argument("--json", action="store_true", help="print the content of map.json, nothing else")
    arguments = parser.parse_args()
    check_resume(parser, arguments, "map")
    check_workers(parser, arguments)
    return arguments


def asked(arguments: argparse.Namespace) -> dict[str, Any]:
    """The settings that the command line names."""
    given = {name: value for name in ASKED if (value := getattr(arguments, name)) is not None}
    return (SMOKE if arguments.smoke else {}) | given


def fresh(arguments: argparse.Namespace) -> tuple[Settings, Path]:
    """A new map in a new folder."""
    settings = Settings(base=Scenario.load(arguments.scenario or "default"), **asked(arguments))
    settings.check()
    folder = arguments.out or next_free(Path("maps"), "map")
    claim_new(folder)
    settings.save(folder)
    return settings, folder


def resumed(arguments: argparse.Namespace) -> tuple[Settings, Path]:
    """The map in a folder; what is said besides must agree with it."""
    settings = load_settings(arguments.out)
    for name, value in asked(arguments).items():
        if value != getattr(settings, name):
            raise UserError(
                f"--{name} is {value}, but the map in {arguments.out} has {getattr(settings, name)} "
                f"({SETTINGS_FILE}); leave --{name} out, or make a new map"
            )
    if arguments.scenario and Scenario.load(arguments.scenario) != settings.base:
        raise UserError(f"--scenario is {arguments.scenario}, but the map in {arguments.out} has another one")
    return settings, arguments.out


def main() -> int:
    """Parse, map, print; returns the exit status."""
    arguments = parse()
    settings, folder = resumed(arguments) if arguments.resume else fresh(arguments)
    counts = episodes_of(settings)
    parts = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    say(f"{folder}: {sum(counts.values()):,} episodes ({parts})")
    try:
        summary = make_map(settings, folder, arguments.workers or cores(), say)
    except KeyboardInterrupt:
        return interrupted(resume_command(folder))
    if arguments.json:
        print(json.dumps(summary, allow_nan=False, indent=2))
    else:
        print(f"{console_summary(summary)}\n\nin words, with figures: {folder / WORDS_FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
