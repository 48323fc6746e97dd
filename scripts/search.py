"""Search the best allocator of a family in a scenario, at a stated budget of episodes.

    python scripts/search.py --family FAMILY [--scenario S] [--budget EPISODES] [--out DIR]
    python scripts/search.py --out DIR --resume

FAMILY is constant, thresholds, open_loop, open_loop_segments, closed_loop, oracle or rule:NAME. What is found
can be given to scripts/evaluate.py by its folder. Families, seeds, how to read the numbers: docs/search.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from juguo_agents.allocators.levers import LEVERS
from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP, ORACLE, PARAMETRIC, RULE
from juguo_agents.artifacts.searched import (
    SearchResult,
    best_result,
    load_result,
    result_in,
    validated,
)
from juguo_agents.cli.common import (
    add_resume,
    check_resume,
    claim_new,
    guarded,
    interrupted,
    resume_command,
)
from juguo_agents.folders import next_free
from juguo_agents.search.checkpoint import Settings, State, load_state
from juguo_agents.search.optimise import OPTIMISERS, begin, raised, search
from juguo_agents.search.result import finished, write_result
from juguo_agents.search.scoring import Scorer
from juguo_agents.search.table import console_table
from juguo_envs.errors import UserError
from juguo_envs.worlds.family import Family, load_world
from juguo_envs.worlds.scenario import Scenario

DEFAULTS: dict[str, Any] = {
    "scenario": "default",
    "budget": 30_000,
    "seed": 0,
    "observe": "noisy",
    "validation": 1000,
    "start": None,
    "covariance": "full",
}


def parse() -> argparse.Namespace:
    """The command line; what was not said is None."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    families = ", ".join(family.name for family in PARAMETRIC)
    parser.add_argument("--family", help=f"{families} or {RULE}NAME")
    parser.add_argument("--scenario", help="name, path of a YAML file, or family; default: default")
    parser.add_argument(
        "--budget",
        type=int,
        metavar="EPISODES",
        help="episodes to search with; default 30000; with --resume, a search with --begin takes more",
    )
    parser.add_argument("--seed", type=int, metavar="K", help="seed of the search, 0 to 127; default 0")
    parser.add_argument("--observe", choices=("noisy", "true"), help="noise on what is seen; default noisy")
    parser.add_argument("--validation", type=int, metavar="N", help="episodes to measure with; default 1000")
    parser.add_argument(
        "--begin",
        metavar="DIR",
        type=Path,
        nargs="+",
        help="begin at what another search found, of several at the best, instead of one of the starts",
    )
    parser.add_argument(
        "--fix", metavar="NAME=VALUE", action="append", help="hold a number, or a share at 0; may be repeated"
    )
    parser.add_argument("--lever", metavar="NAME", help=f"force a lever all along: {', '.join(LEVERS)}")
    parser.add_argument(
        "--reveal", action="store_true", help="with --family closed_loop: the hidden draws are known"
    )
    parser.add_argument("--start", metavar="NAME", help="begin there, for example flat; default: at the best")
    parser.add_argument(
        "--covariance",
        choices=tuple(OPTIMISERS),
        help="what the optimiser learns of its steps; diagonal needs fewer episodes; default full",
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="new folder; default searches/<family>, numbered"
    )
    add_resume(parser, "search")
    parser.add_argument(
        "--json", action="store_true", help="print the content of searched.json, nothing else"
    )
    arguments = parser.parse_args()
    check_resume(parser, arguments, "search")
    if not arguments.resume and not arguments.family:
        parser.error("--family is missing, for example --family open_loop")
    if arguments.reveal:
        if arguments.family not in (CLOSED_LOOP.name, ORACLE.name):
            parser.error(
                f"--reveal needs --family {CLOSED_LOOP.name}; no other family can use what is hidden"
            )
        arguments.family = ORACLE.name
    if arguments.resume and (arguments.begin or arguments.fix or arguments.lever):
        parser.error("--begin, --fix and --lever belong to the search in --out; leave them out with --resume")
    return arguments


def held(given: list[str] | None) -> dict[str, float]:
    """The numbers that are held, from NAME=VALUE."""
    numbers = {}
    for text in given or []:
        name, _, value = text.partition("=")
        try:
            numbers[name] = float(value)
        except ValueError:
            raise UserError(f"--fix is {text!r}; expected NAME=VALUE, for example hold.harm=1") from None
    return numbers


def _begun_at(others: list[Path]) -> dict[str, float]:
    """The numbers of the best of some results, which is told where there are several."""
    if len(others) == 1:  # need not tell how good it is
        return dict(load_result(others[0]).data["parameters"])
    path, best = best_result(others)
    told = f"{validated(best):.3f} on its validation episodes"
    print(f"begins at {path.parent}, the best of {len(others)}: {told}", file=sys.stderr)
    return dict(best.data["parameters"])


def fresh(arguments: argparse.Namespace) -> tuple[State, Path]:
    """A new search in a new folder."""
    given: dict[str, Any] = {name: value for name, value in vars(arguments).items() if name in DEFAULTS}
    given = DEFAULTS | {name: value for name, value in given.items() if value is not None}
    world = load_world(given.pop("scenario"))
    scenario = world if isinstance(world, Scenario) else world.base
    others = [result_in(path) for path in arguments.begin or ()]
    start_at = _begun_at(others) if others else None
    held_at = held(arguments.fix)
    settings = Settings(
        arguments.family,
        scenario,
        fixed=held_at,
        begin=start_at,
        lever=arguments.lever,
        varies=isinstance(world, Family),
        **given,
    )
    state = begin(settings)
    folder = arguments.out or next_free(Path("searches"), arguments.family.replace(":", "-"))
    claim_new(folder)
    scenario.save(folder / "scenario.yaml")
    state.save(folder)
    return state, folder


def resumed(arguments: argparse.Namespace) -> tuple[State, Path]:
    """The search in a folder; what is said besides must agree with it."""
    state = load_state(arguments.out)
    asked = state.settings.budget if arguments.budget is None else arguments.budget
    larger = raised(state, replace(state.settings, budget=asked))
    state = larger or state
    for name in ("family", *DEFAULTS):
        value = getattr(arguments, name)
        here = getattr(state.settings, name)
        if name == "scenario" and value is not None:
            value, here = load_world(value), Family(here) if state.settings.varies else here
        if value is not None and value != here:
            shown = here.name if isinstance(here, Scenario) else here
            shown = here.base.name if isinstance(here, Family) else shown
            raise UserError(
                f"--{name} is {getattr(arguments, name)}, but the search in {arguments.out} has {shown}"
                f"{'; only more can be asked for, of a search with --begin' if name == 'budget' else ''}"
            )
    if larger:
        state.save(arguments.out)
    return state, arguments.out


def conduct(state: State, folder: Path) -> SearchResult:
    """Search with a bar, and write the result; a finished search is only read."""
    settings = state.settings
    if found := finished(folder, settings):
        return found
    scorer = Scorer(settings.scenario, settings.observe, threads=os.cpu_count() or 1, varies=settings.varies)
    with tqdm(total=settings.budget, unit="episode", unit_scale=True, desc=settings.family) as bar:

        def progress(episodes: int, mean: float) -> None:
            bar.set_postfix_str(f"mean return {mean:.3f}", refresh=False)
            bar.update(episodes)

        search(state, folder, scorer, progress)
    return write_result(state, folder, scorer)


def main() -> int:
    """Parse, search, print; returns the exit status."""
    arguments = parse()
    state, folder = resumed(arguments) if arguments.resume else fresh(arguments)
    try:
        found = conduct(state, folder)
    except KeyboardInterrupt:
        return interrupted(resume_command(folder))
    if arguments.json:
        print(json.dumps(found.data, allow_nan=False, indent=2))
    else:
        print(f"{console_table(found.data)}\n\nallocator for evaluate.py: {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
