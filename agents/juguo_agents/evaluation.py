"""Runs allocators over test episodes and records what happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators import BASELINE, Allocator, Setting, make_rule
from juguo_agents.allocators.base import show_hidden
from juguo_agents.results import EXIT_DTYPE, Comparison, Record
from juguo_envs.batch import Batch
from juguo_envs.errors import UserError
from juguo_envs.model.state import N_FUNCTIONS, N_STRATA, STAGES
from juguo_envs.scenario import Scenario

TEST_SEEDS_END = 2**31
"""Test episodes have seeds below this; selection seeds lie above it, training seeds above 2**32."""
SELECTION_SEEDS = 2**31
SEARCH_SEEDS = 2**31 + 2**30
"""From here to the training seeds, the upper half of the range of selection, seeds are for searches."""
TRAINING_SEEDS = 2**32

Watcher = Callable[[int, int, Batch], None]
"""Called after every quarter: index of the first episode in the batch, quarter from 0, and the batch."""

_CHUNK = 100  # episodes stepped together; results do not depend on it


def test_seeds(first: int, episodes: int) -> npt.NDArray[np.uint64]:
    """Seeds of the test episodes.

    Raises:
        UserError: If they would overlap the selection seeds, or there is no episode.
    """
    if episodes < 1:
        raise UserError(f"episodes is {episodes}; allowed is 1 or more")
    if first < 0 or first + episodes > TEST_SEEDS_END:
        raise UserError(
            f"seed is {first}; allowed is 0 to {TEST_SEEDS_END - episodes} for {episodes} episodes"
        )
    return np.arange(first, first + episodes, dtype=np.uint64)


def run(
    allocator: Allocator,
    scenario: Scenario,
    seeds: npt.NDArray[np.uint64],
    *,
    observe: str = "noisy",
    threads: int = 1,
    watch: Watcher | None = None,
) -> Record:
    """Run an allocator over one episode per seed; `watch` sees every quarter of them."""
    setting = Setting.of(scenario)
    parts = [
        _run_chunk(allocator, scenario, setting, seeds[i : i + _CHUNK], i, observe == "noisy", threads, watch)
        for i in range(0, len(seeds), _CHUNK)
    ]
    if len(parts) == 1:
        return parts[0]
    fields = [name for name in Record.__dataclass_fields__ if name != "name"]
    return Record(allocator.name, **{f: np.concatenate([getattr(p, f) for p in parts]) for f in fields})


def _run_chunk(
    allocator: Allocator,
    scenario: Scenario,
    setting: Setting,
    seeds: npt.NDArray[np.uint64],
    first: int,
    noisy: bool,
    threads: int,
    watch: Watcher | None,
) -> Record:
    e, t_end = len(seeds), scenario.programme.T
    batch = Batch(scenario, e, noisy=noisy, threads=threads)
    r, n = batch.communities, batch.persons
    state, sizes = batch.state, np.diff(batch.world.start)
    allocator.start(setting, seeds)
    show_hidden(allocator, batch)
    observation = batch.reset(seeds)
    sums = {name: np.zeros(e) for name in ("reward", "breadth", "resilience", "excluded")}
    adoption = np.zeros((e, t_end + 1))
    spending = np.zeros((e, len(STAGES), N_FUNCTIONS + 1))
    community_spending = np.zeros((e, len(STAGES), r))
    stage_quarters = np.zeros((e, len(STAGES)), np.int64)
    board = np.zeros_like(state.board)
    exits: list[npt.NDArray[np.void]] = []
    episode = np.arange(e)
    for t in range(t_end):
        stage, project, age = (state.programme[name].copy() for name in ("stage", "project", "age"))
        observation = batch.step(allocator.act(observation))
        quarter = state.quarter
        for name, total in sums.items():
            total += quarter[name]
        adoption[:, t + 1] = state.adopters.sum((1, 2)) / n
        pot = (quarter["budget"] + quarter["released"])[:, None] / n
        shares = state.allocation[:, : N_FUNCTIONS + 1]
        spending[episode, stage] += shares * pot
        where = state.allocation[:, N_FUNCTIONS + 1 : N_FUNCTIONS + 1 + r]
        community_spending[episode, stage] += where * (quarter["spent"][:, None] / sizes)
        stage_quarters[episode, stage] += 1
        board += state.board
        if watch:
            watch(first, t, batch)
        for i in np.flatnonzero(quarter["gave_up"]):
            row = (first + i, t + 1, project[i], age[i] + 1, stage[i])
            exits.append(
                np.array((*row, quarter["gave_up_harm"][i], quarter["gave_up_defect"][i]), EXIT_DTYPE)
            )
    with np.errstate(invalid="ignore"):
        final = np.where(state.cells > 0, state.adopters / np.maximum(state.cells, 1), np.nan)
    return Record(
        name=allocator.name,
        returns=sums["reward"],
        breadth=sums["breadth"] / t_end,
        resilience=sums["resilience"] / t_end,
        excluded=sums["excluded"] / t_end,
        adoption=adoption,
        final_adoption=final.reshape(e, r, N_STRATA),
        spending=spending,
        community_spending=community_spending,
        stage_quarters=stage_quarters,
        exits=np.array(exits, EXIT_DTYPE) if exits else np.zeros(0, EXIT_DTYPE),
        board=board / t_end,
    )


def compare(
    allocators: Sequence[Allocator],
    scenario: Scenario,
    *,
    episodes: int,
    first_seed: int = 0,
    observe: str = "noisy",
    threads: int = 1,
    progress: Callable[[str], None] | None = None,
) -> Comparison:
    """Run allocators over the same test episodes. The baseline is added where it is missing.

    Args:
        allocators: What to compare; names must differ.
        scenario: The world.
        episodes: Number of test episodes.
        first_seed: Seed of the first; the others follow it.
        observe: "noisy" or "true".
        threads: Threads of the model; results do not depend on it.
        progress: Called with each allocator's name when it is done.
    """
    seeds = test_seeds(first_seed, episodes)
    everyone = list(allocators)
    if all(a.name != BASELINE for a in everyone):
        everyone.insert(0, make_rule(BASELINE))
    names = [a.name for a in everyone]
    if len(set(names)) < len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise UserError(f"allocator {twice!r} is named twice; each may be compared once")
    records = []
    for allocator in everyone:
        records.append(run(allocator, scenario, seeds, observe=observe, threads=threads))
        if progress:
            progress(allocator.name)
    return Comparison(scenario, observe, first_seed, episodes, BASELINE, tuple(records))
