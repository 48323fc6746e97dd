"""The file of claims: what ships, and how a wrong one is refused."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import pytest
import yaml

from juguo_agents.studies.hypotheses.claims import (
    SHIPPED,
    ChosenClaims,
    ClaimsError,
    changed,
    load_claims,
    parse_claims,
)
from juguo_agents.studies.hypotheses.study import HypothesesSettings
from juguo_envs.worlds.scenario import Scenario


@cache
def _shipped() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture
def data() -> dict[str, Any]:
    """The file that ships, as plain values to be spoiled."""
    return copy.deepcopy(_shipped())


def test_the_shipped_file_states_thirteen_claims_in_full() -> None:
    claims = load_claims(SHIPPED)
    assert [claim.id for claim in claims.claims] == list(range(1, 14))
    for claim in claims.claims:
        assert all((claim.claim, claim.statistic, claim.refuted_by, claim.built_in))
        assert all(part.counts > 0.0 for part in claim.parts)
    HypothesesSettings().check()


def test_confidence_is_corrected_for_every_part_that_counts_and_no_other() -> None:
    claims = load_claims(SHIPPED)
    assert claims.tested == sum(len(claim.parts) for claim in claims.claims)
    assert claims.tested > len(claims.claims)


def test_arms_that_do_the_same_are_run_once() -> None:
    claims = load_claims(SHIPPED)
    assert claims.arms["open_always"] == claims.arms["open_active"]
    cells = ChosenClaims(claims, tuple(range(1, 14))).cells().values()
    assert len({cell.key for cell, _ in cells}) == len(cells)
    names = [cell.name for cell, _ in cells]
    assert "open_always" in names
    assert "open_active" not in names


def spoil(data: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """Set a value by a dotted place; numbers are positions in a list."""
    at: Any = data
    *parents, last = place.split("/")
    for part in parents:
        at = at[int(part)] if isinstance(at, list) else at[part]
    at[last] = value
    return data


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        ("sample/scenarios", 1, ("sample.scenarios is 1; allowed is 2 to 4096",)),
        ("sample/scenarios", "many", ("sample.scenarios is 'many'", "integer")),
        ("sample/senarios", 3, ("unknown field", "sample.senarios")),
        ("tuning/points_seed", 7301, ("sample.points_seed and tuning.points_seed are the same",)),
        ("tuning/shipped", ["defaul"], ("unknown scenario 'defaul'", "did you mean 'default'")),
        ("arms/proposal/rule", "experiment_difusion", ("unknown allocator", "did you mean")),
        ("arms/proposal/tuned", "flat", ("exactly one of rule, shares, tuned, searched",)),
        ("arms/pilot/numbers", {"exit_trail": 1}, ("no number 'exit_trail'", "exit_trial")),
        ("arms/best/searched", "closed_lop", ("unknown family", "closed_loop")),
        ("arms/best/at", "middle", ("at is 'middle'", "'open_loop'")),
        ("arms/best/edits", {"take_away": {"functions": ["research"], "keep": 0.5}}, ("crisis.cover: 0",)),
        ("arms/best/edits", {"move_from": {"functions": ["reserch"], "keep": 0}}, ("'reserch' is unknown",)),
        ("arms/unused", {"rule": "flat"}, ("arm 'unused' is used by no claim",)),
        ("claims/0/id", 2, ("claim id 2 is used twice",)),
        ("claims/0/parts/0/outcome", "retrun", ("outcome is 'retrun'", "return")),
        ("claims/0/parts/0/contrast", {"gatherin": 1}, ("arm 'gatherin' is unknown", "gathering")),
        ("claims/0/parts/0/direction", "below", ("direction is 'below'", "at_most")),
        ("claims/0/world", {"money.b": 1}, ("unknown field 'money.b'",)),
        ("claims/0/world", {"money.B": {"times": 2, "at_least": 1}}, ("exactly one of times",)),
    ],
)
def test_a_wrong_entry_is_refused_by_name(
    data: dict[str, Any], place: str, value: Any, words: tuple[str, ...]
) -> None:
    with pytest.raises(ClaimsError) as refused:
        parse_claims(spoil(data, place, value), "file of claims")
    message = str(refused.value)
    assert "\n" not in message
    for word in words:
        assert word in message


def test_a_change_of_the_world_starts_from_what_the_scenario_holds(data: dict[str, Any]) -> None:
    claims = parse_claims(data, "claims")
    poor = Scenario().override({"money.B": 0.3, "defect.p_X": 0.1})
    half = changed(poor, claims.arms["half_supply"].world)
    assert pytest.approx(0.15) == half.money.B
    assert changed(poor, claims.claims[12].world).defect.p_X == 0.2
    assert changed(poor, claims.claims[9].world).programme.minimum == (4, 1, 4)
    longer = changed(poor, claims.arms["institution"].world)
    assert (longer.programme.T, longer.programme.rounds) == (180, 3)
