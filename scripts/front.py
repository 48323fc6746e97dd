"""Compare the front of one policy over preferences with that of a multi-objective search at equal steps.

    python scripts/front.py RUN [--budget STEPS] [--out DIR] [--searches N] [--levels N] [--episodes N]

RUN is the folder of a training with `shown: {preferences: drawn}`, for example of configs/preferences.yaml.
Each of its policies is run under a grid of preferences; NSGA-II searches the numbers of the closed loop with
as many environment steps as the training of one policy took. A folder is gone on with where it exists. How to
read the numbers: docs/preferences.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from juguo_agents.command_line import add_workers, check_workers, guarded, interrupted, same_command, say
from juguo_agents.fronts.settings import Settings, settings_of
from juguo_agents.processes import cores
from juguo_agents.run_folder import locked, next_free
from juguo_envs.errors import UserError


def parse() -> argparse.Namespace:
    """The command line; a number that was not said is None."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a run with drawn preferences")
    parser.add_argument(
        "--budget", type=int, metavar="STEPS", help="environment steps of a search; default: one training's"
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
    return arguments


def main() -> int:
    """Parse, compare, print; returns the exit status."""
    arguments = parse()
    try:
        import moocore  # noqa: F401 (asked for by name, so that its lack is told in one line)
        import pymoo  # noqa: F401
    except ImportError:
        raise UserError(
            "pymoo is missing; install the extra: pip install 'juguo[train,report,front]'"
        ) from None
    from juguo_agents.fronts.job import WORDS_FILE, compare_fronts
    from juguo_agents.fronts.words import console_table

    settings = settings_of(
        arguments.run,
        budget=arguments.budget,
        searches=arguments.searches,
        begun=arguments.begun,
        levels=arguments.levels,
        episodes=arguments.episodes,
        first_seed=arguments.seed,
    )
    folder = arguments.out or next_free(Path("fronts"), arguments.run.resolve().name)
    settings.claim(folder)
    try:
        with locked(folder):
            summary = compare_fronts(settings, folder, arguments.workers or cores(), say)
    except KeyboardInterrupt:
        return interrupted(same_command(folder))
    if arguments.json:
        print(json.dumps(summary, allow_nan=False, indent=2))
    else:
        print(f"{console_table(summary)}\n\nin words, with the figure: {folder / WORDS_FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
