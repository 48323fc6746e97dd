"""Compare the front of one policy over preferences with that of a multi-objective search at equal steps.

    python scripts/front.py RUN [--budget STEPS] [--out DIR] [--searches N] [--levels N] [--episodes N]
    python scripts/front.py [--scenario S] [--budget STEPS] [--out DIR] [--searches N] [--levels N]

RUN is the folder of a training with `shown: {preferences: drawn}`, for example of configs/preferences.yaml.
Each of its policies is run under a grid of preferences; NSGA-II searches the numbers of the closed loop with
as many environment steps as the training of one policy took. A folder is gone on with where it exists. How to
read the numbers: docs/preferences.md.

Without RUN a front is searched alone. What is found is an allocator that acts as the member which is best for
the weights of the scenario it is in.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from juguo_agents.cli.common import add_workers, check_workers, guarded, interrupted, same_command, say

from juguo_agents.folders import locked, next_free
from juguo_agents.processes import cores
from juguo_agents.studies.pareto.settings import Settings, settings_of, settings_of_search
from juguo_envs.errors import UserError
from juguo_envs.worlds.scenario import Scenario

BUDGET = 1_800_000
"""Environment steps of a search that is compared with nothing: 30,000 episodes of 60 quarters."""


def parse() -> argparse.Namespace:
    """The command line; a number that was not said is None."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument(
        "run",
        type=Path,
        nargs="?",
        metavar="RUN",
        help="folder of a run with drawn preferences; none: search",
    )
    parser.add_argument("--scenario", metavar="S", help="without RUN: name or YAML file; default: default")
    parser.add_argument(
        "--budget",
        type=int,
        metavar="STEPS",
        help=f"environment steps of a search; default: one training's, and without RUN {BUDGET:,}",
    )
    parser.add_argument("--searches", type=int, metavar="N", help="searches; default: one for each policy")
    parser.add_argument(
        "--levels",
        type=int,
        metavar="N",
        default=Settings.levels,
        help=f"weights on each of the three ranges; default {Settings.levels}",
    )
    parser.add_argument(
        "--episodes",
        type=int,
        metavar="N",
        default=Settings.episodes,
        help=f"test episodes of every point; default {Settings.episodes}",
    )
    parser.add_argument("--seed", type=int, metavar="K", default=0, help="seed of the first; default 0")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder, gone on with where it exists; default fronts/RUN, numbered",
    )
    parser.add_argument(
        "--begun", action="store_true", help="searches may begin at what an earlier one found, uncounted"
    )
    add_workers(parser)
    parser.add_argument("--json", action="store_true", help="print the content of front.json, nothing else")
    arguments = parser.parse_args()
    check_workers(parser, arguments)
    if arguments.run is None and arguments.json:
        parser.error("--json is for a comparison; a search without RUN leaves JSON in its folder")
    if arguments.run is not None and arguments.scenario:
        parser.error("--scenario is for a search without RUN; a run's policies tell theirs")
    return arguments


def asked(arguments: argparse.Namespace) -> Settings:
    """What is asked, checked."""
    if arguments.run is None:
        return settings_of_search(
            Scenario.load(arguments.scenario or "default"),
            budget=arguments.budget or BUDGET,
            searches=arguments.searches,
            begun=arguments.begun,
            levels=arguments.levels,
        )
    return settings_of(
        arguments.run,
        budget=arguments.budget,
        searches=arguments.searches,
        begun=arguments.begun,
        levels=arguments.levels,
        episodes=arguments.episodes,
        first_seed=arguments.seed,
    )


def main() -> int:
    """Parse, compare, print; returns the exit status."""
    arguments = parse()
    try:
        import moocore  # noqa: F401 (asked for by name, so that its lack is told in one line)
        import pymoo  # noqa: F401
    except ImportError:
        raise UserError("pymoo is missing; install the extra: pip install 'juguo[train,pareto]'") from None
    from juguo_agents.studies.pareto.job import WORDS_FILE, compare_fronts, search_fronts
    from juguo_agents.studies.pareto.words import console_table, search_table

    settings = asked(arguments)
    home = settings.scenario.name if arguments.run is None else arguments.run.resolve().name
    folder = arguments.out or next_free(Path("fronts"), home)
    settings.claim(folder)
    workers = arguments.workers or cores()
    try:
        with locked(folder):
            if arguments.run is None:
                searched = search_fronts(settings, folder, workers)
                print(f"{search_table(searched)}\n\nallocators for evaluate.py: {folder}")
                return 0
            summary = compare_fronts(settings, folder, workers, say)
    except KeyboardInterrupt:
        return interrupted(same_command(folder))
    if arguments.json:
        print(json.dumps(summary, allow_nan=False, indent=2))
    else:
        print(f"{console_table(summary)}\n\nin words, with the figure: {folder / WORDS_FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
