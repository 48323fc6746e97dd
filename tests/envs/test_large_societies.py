"""Ten million persons: what they take, and that nothing overflows. Arithmetic, without making them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from juguo_envs import Batch, Scenario, ScenarioError
from juguo_envs.model.measures import read_table, tabulate
from juguo_envs.model.state import BLOCK_PERSONS, RHO_BINS, State, allocate_state, cut_into_blocks
from juguo_envs.worlds.society import MOST_EDGE_ENDS, build_structure
from tests.support import bits, random_actions, seeds, society_bytes

MOST_PERSONS = 10_000_000
EDGE_ENDS = 100_000_000
PER_PERSON, PER_EDGE_END, PER_OFFSET = 64, 4, 8


def shapes(persons: int, communities: int) -> State:
    """A state of dtypes and shapes alone: memory that is never touched is never taken."""
    start = np.linspace(0, persons, communities + 1).astype("i8")
    return allocate_state(1, persons, communities, EDGE_ENDS // 2, len(cut_into_blocks(start)))


@pytest.fixture(scope="module")
def largest() -> State:
    """The largest society."""
    return shapes(MOST_PERSONS, 8)


def test_a_person_takes_at_most_64_bytes_an_edge_end_4_and_an_offset_8(largest: State) -> None:
    taken = {name: array.nbytes for name, array in largest._asdict().items()}
    assert taken.pop("neighbours") == PER_EDGE_END * EDGE_ENDS
    assert taken.pop("offsets") == PER_OFFSET * (MOST_PERSONS + 1)
    assert sum(taken.values()) <= PER_PERSON * MOST_PERSONS


def test_what_persons_point_to_fits_its_type(largest: State) -> None:
    assert np.iinfo(largest.neighbours.dtype).max >= MOST_PERSONS
    assert np.iinfo(largest.offsets.dtype).max >= EDGE_ENDS
    assert np.iinfo(largest.peers.dtype).max >= MOST_PERSONS
    # i stands for a person who adopted, ~i for one who left; twice a block's first person is a place in it
    assert np.iinfo(largest.changed.dtype).min <= ~(MOST_PERSONS - 1)
    assert largest.changed.shape[1] >= 2 * MOST_PERSONS


def test_a_hundred_million_edge_ends_are_within_what_the_builder_counts() -> None:
    assert EDGE_ENDS < MOST_EDGE_ENDS <= np.iinfo(np.int32).max


@pytest.mark.parametrize(
    ("network", "degree", "field"),
    [("planted", 1000.0, "society.mean_degree"), ("complete", 8.0, "society.persons")],
)
def test_more_ends_of_ties_than_can_be_counted_are_refused(network: str, degree: float, field: str) -> None:
    scenario = Scenario.load("default").override(
        {"society.persons": MOST_PERSONS, "society.network": network, "society.mean_degree": degree}
    )
    with pytest.raises(ScenarioError, match=field):
        build_structure(scenario)


@pytest.mark.parametrize("persons", [10, 2048, 2049, 999_983, MOST_PERSONS])
def test_blocks_cover_everybody_once_stay_in_a_community_and_are_small(persons: int) -> None:
    start = np.array([0, persons // 3, persons // 2, persons])
    blocks = cut_into_blocks(start)
    assert blocks[0, 1] == 0
    assert blocks[-1, 2] == persons
    assert (blocks[1:, 1] == blocks[:-1, 2]).all()
    assert (blocks[:, 2] - blocks[:, 1]).max() <= BLOCK_PERSONS
    assert (blocks[:, 1] >= start[blocks[:, 0]]).all()
    assert (blocks[:, 2] <= start[blocks[:, 0] + 1]).all()


def test_a_table_of_resilience_holds_ten_million_persons_of_one_bin_by_blocks() -> None:
    table = np.zeros((2, RHO_BINS), np.uint64)
    counts, sums = np.zeros(RHO_BINS, np.int64), np.zeros(RHO_BINS)
    tabulate(np.ones(BLOCK_PERSONS, np.float32), table)
    blocks = -(-MOST_PERSONS // BLOCK_PERSONS)
    for _ in range(blocks):
        read_table(table, counts, sums)
    assert counts[-1] == blocks * BLOCK_PERSONS
    assert sums[-1] == pytest.approx(blocks * BLOCK_PERSONS)


def trajectory(size: int, threads: int) -> list[Any]:
    """Every bit of some quarters of societies that are cut into several blocks, with shocks and exits."""
    scenario = Scenario.load("default").override(
        {
            "society.persons": 30_000,
            "society.communities.count": 3,
            "society.communities.hubs": 1,
            "crisis.shock_rate": 0.2,
            "programme.T": 12,
        }
    )
    batch = Batch(scenario, size, threads=threads)
    rng = np.random.default_rng(1)
    found: list[Any] = [bits(batch.reset(seeds(size, 40)))]
    for _ in range(12):
        found.append(bits(batch.step(random_actions(rng, batch))))
        found += [society_bytes(batch, b) for b in range(size)]
    return found


@pytest.mark.parametrize("size", [1, 3])
def test_a_large_society_is_the_same_on_any_number_of_threads(size: int) -> None:
    alone = trajectory(size, 1)
    for threads in (2, 3, 5):
        assert trajectory(size, threads) == alone
