"""Show how an open system fails whose participants gain nothing, and which money prevents it.

    python scripts/passive.py [--share S] [--episodes N] [--out DIR]

The proposal, open in every stage, runs in the default world and in the scenario `passive`; there a share of
the money then goes to one function at a time. What is compared, and what came out: docs/evidence.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from juguo_agents.cli.common import guarded, say
from juguo_agents.evaluation.seeds import PASSIVE
from juguo_agents.folders import claim_folder, next_free
from juguo_agents.studies.passive import compare, draw, lines
from juguo_envs.errors import UserError
from juguo_envs.files import write_text
from juguo_envs.worlds.scenario import Scenario


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--active", default="default", metavar="S", help="world whose participants gain")
    parser.add_argument("--passive", default="passive", metavar="S", help="world whose participants do not")
    parser.add_argument(
        "--share", type=float, default=0.25, help="share of the money that is moved; default .25"
    )
    parser.add_argument("--episodes", type=int, default=200, metavar="N", help="test episodes; default 200")
    parser.add_argument(
        "--first-seed", type=int, default=PASSIVE.first, metavar="N", help="seed of the first of them"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="new folder; default passive/run, numbered")
    arguments = parser.parse_args()
    if not 0.0 < arguments.share <= 1.0:
        raise UserError(f"--share is {arguments.share:g}; allowed is above 0, up to 1")
    return arguments


def main() -> int:
    """Parse, run, write, print; returns the exit status."""
    arguments = parse()
    worlds = Scenario.load(arguments.active), Scenario.load(arguments.passive)
    folder = claim_folder(arguments.out or next_free(Path("passive"), "run"))
    data, courses = compare(*worlds, arguments.share, arguments.episodes, arguments.first_seed, say)
    text = lines(data)
    write_text(
        folder / "passive.json", json.dumps(data, allow_nan=False, indent=1, ensure_ascii=False) + "\n"
    )
    write_text(folder / "passive.md", "\n".join(["```", *text, "```", "", "![curves](passive.png)", ""]))
    draw(data, courses, folder / "passive.png")
    print("\n".join(text))
    print(f"written: {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
