"""Explain what an allocator does, or why one rule earns more than another.

    python scripts/explain.py RUN [--seed K] [--scenario S] [--leaves 8 16] [--out DIR]
    python scripts/explain.py --between A B [--scenario S] [--episodes N] [--out DIR]

RUN is the folder of a finished run (of its training seeds the best by selection return is explained), a
policy file, a rule, or what a search found. It is explained by a small tree distilled from it, by what it
spends, and by what it looks at. The trees in the new folder can be given to scripts/evaluate.py.

With --between the difference between two rules' returns is divided over their parts.

Run again with the same --out and it goes on from where it was stopped. How to read the numbers:
docs/explain.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from juguo_agents.studies.attribution.job import TASKS, between
from juguo_agents.studies.attribution.job import Settings as Between
from juguo_agents.studies.attribution.sides import find_sides, home_of
from tqdm import tqdm

from juguo_agents.cli.common import (
    INTERRUPTED,
    add_workers,
    check_workers,
    guarded,
    interrupted,
    same_command,
)
from juguo_agents.folders import locked, next_free
from juguo_agents.processes import cores
from juguo_agents.studies.attribution import words
from juguo_agents.studies.explain.distil import Plan
from juguo_agents.studies.explain.job import Settings, explain, stored_trees
from juguo_agents.studies.explain.source import find_source
from juguo_agents.studies.explain.words import page, summary_lines
from juguo_envs.errors import UserError
from juguo_envs.files import write_bytes, write_text
from juguo_envs.worlds.scenario import Scenario

HOME = Path("explained")
PLAN = ("rounds", "asking", "ranking", "choice")
SMOKE: dict[str, Any] = {
    "rounds": 2, "asking": 4, "ranking": 4, "choice": 4, "episodes": 10, "repeats": 1,
}  # fmt: skip


def parse() -> argparse.Namespace:
    """The command line; a number that was not said is None."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument(
        "run", metavar="RUN", nargs="?", help="folder of a run, a policy file, a rule, or a search"
    )
    parser.add_argument(
        "--between", nargs=2, metavar=("A", "B"), help="two rules: why the one earns more than the other"
    )
    parser.add_argument("--seed", type=int, metavar="K", help="training seed; default: the best one")
    parser.add_argument(
        "--scenario", metavar="S", help="name, or path of a YAML file; default: the run's own"
    )
    parser.add_argument(
        "--observe", choices=("noisy", "true"), help="noise on what is seen; default: as the run"
    )
    parser.add_argument("--leaves", type=int, nargs="+", metavar="N", help="sizes of trees; default 8 16")
    for name, text, default in (
        ("rounds", "rounds of asking", Plan.rounds),
        ("asking", "episodes of each round", Plan.asking),
        ("ranking", "episodes on which all candidates are ranked", Plan.ranking),
        ("choice", "episodes on which a finalist is chosen", Plan.choice),
        ("episodes", "test episodes", f"{Settings.episodes}; with --between {Between.episodes}"),
        ("first_seed", "seed of the first test episode", Settings.first_seed),
        ("repeats", "partners of an episode, for importance", Settings.repeats),
    ):
        parser.add_argument(
            f"--{name.replace('_', '-')}", type=int, metavar="N", help=f"{text}; default {default}"
        )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help=f"folder, gone on with where it exists; default {HOME}/, numbered",
    )
    add_workers(parser, "threads, or with --between processes")
    parser.add_argument("--smoke", action="store_true", help="tiny numbers: only to see that it runs")
    parser.add_argument("--json", action="store_true", help="print the JSON file, nothing else")
    arguments = parser.parse_args()
    check_workers(parser, arguments)
    return arguments


def between_settings_of(arguments: argparse.Namespace) -> Between:
    """What is asked with --between, checked."""
    names = ("seed", "leaves", *PLAN, "repeats")
    said = [f"--{name}" for name in names if getattr(arguments, name) is not None]
    if arguments.run is not None or said:
        other = said[0] if arguments.run is None else f"RUN ({arguments.run})"
        raise UserError(f"--between compares two rules by their own numbers; {other} is of no use with it")
    a, b = find_sides(*arguments.between)
    scenario = Scenario.load(arguments.scenario) if arguments.scenario else home_of(*arguments.between)
    given: dict[str, Any] = {"episodes": SMOKE["episodes"]} if arguments.smoke else {}
    given |= {
        name: value
        for name in ("observe", "episodes", "first_seed")
        if (value := getattr(arguments, name)) is not None
    }
    settings = Between(a, b, scenario, **given)
    settings.check()
    return settings


def settings_of(arguments: argparse.Namespace) -> Settings:
    """What is asked, checked."""
    source = find_source(arguments.run, arguments.seed)
    names = (*PLAN, "episodes", "first_seed", "repeats")
    given = (SMOKE if arguments.smoke else {}) | {
        name: value for name in names if (value := getattr(arguments, name)) is not None
    }
    plan = Plan(**{name: given.pop(name) for name in PLAN if name in given})
    if arguments.leaves:
        given["leaves"] = tuple(arguments.leaves)
    scenario = Scenario.load(arguments.scenario) if arguments.scenario else source.scenario
    settings = Settings(source, scenario, observe=arguments.observe or source.observe, plan=plan, **given)
    settings.check()
    return settings


def main() -> int:
    """Parse, explain, draw, print; returns the exit status."""
    arguments = parse()
    if arguments.between:
        return divide(arguments)
    if arguments.run is None:
        raise UserError("nothing is named; name RUN, or two rules by --between A B")
    settings = settings_of(arguments)
    folder = arguments.out or next_free(HOME, settings.source.label)
    data = worked(
        lambda progress: explain(settings, folder, arguments.workers or cores(), progress),
        folder,
        settings.steps,
    )
    if data is None:
        return INTERRUPTED
    from juguo_agents.studies.explain.figures import draw_figures  # the only part that needs matplotlib

    trees = stored_trees(settings, folder)
    for name, png in draw_figures(data, trees):
        write_bytes(folder / name, png)
    write_text(folder / "explain.md", page(data, trees))
    tell(arguments, data, summary_lines(data), f"trees, figures and the page: {folder / 'explain.md'}")
    return 0


def divide(arguments: argparse.Namespace) -> int:
    """Divide the difference of two rules, draw, print; returns the exit status."""
    settings = between_settings_of(arguments)
    folder = arguments.out or next_free(HOME, f"{settings.a.rule.name}-{settings.b.rule.name}")
    data = worked(
        lambda progress: between(settings, folder, arguments.workers or cores(), progress), folder, TASKS
    )
    if data is None:
        return INTERRUPTED
    from juguo_agents.studies.attribution.figures import draw_figures  # the only part that needs matplotlib

    for name, png in draw_figures(data):
        write_bytes(folder / name, png)
    write_text(folder / "between.md", words.page(data))
    tell(arguments, data, words.summary_lines(data), f"figures and the page: {folder / 'between.md'}")
    return 0


def worked(
    work: Callable[[Callable[[str], None]], dict[str, Any]], folder: Path, steps: int
) -> dict[str, Any] | None:
    """What is found in a folder, with a bar meanwhile; None where it was interrupted, which is told."""
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder), tqdm(total=steps, unit="part", desc="explaining") as bar:

        def progress(what: str) -> None:
            bar.set_postfix_str(what, refresh=False)
            bar.update()

        try:
            return work(progress)
        except KeyboardInterrupt:
            bar.close()
            interrupted(same_command(folder))
            return None


def tell(arguments: argparse.Namespace, data: dict[str, Any], lines: list[str], where: str) -> None:
    """Print the data, or what they say and where the rest is."""
    if arguments.json:
        print(json.dumps(data, allow_nan=False, indent=1, ensure_ascii=False))
    else:
        print("\n".join(lines), end="\n\n")
        print(where)


if __name__ == "__main__":
    sys.exit(guarded(main))
