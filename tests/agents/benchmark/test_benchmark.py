"""The benchmark: one scale from no programme to the oracle, paired with every baseline, and nothing stale."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from juguo_agents.allocators import make_rule
from juguo_agents.allocators.registry import NOTHING
from juguo_agents.benchmark import protocol, references
from juguo_agents.benchmark.card import CardError, Scorecard, beaten, card_text, read_card, score, text
from juguo_agents.benchmark.leaderboard import leaderboard, read_cards
from juguo_agents.benchmark.protocol import CLOSED_LOOP, ORACLE, WORLDS, seeds_of
from juguo_agents.benchmark.references import (
    References,
    ReferencesError,
    Task,
    load_references,
    make,
    write_references,
)
from juguo_agents.evaluation.rollout import run
from juguo_agents.report.texts import speaking
from juguo_envs import Family, Scenario
from juguo_envs.errors import UserError
from juguo_envs.files import write_text
from tests.agents.studies.conducting import english
from tests.support import small

RULES = (NOTHING, "flat", "experiment_diffusion")
EPISODES = 5


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[References]:
    """Reference values of seven worlds, which are all the same small one."""

    def load_world(name: str) -> Scenario | Family:
        return Family(small()) if name == "family" else small()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(protocol, "load_world", load_world)
        patch.setattr(references, "_VALIDATION", 4)
        patch.setattr(references, "SAMPLES", {})
        folder = tmp_path_factory.mktemp("references")
        world = make(Task("default", folder, 350, EPISODES, RULES))
        write_references(dict.fromkeys(WORLDS, world), folder / "references.json", EPISODES)
        yield load_references(folder / "references.json")


def card_of(content: dict[str, Any]) -> Scorecard:
    return Scorecard.model_validate(content)


def test_no_programme_scores_0_and_a_baseline_is_not_ahead_of_itself(made: References) -> None:
    card = card_of(score("none", [NOTHING], made))
    for name in WORLDS[:1]:
        world = card.worlds[name]
        assert abs(world.score.mean) < 1e-3 and world.by == NOTHING and world.seeds == 1
        assert abs(world.over[NOTHING].mean) < 1e-4
    assert card.complete and card.steps == 0 and beaten(card) == 0


def test_the_scale_ends_at_the_oracle_and_a_score_is_linear_in_the_return(made: References) -> None:
    known = made.worlds["default"]
    assert np.isclose(known.normalised(np.array([known.mean(NOTHING), known.mean(ORACLE)])), [0.0, 1.0]).all()
    found = card_of(score("flat", ["flat"], made)).worlds["default"]
    own = run(make_rule("flat"), small(), seeds_of("default", EPISODES)).returns
    assert found.return_ is not None
    assert np.isclose(found.return_.mean, own.mean())
    assert np.isclose(found.score.mean, known.normalised(own).mean())
    assert np.isclose(
        found.over["experiment_diffusion"].mean, own.mean() - known.mean("experiment_diffusion"), atol=1e-5
    )


def test_worlds_have_seeds_of_their_own() -> None:
    everything = np.concatenate([seeds_of(name) for name in WORLDS])
    assert len(set(everything.tolist())) == len(everything) == 100 * len(WORLDS)


def test_an_entry_that_sees_what_is_hidden_is_refused(made: References, tmp_path: Path) -> None:
    task = Task("default", tmp_path, 350)
    references.searched_in(task)
    with pytest.raises(UserError, match="sees what is hidden"):
        score("oracle", [str(tmp_path / "default" / ORACLE)], made)
    closed = card_of(score("loop", [str(tmp_path / "default" / CLOSED_LOOP)], made))
    assert closed.steps and closed.worlds["default"].by == closed.parts[0]


def test_cards_are_read_back_and_make_a_page_with_the_best_first(made: References, tmp_path: Path) -> None:
    for name in ("flat", NOTHING):
        write_text(tmp_path / f"{name}.json", text(score(name, [name], made)))
    card = read_card(tmp_path / "flat.json")
    assert "cannot act" not in card_text(card)
    with speaking("zh"):
        told = card_text(card)
    assert english(told) == [] and "四分位均值" in told
    cards = read_cards(tmp_path, made)
    page = leaderboard(cards, "2026-01-01", "juguo benchmark --leaderboard results")
    ranked = sorted((card.iqm.mean, card.entry) for card in cards)
    assert [card.entry for card in cards] == [entry for _, entry in reversed(ranked)]
    assert all(f"`{card.entry}`" in page for card in cards)
    (tmp_path / "twice.json").write_bytes((tmp_path / "flat.json").read_bytes())
    with pytest.raises(CardError, match="both are of the entry 'flat'"):
        read_cards(tmp_path, made)
    with pytest.raises(UserError, match="no scorecard there"):
        read_cards(tmp_path / "absent", made)


def test_values_of_another_world_or_protocol_are_refused(made: References, tmp_path: Path) -> None:
    worlds = made.model_dump()["worlds"]
    stale = {**worlds, "poor": {**worlds["poor"], "digest": "0" * 16}}
    write_references(stale, tmp_path / "stale.json", made.episodes)
    with pytest.raises(ReferencesError, match="poor changed since it was measured"):
        load_references(tmp_path / "stale.json")
    write_references({"default": worlds["default"]}, tmp_path / "few.json")
    worlds["crisis"]["returns"]["oracle"].pop()
    write_references(worlds, tmp_path / "short.json", made.episodes)
    with pytest.raises(ReferencesError, match="the returns in crisis are not whole"):
        load_references(tmp_path / "short.json")
    with pytest.raises(ReferencesError, match="this version has juguo-7"):
        load_references(tmp_path / "few.json")
