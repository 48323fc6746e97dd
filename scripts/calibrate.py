"""Fit the model's adoption step to a diffusion on a network, and make a scenario of it.

    python scripts/calibrate.py --persons P.csv --edges E.csv [--out DIR] [--name NAME] [--seed K] [--json]

P.csv has columns id, community, time_of_adoption (a period from 1; empty: not adopted); E.csv has columns
ego, alter (ego named alter). What is assumed, and what the numbers mean: docs/calibration.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from juguo_agents.calibration.data import read_diffusion
from juguo_agents.calibration.figures import draw_figures
from juguo_agents.calibration.results import as_json, calibrate, console_table
from juguo_agents.calibration.scenario_file import scenario_file
from juguo_agents.cli.common import guarded
from juguo_agents.folders import FolderExists, claim_folder, next_free
from juguo_agents.provenance import versions
from juguo_envs.files import write_bytes


def name_of(persons: Path) -> str:
    """The data's name: the file's, or the folder's where the file is only called persons."""
    file = persons.resolve()
    name = file.stem if file.stem != "persons" else file.parent.name
    return name[:80] or "calibration"


def main() -> int:
    """Parse, estimate, write, print; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--persons", type=Path, required=True, metavar="P.csv", help="who adopted when")
    parser.add_argument("--edges", type=Path, required=True, metavar="E.csv", help="who named whom")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="new folder; default calibrations/<name>, numbered if taken"
    )
    parser.add_argument(
        "--name", help="name of the data and of the scenario; default from the file of persons"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="K", help="seed of the simulations")
    parser.add_argument(
        "--periods", type=int, metavar="T", help="periods observed; default the latest time of adoption"
    )
    parser.add_argument(
        "--json", action="store_true", help="print the content of calibration.json, nothing else"
    )
    arguments = parser.parse_args()
    name = name_of(arguments.persons) if arguments.name is None else arguments.name
    if not 1 <= len(name) <= 80 or name != Path(name).name or name.startswith("."):
        parser.error(f"--name is {name!r}; allowed is the name of a folder, of at most 80 characters")
    if arguments.seed < 0:
        parser.error(f"--seed is {arguments.seed}; allowed are whole numbers from 0")
    folder = arguments.out or next_free(Path("calibrations"), name)
    if folder.exists():
        raise FolderExists(f"{folder} exists already; name another --out, or move it away")

    found = calibrate(
        read_diffusion(arguments.persons, arguments.edges, arguments.periods), name, arguments.seed
    )
    result = json.dumps(as_json(found, versions()), allow_nan=False, indent=2)
    files = {"calibration.json": f"{result}\n".encode(), "scenario.yaml": scenario_file(found).encode()}
    files |= dict(draw_figures(found))
    claim_folder(folder)
    for file, content in files.items():
        write_bytes(folder / file, content)
    if arguments.json:
        print(result)
    else:
        print(
            f"{console_table(found)}\n\nfigures, calibration.json and the world: {folder / 'scenario.yaml'}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
