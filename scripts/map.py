"""Map which system is best where, over scenarios sampled from the ranges of the parameters.

    python scripts/map.py [--points N] [--episodes N] [--seed K] [--out DIR]
    python scripts/map.py --out DIR --resume

Tunes the systems' rules in worlds of their own, runs every allocator at every point under common random
numbers, says who is best where beyond noise and what decides it, and draws it. How to read it: docs/map.md.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path
from typing import Any

from juguo_agents.command_line import INTERRUPTED, guarded
from juguo_agents.evidence.map.design import SETTINGS_FILE, Settings, load_settings
from juguo_agents.evidence.map.job import WORDS_FILE, episodes_of, make_map
from juguo_agents.evidence.map.words import console_summary
from juguo_agents.evidence.points import DESIGNS
from juguo_agents.processes import cores
from juguo_agents.run_folder import FolderExists, claim_folder, next_free
from juguo_envs.errors import UserError
from juguo_envs.scenario import Scenario

SMOKE: dict[str, Any] = {"points": 4, "episodes": 3, "regimes": 1, "budget": 200, "choice": 1}
ASKED = ("points", "episodes", "seed", "design", "regimes", "budget", "choice")


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
        ("choice", "episodes on which tuned numbers are compared at a point, first of two rounds"),
    ):
        parser.add_argument(
            f"--{name}", type=int, metavar="N", help=f"{text}; default {getattr(default, name)}"
        )
    parser.add_argument("--design", choices=DESIGNS, help="how points fill the ranges; default sobol")
    parser.add_argument("--scenario", help="what all scenarios have in common; name or YAML file")
    parser.add_argument("--out", type=Path, metavar="DIR", help="new folder; default maps/map, numbered")
    parser.add_argument("--workers", type=int, metavar="N", help="processes; default: one for each core")
    parser.add_argument("--resume", action="store_true", help="go on with the map in --out")
    parser.add_argument("--smoke", action="store_true", help="tiny numbers: only to see that it runs")
    parser.add_argument("--json", action="store_true", help="print the content of map.json, nothing else")
    arguments = parser.parse_args()
    if arguments.resume and not arguments.out:
        parser.error("--resume needs --out, the folder of the map to go on with")
    if arguments.workers is not None and arguments.workers < 1:
        parser.error(f"--workers is {arguments.workers}; allowed is 1 or more")
    return arguments


def fresh(arguments: argparse.Namespace) -> tuple[Settings, Path]:
    """A new map in a new folder."""
    given = {name: value for name in ASKED if (value := getattr(arguments, name)) is not None}
    chosen = (SMOKE if arguments.smoke else {}) | given
    settings = Settings(base=Scenario.load(arguments.scenario or "default"), **chosen)
    settings.check()
    folder = arguments.out or next_free(Path("maps"), "map")
    if folder.exists():
        raise FolderExists(f"{folder} exists already; add --resume to go on with it, or name another --out")
    claim_folder(folder)
    settings.save(folder)
    return settings, folder


def resumed(arguments: argparse.Namespace) -> tuple[Settings, Path]:
    """The map in a folder; what is said besides must agree with it."""
    settings = load_settings(arguments.out)
    for name in ASKED:
        value = getattr(arguments, name)
        if value is not None and value != getattr(settings, name):
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

    def say(text: str) -> None:
        print(text, file=sys.stderr)

    counts = episodes_of(settings)
    parts = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    say(f"{folder}: {sum(counts.values()):,} episodes ({parts})")
    try:
        summary = make_map(settings, folder, arguments.workers or cores(), say)
    except KeyboardInterrupt:
        say(f"interrupted; go on with: python scripts/map.py --out {shlex.quote(str(folder))} --resume")
        return INTERRUPTED
    if arguments.json:
        print(json.dumps(summary, allow_nan=False, indent=2))
    else:
        print(f"{console_summary(summary)}\n\nin words, with figures: {folder / WORDS_FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
