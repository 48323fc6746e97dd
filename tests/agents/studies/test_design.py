"""Points of the family: even, repeatable, and another seed's are others."""

from __future__ import annotations

import numpy as np
import pytest

from juguo_agents.studies.design import DESIGNS, points
from juguo_envs.errors import UserError
from juguo_envs.worlds.sampling import axes, scenario_at


@pytest.mark.parametrize("design", DESIGNS)
def test_points_are_repeatable_and_another_seed_gives_others(design: str) -> None:
    first = points(16, 1, design=design)
    assert first.shape == (16, len(axes()))
    assert np.array_equal(first, points(16, 1, design=design))
    assert not np.isin(points(16, 2, design=design), first).any()


@pytest.mark.parametrize("design", DESIGNS)
def test_a_power_of_two_fills_every_axis_evenly(design: str) -> None:
    drawn = points(64, 3, design=design)
    cells = np.floor(64 * drawn).astype(int)
    for column in cells.T:
        assert np.array_equal(np.sort(column), np.arange(64))


def test_fewer_sobol_points_are_the_first_of_more() -> None:
    assert np.array_equal(points(20, 5), points(32, 5)[:20])
    assert points(1, 5).shape == (1, len(axes()))


def test_every_point_is_a_world() -> None:
    digests = {scenario_at(place).digest() for place in points(8, 7)}
    assert len(digests) == 8


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((0, 1), "points is 0; allowed is 1 to"),
        ((4, -1), "seed is -1"),
        ((4, 1, None, "grid"), "design is 'grid'; allowed are sobol and latin"),
    ],
)
def test_what_cannot_be_drawn_is_refused(arguments: tuple[object, ...], words: str) -> None:
    with pytest.raises(UserError, match=words):
        points(*arguments)  # type: ignore[arg-type]
