"""Search an expert, a closed loop, for each of many worlds of the family, for a generalist to imitate.

    python scripts/experts.py [--begin DIR] [--worlds N] [--budget EPISODES] [--out DIR]

Give DIR of --out to a training as `training.expert`: it begins at an imitation of all of them, each in its
own world. A folder is gone on with where it exists: what is done in it is not done again. See docs/family.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from juguo_agents.artifacts.searched import load_result, result_in
from juguo_agents.cli.common import (
    add_workers,
    check_workers,
    guarded,
    interrupted,
    same_command,
    told_to_end,
)
from juguo_agents.evaluation.statistics import Estimate
from juguo_agents.folders import next_free
from juguo_agents.processes import cores
from juguo_agents.studies.experts import Settings, search_experts
from juguo_envs.worlds.scenario import Scenario

SMOKE: dict[str, Any] = {"worlds": 3, "budget": 300}
ASKED = ("worlds", "budget", "observe")


def parse() -> argparse.Namespace:
    """The command line; what was not said is None."""
    default = Settings()
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--scenario", default="default", help="what all worlds have in common")
    parser.add_argument(
        "--begin", type=Path, metavar="DIR", help="a search of a closed loop, on the family, to begin at"
    )
    parser.add_argument("--worlds", type=int, metavar="N", help=f"worlds; default {default.worlds}")
    parser.add_argument(
        "--budget", type=int, metavar="EPISODES", help=f"episodes of each search; default {default.budget}"
    )
    parser.add_argument("--observe", choices=("noisy", "true"), help="noise on what is seen; default noisy")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder, gone on with where it exists; default searches/experts, numbered",
    )
    add_workers(parser)
    parser.add_argument("--smoke", action="store_true", help="tiny numbers: only to see that it runs")
    arguments = parser.parse_args()
    check_workers(parser, arguments)
    return arguments


def main() -> int:
    """Parse, search, print; returns the exit status."""
    arguments = parse()
    given = {name: value for name in ASKED if (value := getattr(arguments, name)) is not None}
    begin = load_result(result_in(arguments.begin)).data["parameters"] if arguments.begin else None
    settings = Settings(
        Scenario.load(arguments.scenario), begin=begin, **((SMOKE if arguments.smoke else {}) | given)
    )
    settings.check()
    folder = arguments.out or next_free(Path("searches"), "experts")
    settings.claim(folder)
    try:
        panel = search_experts(settings, folder, arguments.workers or cores(), told_to_end)
    except KeyboardInterrupt:
        return interrupted(same_command(folder))
    print(
        f"{settings.worlds} worlds, {settings.budget:,} episodes each; mean return on {settings.validation} "
        f"other episodes in each, 95% intervals over worlds:\n"
        f"begun at {_told(panel.begun)}, experts {_told(panel.found)}, gain {_told(panel.gain)}\n\n"
        f"to begin a training at them: training.expert={folder}"
    )
    return 0


def _told(value: Estimate) -> str:
    return f"{value.mean:.3f} [{value.low:.3f}, {value.high:.3f}]"


if __name__ == "__main__":
    sys.exit(guarded(main))
