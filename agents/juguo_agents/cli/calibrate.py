"""`juguo calibrate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import Field, TypeAdapter, ValidationError

from juguo_agents.calibration.data import LEAST_PERSONS
from juguo_agents.calibration.figures import FIGURES, draw_figures
from juguo_agents.calibration.form import Form, read_columns
from juguo_agents.calibration.results import DROPPED_FILE, PARTS, as_json, console_table, dropped_file
from juguo_agents.calibration.results import calibrate as estimate
from juguo_agents.calibration.scenario_file import check_world, scenario_file
from juguo_agents.calibration.survey import read_diffusion
from juguo_agents.cli.options import command
from juguo_agents.cli.running import show, show_json
from juguo_agents.folders import check_new, new_folder, next_free
from juguo_agents.progress import progress
from juguo_agents.provenance import versions
from juguo_envs.errors import UserError
from juguo_envs.files import write_bytes
from juguo_envs.names import LONGEST, Name, slug
from juguo_envs.validation import Strict
from juguo_envs.worlds.scenario import STEPS_A_YEAR, Step


class Calibrate(Strict):
    """The data, and what is made of it."""

    persons: Path = Field(
        description="table with columns id, community, time_of_adoption (a period from 1; empty: not adopted)"
    )
    edges: Path | None = Field(
        None, description="table with columns ego, alter (ego named alter), or an adjacency matrix"
    )
    wide: str | None = Field(
        None, description="without edges: columns of persons that name others, such as net1..net5 or net*"
    )
    columns: str | None = Field(
        None, description="your headings, such as id=ID,time=year,community=village,ego=from,alter=to"
    )
    only: tuple[str, ...] = Field((), description="communities whose persons are used; default: all")
    start: str | None = Field(
        None, description="the first period: 1946, 1953-Q4, 1953-11, 1953-W45, 1953-11-02, or a number"
    )
    step: Step | None = Field(
        None, description="what a period is, and a step of the scenario; default: what --start names"
    )
    periods: int | None = Field(
        None, description="periods observed, later adoption being none; default: up to the latest adoption"
    )
    model: Literal["both", "peers", "community", "external"] = Field(
        "both", description="which fit the scenario has p and q from"
    )
    name: Name | None = Field(
        None, description="name of the data and of the scenario; default: from the file of persons"
    )
    seed: int = Field(0, ge=0, description="seed of the simulations")
    out: Path | None = Field(None, description="new folder; default: calibrations/ and the name, numbered")
    as_json: bool = Field(
        False, alias="json", description="print the content of calibration.json, nothing else"
    )


@command
def calibrate(asked: Calibrate) -> int:
    """Estimate, and write the scenario."""
    columns = {} if asked.columns is None else read_columns(asked.columns)
    form = Form(columns, asked.wide, asked.only, asked.periods, asked.start, asked.step)
    name = asked.name or name_of(asked.persons)
    folder = asked.out or next_free(Path("calibrations"), slug(name))
    check_new(folder)
    diffusion = read_diffusion(asked.persons, asked.edges, form)
    is_world = len(diffusion) >= LEAST_PERSONS
    if is_world:
        check_world(diffusion, name)
    with progress(PARTS + len(FIGURES), "calibrating", "part") as bar:
        found = estimate(diffusion, name, asked.seed, asked.model, bar.update)
        figures = {}
        for file, figure in draw_figures(found):
            figures[file] = figure
            bar.update()
    result = as_json(found, versions())
    numbers = json.dumps(result, allow_nan=False, indent=2, ensure_ascii=False)
    files = {"calibration.json": f"{numbers}\n".encode()}
    if is_world:
        files["scenario.yaml"] = scenario_file(found).encode()
    if diffusion.dropped:
        files[DROPPED_FILE] = dropped_file(diffusion).encode()
    files |= figures
    where = ""
    try:
        with new_folder(folder) as draft:
            for file, content in files.items():
                write_bytes(draft / file, content)
        world = folder / "scenario.yaml"
        made = f"\nthe world: {world}, with p {found.p:.4f} and q {found.q:.4f} (--model {asked.model})"
        if diffusion.step not in STEPS_A_YEAR:
            made += f"\nits step is called a quarter; if it is not one, say --step {'|'.join(STEPS_A_YEAR)}"
        where = f"\n\nfigures and calibration.json: {folder}{made if is_world else ''}"
    finally:  # a disk that is full takes no result away
        if asked.as_json:
            show_json(result)
        else:
            show(f"{console_table(found)}{where}")
    return 0


def name_of(persons: Path) -> str:
    """The data's name: the file's, or the folder's where the file is only called persons.

    Raises:
        UserError: If that is no name.
    """
    file = persons.resolve()
    name = (file.stem if file.stem != "persons" else file.parent.name)[:LONGEST]
    try:
        return TypeAdapter(Name).validate_python(name or "calibration")
    except ValidationError as error:
        raise UserError(
            f"{persons}: its name is no name for data ({error.errors()[0]['ctx']['error']}); say --name"
        ) from None
