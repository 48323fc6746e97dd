"""The table of seeds: ranges are apart, and whoever asks for seeds gets them from the range of that use."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.seeds import EPISODES, Range, Seeds, check_disjoint
from juguo_envs.errors import UserError


@given(st.data())
def test_ranges_that_share_a_seed_are_refused(data: st.DataObject) -> None:
    size, first = data.draw(st.integers(1, 50)), data.draw(st.integers(0, 49))
    table = [Range("one", 0, size, ""), Range("two", first, 1, "")]
    if first >= size:
        check_disjoint(table)
        return
    with pytest.raises(ValueError, match="'one' reach into those of 'two'"):
        check_disjoint(table)


def test_test_selection_search_and_training_follow_each_other() -> None:
    assert seeds.MAP.end == seeds.TEST_END == seeds.SELECTION.first
    assert [r for r in EPISODES if r.first < seeds.TEST_END and r.end > seeds.TEST_END] == []
    assert seeds.MAP_CHOICE.end == seeds.SEARCH_RANKING.first
    assert seeds.SEARCH_VALIDATION.end == seeds.TRAINING.first


@pytest.mark.parametrize("range_", EPISODES, ids=lambda r: r.name)
def test_a_range_gives_its_own_seeds_and_no_others(range_: Range) -> None:
    assert range_.take(0, 2).tolist() == [range_.first, range_.first + 1]
    assert range_.take(range_.size - 1, 1)[0] == range_.end - 1
    assert range_.first in range_ and range_.end not in range_
    for start, count in ((-1, 1), (range_.size, 1), (range_.size - 1, 2)):
        with pytest.raises(ValueError, match=range_.name):
            range_.take(start, count)


def blocks() -> dict[str, tuple[Range, list[Seeds]]]:
    """Neighbouring blocks at their largest size, in order, from both ends of every range that is divided."""
    s = seeds
    searches, last = (0, 1, s.SEEDS_OF_SEARCH - 1), s.MAP_POINTS - 1
    most = s.LARGEST_BUDGET // (4 * 5)  # generations of the smallest population
    of_search = [(k, phase) for k in searches for phase in range(s.PHASES)]
    maps = [(m, p) for m in (0, 1, s.MAPS - 1) for p in (0, 1, last)]
    ranked = [
        part
        for k, phase in of_search
        for part in (
            *(s.search_ranking(k, phase, g, 5) for g in (0, 1, most)),
            s.search_starts(k, phase, 250_000),
        )
    ]
    return {
        "ranking": (s.SEARCH_RANKING, ranked),
        "choice": (s.SEARCH_CHOICE, [s.search_choice(*k, s.LARGEST_BUDGET // 16) for k in of_search]),
        "map": (
            s.MAP,
            [part for m in maps for part in (s.map_test(*m, 120), s.map_test(*m, 8, after=120))],
        ),
        "map choice": (s.MAP_CHOICE, [s.map_choice(*m, s.MAP_CHOICES) for m in maps]),
        "held out": (
            s.HELD_OUT,
            [s.held_out(i, s.HELD_OUT_EPISODES) for i in (0, 1, s.HELD_OUT_WORLDS.size - 1)],
        ),
        "hypotheses": (s.HYPOTHESES_CHOICE, [s.hypotheses_choice(i, 1000) for i in (0, 1, 4095)]),
        "rollouts": (s.EXPLAIN_ROLLOUTS, [s.explain_rollouts(i, s.EXPLAIN_EPISODES) for i in (0, 1, 99)]),
    }


@pytest.mark.parametrize("use", blocks())
def test_no_two_blocks_of_a_range_share_a_seed(use: str) -> None:
    range_, parts = blocks()[use]
    assert parts[0][0] in range_ and parts[-1][-1] in range_
    for one, following in itertools.pairwise(parts):
        assert one[-1] < following[0]


def test_the_largest_choices_and_explanations_fit_their_ranges() -> None:
    assert len(seeds.EXPLAIN_RANKING.take(0, seeds.EXPLAIN_EPISODES)) == seeds.EXPLAIN_EPISODES
    assert len(seeds.EXPLAIN_CHOICE.take(0, seeds.EXPLAIN_EPISODES)) == seeds.EXPLAIN_EPISODES


def test_seeds_drawn_for_training_are_training_seeds() -> None:
    drawn = seeds.draw_training(np.random.default_rng(0), 10_000)
    assert drawn.min() in seeds.TRAINING and len(np.unique(drawn)) == 10_000


@pytest.mark.parametrize(
    ("first", "episodes", "message"),
    [(seeds.TEST_END - 5, 10, "seed is"), (-1, 1, "seed is"), (0, 0, "episodes is 0")],
)
def test_test_episodes_outside_their_range_are_refused(first: int, episodes: int, message: str) -> None:
    with pytest.raises(UserError, match=message):
        seeds.test(first, episodes)
