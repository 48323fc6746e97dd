"""`juguo dataset`."""

from __future__ import annotations

import os
from typing import Literal

from pydantic import Field

from juguo_agents.artifacts.load import find_allocators, world_for
from juguo_agents.cli.options import SCENARIO, command
from juguo_agents.cli.running import show
from juguo_agents.evaluation.seeds import DATASETS
from juguo_agents.progress import progress
from juguo_envs.errors import UserError
from juguo_envs.validation import Strict

_MOST = 100_000


class Dataset(Strict):
    """Who is recorded, and in which episodes."""

    names: tuple[str, ...] = Field(
        (),
        description="a rule, 'all' for all rules, your own as FILE.py:CLASS, or a run, search, explanation "
        "or front by folder or file",
        json_schema_extra={"positional": True, "names": "allocator"},
    )
    id_: str | None = Field(
        None, alias="id", description="name of the data set, for example juguo/poor/rules-v0"
    )
    scenario: str | None = SCENARIO
    episodes: int = Field(100, ge=1, le=_MOST, description="episodes of each allocator; the same for all")
    seed: int = Field(
        0,
        ge=0,
        le=DATASETS.size - _MOST,
        description="the first episode, counted from the first seed for data sets; no test has one of them",
    )
    observe: Literal["noisy", "true"] = Field("noisy", description="noise on what is seen")


@command
def dataset(asked: Dataset) -> int:
    """Record allocators."""
    if not asked.names or asked.id_ is None:
        raise UserError("name at least one allocator and the --id of the data set, for example flat --id "
                        "juguo/default/flat-v0; juguo list names the allocators")  # fmt: skip
    from juguo_agents.evaluation.dataset import free_place, record  # only this command needs Minari

    free_place(asked.id_)  # refuses before a file is read
    world = world_for(asked.names, asked.scenario)
    seeds = DATASETS.take(asked.seed, asked.episodes)
    allocators = find_allocators(asked.names)
    with progress(len(allocators), "recording", "allocator") as bar:
        place = record(
            asked.id_,
            allocators,
            world,
            seeds,
            observe=asked.observe,
            threads=os.cpu_count() or 1,
            progress=lambda name: bar.update(),
        )
    show(f"{place}\nload it: minari.load_dataset({asked.id_!r})")
    return 0
