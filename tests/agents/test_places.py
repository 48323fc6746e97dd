"""Where searches in many worlds begin: the race, what it is told by, and the jobs that go by it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from juguo_agents.generalists.experts import Settings, search_experts
from juguo_agents.generalists.places import FOLDER, begin_at_best, load_places, within
from juguo_agents.generalists.settings import Settings as Judgement
from juguo_agents.search.families import CLOSED_LOOP, ORACLE
from juguo_agents.search.race import EPISODES, ROUNDS, race
from juguo_agents.search.scoring import Scorer
from juguo_agents.search.searched import load_found
from juguo_envs.errors import UserError
from tests.support import small

SETTINGS = Settings(small(), worlds=3, budget=300, validation=4)
SEEDS = np.arange(EPISODES, dtype=np.uint64)


class Told(Scorer):
    """Returns that are known beforehand: a candidate's worth, and noise that is the same for all."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, list[int]]] = []

    def returns(self, family: Any, candidates: Any, seeds: Any) -> Any:
        self.asked.append((len(candidates), seeds.tolist()))
        worth = np.array([c["worth"] for c in candidates])
        return worth[:, None] + np.sin(seeds.astype(float))


def never() -> bool:
    return False


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The experts of three worlds."""
    found = tmp_path_factory.mktemp("places")
    SETTINGS.claim(found)
    search_experts(SETTINGS, found, 1)
    return found


def test_the_best_of_many_wins_on_common_episodes_none_of_which_is_run_twice() -> None:
    scorer = Told()
    candidates = [{"worth": float(x)} for x in np.random.default_rng(0).permutation(200)]
    won = race(scorer, CLOSED_LOOP, candidates, SEEDS)
    assert candidates[won.winner]["worth"] == 199.0
    assert [count for count, _ in scorer.asked] == [200, *(stay for _, stay in ROUNDS[:-1])]
    assert [seed for _, seeds in scorer.asked for seed in seeds] == SEEDS.tolist()
    assert won.spent == sum(count * len(seeds) for count, seeds in scorer.asked)


@pytest.mark.parametrize("count", [1, 2, 4, 5, 12, 13, 51])
def test_fewer_candidates_skip_the_rounds_that_would_drop_nobody(count: int) -> None:
    scorer = Told()
    candidates = [{"worth": float(x)} for x in range(count)]
    won = race(scorer, CLOSED_LOOP, candidates, SEEDS)
    assert won.winner == count - 1
    assert len(scorer.asked) == sum(stay < count for _, stay in ROUNDS)


def test_of_equals_the_first_wins() -> None:
    assert race(Told(), CLOSED_LOOP, [{"worth": 1.0}] * 80, SEEDS).winner == 0


def test_a_later_round_of_experts_begins_at_the_best_of_the_earlier(folder: Path, tmp_path: Path) -> None:
    places = load_places(folder, small())
    later = replace(SETTINGS, begin=places)
    later.claim(tmp_path)
    search_experts(later, tmp_path, 1)
    for index in range(3):
        world = later.search(index).scenario
        space = CLOSED_LOOP.space(world)
        row = json.loads((tmp_path / FOLDER / f"world-{index:05d}.json").read_text())
        found = load_found(tmp_path / "searches" / f"world-{index:05d}" / "searched.json")
        begun = within(space, places[row["winner"]])
        assert found.data["start"] == pytest.approx(begun)
        means = Scorer(world).returns(CLOSED_LOOP, [within(space, p) for p in places], SEEDS).mean(1)
        assert means[row["winner"]] >= means.mean()


def test_an_oracle_begins_at_the_best_within_what_its_world_allows(folder: Path, tmp_path: Path) -> None:
    places = load_places(folder, small())
    late = {**places[0], "exit.quarter": 1000.0}
    oracles = Judgement(small(), scenarios=2, budget=700).oracles()
    begun = begin_at_best(oracles, (late, *places), tmp_path, 1, never)
    for search in begun.values():
        assert search.begin is not None
        space = ORACLE.space(search.scenario)
        assert space.fault(search.begin) is None
        assert {n: search.begin[n] for n in ("exit.ceiling", "exit.repairable")} == {
            n: space.start[n] for n in ("exit.ceiling", "exit.repairable")
        }
    assert begin_at_best(oracles, (late, *places), tmp_path / "two", 2, never) == begun


def test_a_race_is_run_once_among_the_same_and_anew_among_others(folder: Path, tmp_path: Path) -> None:
    places = load_places(folder, small())
    oracles = Judgement(small(), scenarios=2, budget=700).oracles()
    with pytest.raises(KeyboardInterrupt):
        begin_at_best(oracles, places, tmp_path, 1, lambda: True)
    (first,) = (tmp_path / FOLDER).iterdir()
    first.write_text(json.dumps({**json.loads(first.read_text()), "winner": 1, "spent": 1}))
    begun = begin_at_best(oracles, places, tmp_path, 1, never)
    space = ORACLE.space(oracles[first.stem].scenario)
    assert begun[first.stem].begin == within(space, places[1])  # what the file said, not another race
    begin_at_best(oracles, places[::-1], tmp_path, 1, never)
    assert json.loads(first.read_text())["spent"] > 1
    first.write_text("{")
    begin_at_best(oracles, places, tmp_path, 1, never)
    assert json.loads(first.read_text())["spent"] > 1


def test_a_folder_remembers_where_its_searches_began(folder: Path, tmp_path: Path) -> None:
    places = load_places(folder, small())
    replace(SETTINGS, begin=places).claim(tmp_path)
    assert json.loads((tmp_path / "settings.json").read_text())["begin"]["places"] == 3
    replace(SETTINGS, begin=places).claim(tmp_path)
    for other in ((), places[:1], places[::-1]):
        with pytest.raises(UserError, match=r"begin is .* there"):
            replace(SETTINGS, begin=other).claim(tmp_path)


def test_one_search_is_one_place(folder: Path) -> None:
    one = folder / "searches" / "world-00001"
    assert load_places(one, small()) == load_places(one / "searched.json", small())
    assert load_places(one, small()) == load_places(folder, small())[1:2]


def test_what_is_no_closed_loop_of_such_a_world_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"world-00000.*unknown parameter 'place\..*--scenario"):
        load_places(folder, small({"society.communities.count": 2}))
    with pytest.raises(UserError, match="cannot be read"):
        load_places(tmp_path / "nowhere", small())
    data = json.loads((folder / "searches" / "world-00000" / "searched.json").read_text())
    names = set(ORACLE.space(small()).start)
    other = data | {"family": "oracle", "parameters": {n: data["parameters"].get(n, 1.0) for n in names}}
    (tmp_path / "searched.json").write_text(json.dumps(other))
    with pytest.raises(UserError, match="a search of oracle; allowed is one of closed_loop"):
        load_places(tmp_path, small())
