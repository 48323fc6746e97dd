"""Explain what an allocator does: a small tree distilled from it, what it spends, what it looks at.

    python scripts/explain.py RUN [--seed K] [--scenario S] [--leaves 8 16] [--out DIR]

RUN is the folder of a finished run (of its training seeds the best by selection return is explained), a
policy file, a rule, or what a search found. The trees in the new folder can be given to scripts/evaluate.py.
Run again with the same --out and it goes on from where it was stopped. How to read the numbers:
docs/explain.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from juguo_agents.command_line import add_workers, check_workers, guarded, interrupted, same_command
from juguo_agents.explain.distil import Plan
from juguo_agents.explain.job import Settings, explain, stored_trees
from juguo_agents.explain.source import find_source
from juguo_agents.explain.words import page, summary_lines
from juguo_agents.processes import cores
from juguo_agents.run_folder import locked, next_free
from juguo_envs.files import write_bytes, write_text
from juguo_envs.scenario import Scenario

HOME = Path("explained")
PLAN = ("rounds", "asking", "ranking", "choice")
SMOKE: dict[str, Any] = {
    "rounds": 2, "asking": 4, "ranking": 4, "choice": 4, "episodes": 10, "repeats": 1,
}  # fmt: skip


def parse() -> argparse.Namespace:
    """The command line; a number that was not said is None."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("run", metavar="RUN", help="folder of a run, a policy file, a rule, or a search")
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
        ("episodes", "test episodes", Settings.episodes),
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
    add_workers(parser, "threads")
    parser.add_argument("--smoke", action="store_true", help="tiny numbers: only to see that it runs")
    parser.add_argument("--json", action="store_true", help="print the content of explain.json, nothing else")
    arguments = parser.parse_args()
    check_workers(parser, arguments)
    return arguments


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
    settings = settings_of(arguments)
    folder = arguments.out or next_free(HOME, settings.source.label)
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder), tqdm(total=settings.steps, unit="part", desc="explaining") as bar:

        def progress(what: str) -> None:
            bar.set_postfix_str(what, refresh=False)
            bar.update()

        try:
            data = explain(settings, folder, arguments.workers or cores(), progress)
        except KeyboardInterrupt:
            bar.close()
            return interrupted(same_command(folder))
    from juguo_agents.explain.figures import draw_figures  # the only part that needs matplotlib

    trees = stored_trees(settings, folder)
    for name, png in draw_figures(data, trees):
        write_bytes(folder / name, png)
    write_text(folder / "explain.md", page(data, trees))
    if arguments.json:
        print(json.dumps(data, allow_nan=False, indent=1, ensure_ascii=False))
    else:
        print("\n".join(summary_lines(data)), end="\n\n")
        print(f"trees, figures and the page: {folder / 'explain.md'}")
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
