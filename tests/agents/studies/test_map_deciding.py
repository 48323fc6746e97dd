"""What decides: trees find the split that was built in, and none where there is none; indices are right."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from juguo_agents.evaluation.discovery import grow, leaves, region
from juguo_agents.evaluation.sensitivity import indices, sensitivity
from juguo_agents.studies.map.page import where as where_words
from juguo_envs.worlds.sampling import Axis

Array = npt.NDArray[np.float64]
AXES = (
    Axis("money.B", 0.1, 10.0, True, False, ("money.B",), False, "1", "budget"),
    Axis("adoption.d0", 0.0, 1.0, False, False, ("adoption.d0",), False, "1", "difficulty"),
    Axis("fit.eta_F", 0.0, 2.0, False, False, ("fit.eta_F",), False, "1", "growth"),
)


def places(count: int, seed: int = 0, size: int = 3) -> Array:
    """Random places of a cube."""
    return np.random.default_rng(seed).random((count, size))


def test_the_tree_finds_the_split_that_was_built_in() -> None:
    where = places(200)
    best = ["flat" if u > 0.5 else "concentrated" for u in where[:, 0]]
    grown = grow(where, best, AXES)
    assert grown is not None
    root = grown.nodes[0]
    assert (root["axis"], root["symbol"]) == ("money.B", "B")
    assert root["threshold"] == pytest.approx(1.0, rel=0.05)  # the middle of a logarithmic axis
    assert grown.accuracy > 0.97 > 0.6 > grown.majority
    assert len(grown.nodes) == 3  # splits that change nothing are left out
    low, high = leaves(grown.nodes)
    cut = root["threshold"]
    assert (low[0], high[0]) == ({"money.B": (None, cut)}, {"money.B": (cut, None)})
    assert (where_words(low[0]), where_words(high[0])) == (f"B ≤ {cut:.3g}", f"B > {cut:.3g}")
    assert [grown.classes[leaf["named"]] for _, leaf in (low, high)] == ["concentrated", "flat"]
    assert sum(low[1]["counts"]) + sum(high[1]["counts"]) == 200


def test_a_tree_of_noise_is_no_better_than_the_most_frequent_name() -> None:
    rng = np.random.default_rng(1)
    grown = grow(places(300), rng.choice(["flat", "concentrated"], 300, p=[0.8, 0.2]).tolist(), AXES)
    assert grown is not None
    assert grown.accuracy <= grown.majority + 0.02


def test_conditions_on_one_axis_are_said_as_one_range() -> None:
    where = places(300)
    middle = (where[:, 1] > 0.3) & (where[:, 1] < 0.7)
    grown = grow(where, np.where(middle, "flat", "concentrated").tolist(), AXES)
    assert grown is not None
    words = {
        where_words(bounds) for bounds, leaf in leaves(grown.nodes) if grown.classes[leaf["named"]] == "flat"
    }
    assert len(words) == 1
    assert " < d0 ≤ " in words.pop()


def test_a_rare_winner_is_left_out_of_the_tree_and_counted() -> None:
    where = places(100)
    best = ["flat" if u > 0.5 else "concentrated" for u in where[:, 0]]
    best[:2] = ["experiment_diffusion"] * 2
    grown = grow(where, best, AXES)
    assert grown is not None
    assert grown.left_out == 2
    assert grown.classes == ("concentrated", "flat")


@pytest.mark.parametrize(
    "best", [["flat"] * 50, ["flat"] * 49 + ["concentrated"], ["flat", "concentrated"] * 3]
)
def test_no_tree_grows_where_there_is_nothing_to_tell(best: list[str]) -> None:
    assert grow(places(len(best)), best, AXES) is None


def test_the_region_of_a_rare_winner_is_found() -> None:
    where = places(400)
    wins = (where[:, 0] < 0.2) & (where[:, 1] < 0.4)
    found = region(where, wins, AXES)
    assert found is not None
    assert found.everywhere == wins.mean() < 0.12
    assert found.inside > 0.8
    assert found.found > 0.8
    assert region(where, np.zeros(400, bool), AXES) is None


def test_a_region_of_noise_says_so() -> None:
    wins = np.random.default_rng(2).random(400) < 0.2
    found = region(places(400), wins, AXES)
    assert found is not None
    assert found.inside < 2.0 * found.everywhere


def test_indices_of_a_known_function_are_right() -> None:
    def ishigami(x: Array) -> Array:
        a, b, c = (2.0 * np.pi * x[:, i] - np.pi for i in range(3))
        value: Array = np.sin(a) + 7.0 * np.sin(b) ** 2 + 0.1 * c**4 * np.sin(a)
        return value

    first, total = indices(ishigami, 4)
    assert first == pytest.approx([0.314, 0.442, 0.0, 0.0], abs=0.03)
    assert total == pytest.approx([0.558, 0.442, 0.244, 0.0], abs=0.03)
    assert first[3] == total[3] == 0.0
    assert not np.any(indices(lambda x: np.zeros(len(x)), 2))


NAMES = [axis.name for axis in AXES]


def test_sensitivity_ranks_the_axes_and_says_how_much_it_explains() -> None:
    rng = np.random.default_rng(5)
    where = places(200)
    truth = 0.5 * where[:, 0] + 2.0 * where[:, 1]
    found = sensitivity(where, truth[:, None] + rng.normal(0.0, 0.1, (200, 10)), NAMES)
    assert found is not None
    assert found["surrogate"] == max(found["r2"], key=lambda name: found["r2"][name]) == "products of two"
    assert found["r2"][found["surrogate"]] > 0.95
    assert [row["axis"] for row in found["indices"]] == [NAMES[i] for i in (1, 0, 2)]
    assert [row["total"] for row in found["indices"]] == pytest.approx([16 / 17, 1 / 17, 0.0], abs=0.02)
    assert all(row["total_interval"] == sorted(row["total_interval"]) for row in found["indices"])
    assert found["noise"] == pytest.approx(0.001 / truth.var(), rel=0.3)


def test_sensitivity_of_noise_explains_nothing() -> None:
    found = sensitivity(places(100), np.random.default_rng(6).normal(0.0, 1.0, (100, 5)), NAMES)
    assert found is not None
    assert max(found["r2"].values()) < 0.15
    assert found["noise"] > 0.6


def test_sensitivity_needs_points_and_variation() -> None:
    assert sensitivity(places(10), np.random.default_rng(0).random((10, 4)), NAMES) is None
    assert sensitivity(places(50), np.ones((50, 4)), NAMES) is None
