"""One episode is what it was when it was recorded: no change of the model goes unnoticed.

The tolerance leaves room for another libm and another order of sums, not for another model.
"""

from __future__ import annotations

import json

from pytest import approx

from tests.golden.make_golden import FILE, trajectory


def test_a_fixed_episode_is_as_recorded() -> None:
    recorded = json.loads(FILE.read_text(encoding="utf-8"))
    found = trajectory()
    assert len(found) == len(recorded) == 12
    for row, expected in zip(found, recorded, strict=True):
        assert row == approx(expected, rel=1e-6, abs=1e-9), f"quarter {expected['quarter']}"


def test_the_recorded_episode_visits_what_the_model_can_do() -> None:
    recorded = json.loads(FILE.read_text(encoding="utf-8"))
    assert {row["stage"] for row in recorded} == {0, 1, 2}
    assert recorded[-1]["project"] == 1
    assert max(row["adopters"] for row in recorded) > 30
    assert recorded[-1]["D"] > recorded[-1]["D_true"] > 0.0  # rumours and harm
    assert recorded[-1]["X"] < max(row["X"] for row in recorded if row["project"] == 1)  # a repair
    assert max(row["crisis"] for row in recorded) > 0.0
