"""Runs allocators over test episodes and records what happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators import BASELINE, NOTHING, Allocator, Setting, make_rule
from juguo_agents.allocators.base import show_hidden
from juguo_agents.array_types import Seeds
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.course import CourseWatcher
from juguo_agents.evaluation.record import EXIT_DTYPE, Comparison, Record, record_bytes
from juguo_envs.engine.batch import Batch
from juguo_envs.engine.family_batch import make_batch
from juguo_envs.engine.memory import check_bytes, check_societies, episodes_together
from juguo_envs.errors import UserError, unknown
from juguo_envs.model.state import N_FUNCTIONS, N_STRATA, STAGES
from juguo_envs.spaces.context import ObservationConfig
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import Scenario

Watcher = Callable[[int, int, Batch], None]
"""Called after every quarter: index of the first episode in the batch, quarter from 0, and the batch."""

CHUNK = 100
"""Episodes stepped together, at most."""
MOST_HIGHLIGHTED = 8
"""Allocators that figures single out because they were named, at most."""


def setting_of(world: Scenario | Family, seeds: Seeds) -> Setting:
    """What allocators are told of the episodes of these seeds."""
    return Setting.of(world) if isinstance(world, Scenario) else Setting.of_family(world, seeds)


def longest_programme(world: Scenario | Family, seeds: npt.NDArray[np.uint64]) -> int:
    """Quarters of the longest programme of the episodes of these seeds."""
    return world.programme.T if isinstance(world, Scenario) else int(world.draw(seeds).params["T"].max())


def run(
    allocator: Allocator,
    world: Scenario | Family,
    seeds: Seeds,
    *,
    observe: str = "noisy",
    threads: int = 1,
    watch: Watcher | None = None,
) -> Record:
    """Run an allocator over one episode per seed; `watch` sees every quarter of them.

    In a family each episode has the world of its seed. Programmes that are over stand still until the last.
    """
    together = episodes_together(world if isinstance(world, Scenario) else world.base, CHUNK)
    longest = longest_programme(world, seeds)
    config = ObservationConfig.model_validate({"observe": observe})
    parts = [
        _run_chunk(allocator, world, longest, seeds[i : i + together], i, config, threads, watch)
        for i in range(0, len(seeds), together)
    ]
    if len(parts) == 1:
        return parts[0]
    fields = [name for name in Record.__dataclass_fields__ if name not in ("name", "course")]
    joined: dict[str, Any] = {f: np.concatenate([getattr(p, f) for p in parts]) for f in fields}
    return Record(allocator.name, **joined)


def _run_chunk(
    allocator: Allocator,
    world: Scenario | Family,
    longest: int,
    seeds: Seeds,
    first: int,
    config: ObservationConfig,
    threads: int,
    watch: Watcher | None,
) -> Record:
    e = len(seeds)
    batch = make_batch(world, e, config, threads=threads)
    r, n = batch.communities, batch.persons
    state, sizes = batch.state, np.diff(batch.structure.start)
    allocator.start(setting_of(world, seeds), seeds)
    show_hidden(allocator, batch)
    observation = batch.reset(seeds)
    quarters = batch.params["T"]
    sums = {name: np.zeros(e) for name in ("reward", "breadth", "resilience", "excluded")}
    adoption = np.zeros((e, longest + 1))
    spending = np.zeros((e, len(STAGES), N_FUNCTIONS + 1))
    community_spending = np.zeros((e, len(STAGES), r))
    stage_quarters = np.zeros((e, len(STAGES)), np.int64)
    board = np.zeros_like(state.board)
    exits: list[npt.NDArray[np.void]] = []
    for t in range(longest):
        going = ~batch.done
        now = np.flatnonzero(going)
        if len(now):
            stage, project, age = (state.programme[name].copy() for name in ("stage", "project", "age"))
            observation = batch.step(allocator.act(observation), None if len(now) == e else going)
            quarter = state.quarter[now]
            for name, total in sums.items():
                total[now] += quarter[name]
            pot = (quarter["budget"] + quarter["released"])[:, None] / n
            shares = state.allocation[now, : N_FUNCTIONS + 1]
            spending[now, stage[now]] += shares * pot
            where = state.allocation[now, N_FUNCTIONS + 1 : N_FUNCTIONS + 1 + r]
            community_spending[now, stage[now]] += where * (quarter["spent"][:, None] / sizes)
            stage_quarters[now, stage[now]] += 1
            board[now] += state.board[now]
            if watch:
                watch(first, t, batch)
            for i in now[quarter["gave_up"] > 0]:
                row = (first + i, t + 1, project[i], age[i] + 1, stage[i])
                told = (state.quarter[name][i] for name in ("gave_up_harm", "gave_up_defect"))
                exits.append(np.array((*row, *told), EXIT_DTYPE))
        adoption[:, t + 1] = state.adopters.sum((1, 2)) / n
    with np.errstate(invalid="ignore"):
        final = np.where(state.cells > 0, state.adopters / np.maximum(state.cells, 1), np.nan)
    return Record(
        name=allocator.name,
        returns=sums["reward"],
        breadth=sums["breadth"] / quarters,
        resilience=sums["resilience"] / quarters,
        excluded=sums["excluded"] / quarters,
        adoption=adoption,
        final_adoption=final.reshape(e, r, N_STRATA),
        spending=spending,
        community_spending=community_spending,
        stage_quarters=stage_quarters,
        exits=np.sort(np.array(exits, EXIT_DTYPE), order=("episode", "quarter")),
        board=board / quarters[:, None, None],
    )


@dataclass(frozen=True)
class Conditions:
    """A scenario, and how it is observed: "noisy" or "true"."""

    scenario: Scenario
    observe: str = "noisy"

    def run(self, allocator: Allocator, episodes: Seeds) -> Record:
        """See `run`."""
        return run(allocator, self.scenario, episodes, observe=self.observe)


def check_comparison(world: Scenario | Family, episodes: int, allocators: int) -> None:
    """Refuse a comparison whose societies, or whose records, do not fit into memory.

    Raises:
        UserError: Saying how much it needs.
    """
    scenario = world if isinstance(world, Scenario) else world.base
    check_societies(scenario, min(episodes, episodes_together(scenario, CHUNK)))
    lengths = [a.high for a in world.axes if a.name == "programme.T"] if isinstance(world, Family) else []
    each = record_bytes(int(max([scenario.programme.T, *lengths])), len(scenario.society.listed()))
    what = f"records of {episodes:,} episodes of {allocators} allocators, {each:,} bytes each,"
    check_bytes(allocators * episodes * each, what, "take fewer episodes, or compare fewer at a time")


def compare(
    allocators: Sequence[Allocator],
    world: Scenario | Family,
    *,
    episodes: int,
    first_seed: int = 0,
    observe: str = "noisy",
    threads: int = 1,
    progress: Callable[[str], None] | None = None,
    highlight: Sequence[str] = (),
) -> Comparison:
    """Run allocators over the same test episodes, and record their course.

    What others are read against is added where it is missing: the baseline, `BASELINE`, and `NOTHING`.

    Args:
        allocators: What to compare; names must differ.
        world: The scenario, or the family of which every test episode has one.
        episodes: Number of test episodes.
        first_seed: Seed of the first; the others follow it.
        observe: "noisy" or "true".
        threads: Threads of the model; results do not depend on it.
        progress: Called with each allocator's name when it is done.
        highlight: Names of those that every figure is to single out, of which the first 8 are.

    Raises:
        UserError: If two have one name, one that is to be singled out is not compared, or there is no room.
    """
    everyone = list(allocators)
    given = {a.name for a in everyone}
    everyone = [*(make_rule(name) for name in (BASELINE, NOTHING) if name not in given), *everyone]
    names = [a.name for a in everyone]
    if len(set(names)) < len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise UserError(f"allocator {twice!r} is named twice; each may be compared once")
    for name in highlight:
        if name not in names:
            raise UserError(f"highlight: {unknown('allocator', name, names)}")
    check_comparison(world, episodes, len(everyone))
    episode_seeds = seeds.test(first_seed, episodes)
    longest = longest_programme(world, episode_seeds)
    base = world if isinstance(world, Scenario) else world.base
    places = len(base.society.listed())
    records = []
    for allocator in everyone:
        watcher = CourseWatcher(episodes, longest, places)
        record = run(allocator, world, episode_seeds, observe=observe, threads=threads, watch=watcher)
        records.append(replace(record, course=watcher.course()))
        if progress:
            progress(allocator.name)
    family = None if isinstance(world, Scenario) else world
    shown = tuple(dict.fromkeys(highlight))[:MOST_HIGHLIGHTED]
    return Comparison(base, observe, first_seed, episodes, BASELINE, tuple(records), family, shown)
