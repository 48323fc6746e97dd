"""Judge generalists on held-out scenarios: regret to each scenario's oracle, against every rule.

    python scripts/family.py [RUN ...] [--out DIR] [--scenarios N] [--episodes N] [--budget N] [--tuning N]

RUN is the folder of a training on `scenario: family`. Rules are tuned on the family, an oracle is searched in
every scenario, and all are run there under common random numbers. A folder is gone on with where it exists:
what is done in it is not done again, and another RUN is measured beside the others. How to read the numbers:
docs/family.md.
"""

from __future__ import annotations

import argparse
import json
import shlex
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from juguo_agents.command_line import INTERRUPTED, guarded
from juguo_agents.generalists.job import WORDS_FILE, judge_family
from juguo_agents.generalists.settings import Settings
from juguo_agents.generalists.words import console_table
from juguo_agents.processes import cores
from juguo_agents.run_folder import next_free
from juguo_envs.scenario import Scenario

SMOKE: dict[str, Any] = {"scenarios": 3, "episodes": 4, "budget": 1000, "tuning": 400}
ASKED = ("scenarios", "episodes", "budget", "tuning")


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
    parser.add_argument("--workers", type=int, metavar="N", help="processes; default: one for each core")
    parser.add_argument("--smoke", action="store_true", help="tiny numbers: only to see that it runs")
    parser.add_argument(
        "--json", action="store_true", help="print the content of family.json, but for regrets"
    )
    arguments = parser.parse_args()
    if arguments.workers is not None and arguments.workers < 1:
        parser.error(f"--workers is {arguments.workers}; allowed is 1 or more")
    return arguments


def say(text: str) -> None:
    """Progress goes to the other stream."""
    print(text, file=sys.stderr, flush=True)


class Interrupts:
    """Being told to end is treated as Ctrl-C is: the processes end, and what was done is kept.

    What a handler raises is lost where the interpreter is just in a callback of the compiler, so it is also
    remembered.
    """

    def __init__(self) -> None:
        """Listen from now on."""
        self.told = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._hear)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.told = True
        raise KeyboardInterrupt


def main() -> int:
    """Parse, judge, print; returns the exit status."""
    arguments = parse()
    interrupts = Interrupts()
    given = {name: value for name in ASKED if (value := getattr(arguments, name)) is not None}
    numbers = (SMOKE if arguments.smoke else {}) | given
    settings = Settings(scenario=Scenario.load(arguments.scenario), **numbers)
    settings.check()
    folder = arguments.out or next_free(Path("families"), settings.scenario.name)
    settings.claim(folder)
    try:
        workers = arguments.workers or cores()
        summary = judge_family(settings, folder, arguments.runs, workers, say, lambda: interrupts.told)
    except KeyboardInterrupt:
        words = [word for word in sys.argv[1:] if word != "--out"]
        words = [*words, "--out", str(folder)] if arguments.out is None else sys.argv[1:]
        say(f"interrupted; go on with: python {shlex.join([sys.argv[0], *words])}")
        return INTERRUPTED
    if arguments.json:
        print(json.dumps(summary, allow_nan=False, indent=2))
    else:
        print(f"{console_table(summary)}\n\nin words, with figures: {folder / WORDS_FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
