"""The reference values and scorecards that ship: of the worlds that ship, and measured so again."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from juguo_agents.allocators import make_rule
from juguo_agents.allocators.registry import NOTHING
from juguo_agents.benchmark.leaderboard import read_cards
from juguo_agents.benchmark.protocol import CLOSED_LOOP, EPISODES, ORACLE, WORLDS, seeds_of, world_of
from juguo_agents.benchmark.references import load_references
from juguo_agents.evaluation.rollout import run

HOME = Path(__file__).resolve().parents[3]
SHIPPED = load_references()


def test_the_values_can_be_measured_again_and_the_scale_is_in_order() -> None:
    assert SHIPPED.episodes == EPISODES and tuple(SHIPPED.worlds) == WORLDS
    for name in ("default", "sound", "poor"):
        again = run(make_rule("flat"), world_of(name), seeds_of(name, 8)).returns
        assert np.allclose(again, SHIPPED.worlds[name].returns["flat"][:8], atol=1e-5)
    for world in SHIPPED.worlds.values():
        assert world.mean(NOTHING) < world.mean(world.best_rule()) < world.mean(ORACLE)
        assert world.mean(CLOSED_LOOP) < world.mean(ORACLE)


def test_the_leaderboard_is_the_page_of_the_shipped_cards() -> None:
    page = (HOME / "docs" / "results" / "benchmark.md").read_text(encoding="utf-8")
    cards = read_cards(HOME / "results", SHIPPED)
    assert len(cards) >= 12
    places = [page.index(f"| `{card.entry}` |") for card in cards]
    assert places == sorted(places)
