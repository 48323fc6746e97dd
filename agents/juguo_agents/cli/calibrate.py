"""`juguo calibrate`."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import Field

from juguo_agents.calibration.data import read_diffusion
from juguo_agents.calibration.figures import draw_figures
from juguo_agents.calibration.results import as_json, console_table
from juguo_agents.calibration.results import calibrate as estimate
from juguo_agents.calibration.scenario_file import scenario_file
from juguo_agents.cli.options import command
from juguo_agents.cli.running import show, show_json
from juguo_agents.folders import check_new, new_folder, next_free
from juguo_agents.provenance import versions
from juguo_envs.errors import UserError
from juguo_envs.files import write_bytes
from juguo_envs.validation import Strict


class Calibrate(Strict):
    """The data, and what is made of it."""

    persons: Path = Field(
        description="CSV with columns id, community, time_of_adoption (a period from 1; empty: not adopted)"
    )
    edges: Path = Field(description="CSV with columns ego, alter: ego named alter")
    name: str | None = Field(
        None, description="name of the data and of the scenario; default: from the file of persons"
    )
    seed: int = Field(0, ge=0, description="seed of the simulations")
    periods: int | None = Field(None, description="periods observed; default: the latest time of adoption")
    out: Path | None = Field(None, description="new folder; default: calibrations/ and the name, numbered")
    as_json: bool = Field(
        False, alias="json", description="print the content of calibration.json, nothing else"
    )


@command
def calibrate(asked: Calibrate) -> int:
    """Estimate, and write the scenario."""
    name = name_of(asked.persons) if asked.name is None else asked.name
    if not 1 <= len(name) <= 80 or name != Path(name).name or name.startswith("."):
        raise UserError(f"--name is {name!r}; allowed is the name of a folder, of at most 80 characters")
    folder = asked.out or next_free(Path("calibrations"), name)
    check_new(folder)
    found = estimate(read_diffusion(asked.persons, asked.edges, asked.periods), name, asked.seed)
    result = as_json(found, versions())
    numbers = json.dumps(result, allow_nan=False, indent=2, ensure_ascii=False)
    files = {"calibration.json": f"{numbers}\n".encode(), "scenario.yaml": scenario_file(found).encode()}
    files |= dict(draw_figures(found))
    where = ""
    try:
        with new_folder(folder) as draft:
            for file, content in files.items():
                write_bytes(draft / file, content)
        where = f"\n\nfigures, calibration.json and the world: {folder / 'scenario.yaml'}"
    finally:  # a disk that is full takes no result away
        if asked.as_json:
            show_json(result)
        else:
            show(f"{console_table(found)}{where}")
    return 0


def name_of(persons: Path) -> str:
    """The data's name: the file's, or the folder's where the file is only called persons."""
    file = persons.resolve()
    name = file.stem if file.stem != "persons" else file.parent.name
    return name[:80] or "calibration"
