"""The command `juguo`: what there is, how it refuses and how it is interrupted. Each command is a module."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from inspect import cleandoc
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from juguo_agents.cli.running import REFUSED, guarded
from juguo_agents.progress import announce, say
from juguo_agents.studies import STUDIES

if TYPE_CHECKING:
    from cyclopts import App

COMMANDS = {
    "train": (
        "train:train",
        """Train allocators, then compare them with the rules on test episodes.

        The same command with the same --out goes on with a run that was interrupted, even killed, as if it
        had not been. So does --out RUN alone, with the run's own config. What a config holds:
        docs/how-to/train.md.""",
    ),
    "evaluate": (
        "evaluate:evaluate",
        """Compare rules, trained runs and what searches found, on the same test episodes.

        Institutions stand behind the name of a rule, as in flat+exit+relief: see juguo list allocators.""",
    ),
    "benchmark": (
        "benchmark:benchmark",
        """Score an entry by the protocol of the benchmark, or make the leaderboard of scorecards.

        What a score means, and how to send an entry: docs/how-to/benchmark.md.""",
    ),
    "report": (
        "report:report",
        """Make the page of finished runs and comparisons for a browser: one file that needs no network.

        Training and evaluation make it, too. Name an explanation beside its run, and the page shows its
        trees. With several comparisons the page has a list to choose from.""",
    ),
    "animate": (
        "animate:animate",
        """Draw allocators side by side in the same episode, quarter by quarter, as an animation.

        What the pictures show: docs/how-to/draw.md.""",
    ),
    "search": (
        "search:search",
        """Search the best allocator of a family in a scenario, at a stated budget of episodes.

        juguo evaluate takes what is found by its folder. The same command with the same --out goes on with a
        search that was interrupted; so does --out alone. A search with --begin also takes a larger --budget.
        Families, seeds, how to read the numbers: docs/explanation/yardsticks.md.""",
    ),
    "reproduce": (
        "reproduce:reproduce",
        """Make the pages of results anew: run every study that they hold, in order.

        It tells how long that takes before it begins. The same command with the same --out goes on with what
        was interrupted.""",
    ),
    "dataset": (
        "dataset:dataset",
        """Record what allocators see and do as a Minari data set, for offline learning.

        It lies where Minari looks for data sets (MINARI_DATASETS_PATH), and is never overwritten. How to
        learn from it: docs/how-to/record-a-data-set.md.""",
    ),
    "tune": (
        "tune:tune",
        """Find good settings of a learner, by a study of a stated budget.

        The folder gets the record of the study, ALGORITHM.study.json, and the winner, ALGORITHM.yaml, a
        config for juguo train. The same command with the same --out goes on with a study that was
        interrupted, even killed, as if it had not been. It also takes more --trials.""",
    ),
    "calibrate": (
        "calibrate:calibrate",
        """Fit the model's adoption step to a diffusion on a network, and make a scenario of it.

        What is assumed, and what the numbers mean: docs/explanation/calibration.md.""",
    ),
    "play": (
        "play:play",
        """Run a programme yourself, on a page in the browser, beside allocators that live the same episode.

        The page is served on this machine alone, at the address that is printed. Ctrl-C stops it. A saved
        play is a file that juguo evaluate takes as an allocator: docs/how-to/play.md.""",
    ),
    "new": (
        "new:new",
        """Write a commented scenario to begin with: a province of twelve counties, to be changed.

        It is in English and Chinese: docs/tutorials/2-your-own-world.md.""",
    ),
    "list": (
        "listing:names",
        "Name the allocators, scenarios, configs, studies and shipped policies, with a line on each.",
    ),
    "warm-up": (
        "warm_up:warm_up",
        """Compile the model for this machine, so that no later command waits for it.

        Compiled code is kept in a folder: juguo doctor tells which.""",
    ),
    "doctor": (
        "doctor:doctor",
        """Check the installation: versions, extras, torch, the cache of compiled code, and a tiny episode.

        A line that begins with ! says what is wrong; the exit status is then 1.""",
    ),
}
"""Where each command is, and its help."""
LINEAR_ALGEBRA = ("MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""Threads of numpy's linear algebra: one, unless somebody says otherwise. With more, a policy's returns would
depend on the number of cores in their last digits, and idle threads would hold the cores of the model."""
VECTORS = ("NPY_DISABLE_CPU_FEATURES", "OPENBLAS_CORETYPE")
"""Vectors of numpy have 256 bits on a processor that has longer ones, too, unless somebody says otherwise.
With 512 bits the last digits are others, and a search ends at another allocator."""
_GOES_ON = "The same command with the same --out goes on, and a changed setting is refused by name."
_QUICK, _HELP = {"list"}, {"--help", "-h", "--version"}
_SHORTHANDS = {"compare": "compare-runs", "explain": "explain"}
"""Studies that are commands, too."""


def main(tokens: Sequence[str] | None = None) -> int:
    """Run a command line, by default that of the process; returns the exit status."""
    words = list(sys.argv[1:] if tokens is None else tokens)
    for name, value in numerics().items():  # before numpy is imported
        os.environ.setdefault(name, value)
    try:
        import cyclopts  # noqa: F401 (asked for by name, so that its lack is told in one line)
    except ModuleNotFoundError:
        say("error: the command needs more packages: pip install 'juguo[train]'")
        return REFUSED
    return guarded(lambda: run(words), words)


def numerics(processor: Path = Path("/proc/cpuinfo")) -> dict[str, str]:
    """Variables of the environment that make numpy's digits the same on most machines."""
    variables = dict.fromkeys(LINEAR_ALGEBRA, "1")
    try:
        long = "avx512f" in processor.read_text()
    except OSError:  # no Linux
        long = False
    if long:
        from importlib.metadata import version  # takes a while, and not every processor needs it

        older = [int(part) for part in version("numpy").split(".")[:2]] < [2, 4]
        names = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL" if older else "X86_V4"
        variables |= dict(zip(VECTORS, (f"{names} AVX512_ICL AVX512_SPR", "Haswell"), strict=True))
    return variables


def run(words: list[str]) -> int:
    """Run a command line; returns the exit status, and raises what ended it otherwise."""
    from cyclopts import CycloptsError, UnknownCommandError

    if words[:1] != ["__complete"] and (place := _nothing_in(words)):
        say(f"error: {place} nothing is named; name something there, or leave it out")
        return REFUSED
    if text := _announcement(words):
        announce(text)
    app = make_app()
    try:
        status = app(
            words, exit_on_error=False, print_error=False, verbose=False, result_action="return_value"
        )
    except UnknownCommandError as error:
        from juguo_envs.errors import unknown

        assert error.unused_tokens
        known = [name for name in error.app or app if not name.startswith("-")]
        say(f"error: {unknown('command', error.unused_tokens[0], known)}")
        return REFUSED
    except CycloptsError as error:
        say(f"error: {' '.join(str(error).split())} See juguo {' '.join(error.command_chain or ())} --help")
        return REFUSED
    return status or 0


def _announcement(words: list[str]) -> str:
    """What is said before a command is imported, which may take seconds; nothing where it is quick."""
    name = " ".join(words[: 2 if words[:1] == ["study"] else 1])
    known = {*COMMANDS, *_SHORTHANDS, *(f"study {study}" for study in STUDIES)} - _QUICK
    return f"juguo {name} ..." if name in known and not _HELP.intersection(words) else ""


def _nothing_in(words: list[str]) -> str:
    """Where a command line names an empty text, which would pass for an option that is not there."""
    for before, word in zip(["juguo", *words], words, strict=False):
        if not word.strip():
            return f"behind {before}"
        if re.fullmatch(r"--[^=]+=\s*", word):
            return f"behind {word.rstrip()}"
    return ""


def make_app() -> App:
    """The command with all commands below it, none of which is imported yet."""
    from cyclopts import App, Group

    app = App(
        name="juguo",
        help="Allocate money in technological social experiments, by rules, by search and by learning.",
        version=_version,
        suppress_keyboard_interrupt=False,
    )
    studies = App(name="study", help=f"Ask one of the studies. {_GOES_ON}")
    order = count()
    for name, (where, text) in COMMANDS.items():
        app.command(f"juguo_agents.cli.{where}", name=name, help=cleandoc(text), sort_key=next(order))
    for name, entry in STUDIES.items():
        where = f"juguo_agents.cli.study:{name}"
        text = f"{entry.text[:1].upper()}{entry.text[1:]}.\n\n{_GOES_ON}"
        studies.command(where, name=name, help=text, sort_key=next(order))
        for short in (short for short, study in _SHORTHANDS.items() if study == name):
            app.command(where, name=short, help=text, sort_key=next(order))
    studies.sort_key = next(order)
    app.command(studies)
    app.register_install_completion_command()
    options = Group("Options", sort_key=1)
    for flag in ("--help", "--version", "--install-completion"):
        app[flag].group = (options,)
    return app


def _version() -> str:
    from juguo_envs import __version__

    return __version__


if __name__ == "__main__":
    sys.exit(main())
