"""Compare allocators, rules or trained runs, on test episodes of a scenario under common random numbers.

python scripts/evaluate.py NAME_OR_RUN ... [--scenario NAME_OR_PATH] [--episodes N] [--seed K] [--out DIR]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from juguo_agents.allocators import BASELINE, rule_names
from juguo_agents.allocators.registry import RULES
from juguo_agents.artifacts.load import common_world, find_allocators
from juguo_agents.cli.common import guarded
from juguo_agents.evaluation.rollout import compare
from juguo_agents.folders import claim_folder
from juguo_agents.provenance import versions
from juguo_agents.report import console_table, summarise, write_report
from juguo_envs.worlds.family import load_world
from juguo_envs.worlds.scenario import Scenario, scenario_names


def print_list() -> None:
    """Name the allocators and the scenarios, with a line on each."""
    print("allocators:")
    for rule in RULES:
        print(f"  {rule.base_name:22} {rule.idea}")
    print(
        "  all                    every rule as the paper has it, and with each combination of institutions"
    )
    print("  FOLDER or FILE         a trained run, or one policy-seed<k>.safetensors of it;")
    print("                         a search, or its searched.json; an explanation, or its tree<n>.json;")
    print("                         a searched front, or its front-seed<k>.json: the best for the weights")
    print("institutions, behind the name of a rule, in this order (as in flat+exit+relief):")
    print("  NAME                   the rule as the paper has it")
    print(
        "  NAME+exit, NAME-exit   it can, or cannot, give a project up on evidence of harm; the same for all"
    )
    print(
        "  NAME+relief            more money goes to where a crisis is, in proportion to it; the same for all"
    )
    print("  NAME-relief            it does not answer crises")
    print("scenarios:")
    for name in scenario_names():
        print(f"  {name:22} {Scenario.load(name).description}")
    print("  family                 in every episode another one, drawn over the sampling ranges;")
    print("                         family:NAME lies around the scenario of that name")


def main() -> int:
    """Parse, compare, print; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument(
        "names", nargs="*", metavar="NAME_OR_RUN", help="rule, 'all', folder of a run or search, or a file"
    )
    parser.add_argument(
        "--scenario",
        help="name, path of a YAML file, or family; by default the one that the named runs, searches and "
        "trees were made for, and for rules alone 'default'",
    )
    parser.add_argument("--episodes", type=int, default=200, metavar="N", help="test episodes")
    parser.add_argument("--seed", type=int, default=0, metavar="K", help="seed of the first test episode")
    parser.add_argument("--observe", choices=("noisy", "true"), default="noisy", help="noise on what is seen")
    parser.add_argument("--out", type=Path, help="new folder for tables and figures")
    parser.add_argument(
        "--json", action="store_true", help="print the content of comparison.json, nothing else"
    )
    parser.add_argument("--list", action="store_true", help="name the allocators and the scenarios")
    arguments = parser.parse_intermixed_args()
    if arguments.list:
        print_list()
        return 0
    if not arguments.names:
        parser.error(f"name at least one allocator, for example {rule_names()[-1]} {BASELINE}, or use --list")
    home = None if arguments.scenario else common_world(arguments.names)
    world = home or load_world(arguments.scenario or "default")
    allocators = find_allocators(arguments.names)
    if arguments.out and arguments.out.exists():
        claim_folder(arguments.out)  # refuses before the work is done
    comparison = compare(
        allocators,
        world,
        episodes=arguments.episodes,
        first_seed=arguments.seed,
        observe=arguments.observe,
        threads=os.cpu_count() or 1,
        progress=None if arguments.json else lambda name: print(f"  ran {name}", file=sys.stderr),
    )
    summary = summarise(comparison, versions())
    if arguments.out:
        write_report(comparison, claim_folder(arguments.out), versions(), summary)
    if arguments.json:
        print(json.dumps(summary, allow_nan=False, indent=2))
    else:
        print(console_table(summary))
        if arguments.out:
            print(f"\ntables and figures: {arguments.out / 'comparison.md'}")
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
