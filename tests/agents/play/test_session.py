"""A play is a programme of the environment: it replays, is undone, and is an allocator, bit for bit."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from juguo_agents.allocators import BASELINE, make_rule
from juguo_agents.allocators.base import Allocator
from juguo_agents.artifacts.identity import record_of, sealed, text_of
from juguo_agents.artifacts.load import find_allocators
from juguo_agents.artifacts.play_file import Decision, PlayFileError, PlayRecord, load_play
from juguo_agents.evaluation.rollout import run
from juguo_agents.play.saved import Saved
from juguo_agents.play.session import NotAllowed, Session
from juguo_agents.play.view import setup, state
from juguo_agents.report.names import PROPOSAL
from juguo_envs import ExperimentDiffusionEnv, Scenario
from juguo_envs.errors import UserError
from juguo_envs.spaces.action import decode_allocation
from juguo_envs.worlds.family import Family, load_world
from tests.agents.play.playing import SEED, WORLD, decision, decisions, played
from tests.running import TINY_WORLD, juguo, refused, succeeded
from tests.support import seeds, small, society_bytes

FEW = settings(max_examples=15, deadline=None)


def bits(session: Session) -> dict[str, bytes]:
    return society_bytes(session.programme.env.batch, 0)


@FEW
@given(st.lists(st.tuples(decisions, st.integers(1, 4)) | st.none(), max_size=8))
def test_undo_equals_not_having_done_it(steps: list[tuple[Decision, int] | None]) -> None:
    session, kept = Session(WORLD, SEED), []
    for step in steps:
        if step is None:
            if kept:
                session.undo()
                kept.pop()
            else:
                with pytest.raises(NotAllowed, match="nothing was decided"):
                    session.undo()
        elif not session.over:
            session.take(*step)
            kept.append(step)
    other = Session(WORLD, SEED)
    for step in kept:
        other.take(*step)
    assert bits(session) == bits(other)
    assert session.decisions == other.decisions
    assert session.programme.earned == other.programme.earned
    session.begin_again()
    assert bits(session) == bits(Session(WORLD, SEED))


@FEW
@given(st.lists(decisions, min_size=1, max_size=12))
def test_a_play_replays_through_the_environment(some: list[Decision]) -> None:
    session = Session(WORLD, SEED)
    for one in some:
        session.take(one)
    env = gym.make("juguo/ExperimentDiffusion-v0", scenario=WORLD)
    observation, _ = env.reset(seed=SEED)
    earned = 0.0
    for one in session.decisions:
        observation, reward, terminated, _, _ = env.step(one.action())
        earned += float(reward)
    society = env.unwrapped
    assert isinstance(society, ExperimentDiffusionEnv)
    assert society_bytes(society.batch, 0) == bits(session)
    assert observation.tobytes() == session.programme.observation.tobytes()
    assert (earned, terminated) == (session.programme.earned, session.over)


def test_a_saved_play_earns_in_evaluate_what_it_earned_by_hand(tmp_path: Path) -> None:
    session = Session(WORLD, SEED)
    rng = np.random.default_rng(0)
    while not session.over:
        asks = {"advance": bool(rng.random() < 0.4), "abandon": bool(rng.random() < 0.1)}
        session.take(decision(places=rng.uniform(0, 9, 3).tolist(), openness=rng.uniform(), **asks))
    path = Saved(tmp_path / "plays").save(session)
    done = juguo("evaluate", path, PROPOSAL, "--seed", str(SEED), "--episodes", "1", "--json", cwd=tmp_path)
    told = {row["name"]: row for row in json.loads(succeeded(done))["allocators"]}
    mine = told[path.stem]
    assert mine["mean"] == session.programme.earned
    assert [
        mine[part] for part in ("breadth", "resilience", "excluded")
    ] == session.programme.means().tolist()
    for ghost in session.ghosts:
        assert told[ghost.name]["mean"] == ghost.programme.earned


def test_ghosts_live_what_evaluate_measures() -> None:
    tuned = make_rule("flat")
    session = Session(WORLD, SEED, [tuned])
    assert [ghost.name for ghost in session.ghosts] == [BASELINE, PROPOSAL, "flat"]
    for ghost in session.ghosts:
        measured = run(make_rule(ghost.name), WORLD, seeds(1, SEED))
        assert measured.returns[0] == ghost.programme.earned
        np.testing.assert_array_equal(measured.adoption[0], [m.adoption for m in ghost.programme.moments])


def test_an_earlier_play_lives_the_episode_beside_you_and_advises_what_was_done(tmp_path: Path) -> None:
    earlier = played(reserve=0.0, openness=0.25)
    session = Session(WORLD, SEED, find_allocators([str(Saved(tmp_path).save(earlier))]))
    assert session.ghosts[-1].programme.earned == earlier.programme.earned
    session.take(decision(), 4)
    assert [float(one.openness) for one in session.advice()] == [0.25] * 4
    assert setup(session)["adviser"] == 3


def test_a_family_gives_the_world_of_the_seed() -> None:
    family = load_world("family")
    assert isinstance(family, Family)
    session = Session(family, 3)
    assert session.scenario.digest() == family.scenario(3).digest()
    ghost = session.ghosts[0]
    assert run(make_rule(ghost.name), family, seeds(1, 3)).returns[0] == ghost.programme.earned


def test_a_year_ends_where_the_stage_changes_and_asks_only_in_its_first_quarter() -> None:
    session = Session(WORLD, SEED)  # two quarters in a stage at least, five at most
    assert len(session.take(decision(advance=True), 4)) == 4  # in the first quarter it is too early
    assert [one.advance for one in session.decisions] == [True, False, False, False]
    assert len(session.take(decision(), 4)) == 1
    assert session.programme.moments[-1].stage == 1
    assert session.take(decision(abandon=True), 4)[0].gave_up
    assert session.undo() == 1


class Remembering:
    """Asks for as much openness as quarters have passed since its start."""

    name = "remembering"

    def start(self, setting: Any, seeds: Any) -> None:
        self.quarter = -1

    def act(self, observation: Any) -> Any:
        self.quarter += 1
        return decision(openness=self.quarter / 100).action()[None]


def test_the_adviser_is_asked_in_every_quarter_of_the_persons_programme() -> None:
    adviser: Allocator = Remembering()
    session = Session(WORLD, SEED, [adviser])
    for _ in range(3):
        session.take(decision(), 4)
        session.undo()
        session.take(decision(), 2)
        said = [round(float(one.openness), 6) for one in session.advice()]
        assert said == [quarter / 100 for quarter in range(len(session.decisions))]
    plain = Session(WORLD, SEED)
    plain.take(decision())
    first = plain.ghosts[1].programme.env.reset(seed=SEED)[0]
    proposal = make_rule(PROPOSAL)
    proposal.start(plain.programme.setting, seeds(1, SEED))
    share = plain.programme.setting.population
    expected = decode_allocation(proposal.act(first[None])[0], share)
    np.testing.assert_array_equal(plain.advice()[0].functions, expected.functions)


def test_what_is_hidden_is_told_at_the_end_alone() -> None:
    session = Session(WORLD, SEED)
    while not session.over:
        shown = json.dumps([setup(session), state(session)], allow_nan=False)
        assert '"end": null' in shown
        secret = [*session.programme.moments[-1].hidden, *session.programme.moments[-1].parts[:2]]
        written = [f"{number:.6g}" for number in secret]
        assert not any(text in shown for text in written if len(text) > 6)
        session.take(decision(abandon=True))
    told = state(session)["end"]["scores"][0]
    assert told["return"] == session.programme.earned
    assert [one["project"] for one in told["technologies"]] == list(range(len(told["technologies"])))
    assert {one["given_up"] for one in told["technologies"][:-1]} == {True}
    ends = [(one["from"], one["to"]) for one in told["technologies"]]
    assert ends[0][0] == 1 and ends[-1][1] == session.quarters
    assert all(one[1] + 1 == two[0] for one, two in pairwise(ends))


def test_what_cannot_be_is_refused() -> None:
    session = played()
    with pytest.raises(NotAllowed, match="the programme is over"):
        session.take(decision())
    session.undo()
    with pytest.raises(NotAllowed, match="holds 2 weights; this world has 3 places"):
        session.take(decision(places=[1.0, 2.0]))
    with pytest.raises(UserError, match="seed is -1"):
        Session(WORLD, -1)
    with pytest.raises(UserError, match="stands for 5 allocators"):
        Session(WORLD, SEED, [make_rule("flat")] * 5)


def test_plays_are_ranked_and_opened(tmp_path: Path) -> None:
    saved, best = Saved(tmp_path / "plays"), 0.0
    for reserve in (0.0, 5.0, 100.0):
        saved.save(session := played(reserve=reserve))
        best = max(best, session.programme.earned)
    session.undo()
    unfinished = saved.save(session)
    saved.save(played(seed=SEED + 1))
    (saved.folder / "play-broken.json").write_text("{", encoding="utf-8")
    rows, faults = saved.plays(session)
    assert [row.score.earned for row in rows[:3] if row.score] == sorted(
        (row.score.earned for row in rows[:3] if row.score), reverse=True
    )
    assert rows[0].score and rows[0].score.earned == best
    assert (rows[3].file, rows[3].score, rows[3].quarters) == (unfinished.name, None, 11)
    assert len(rows) == 4 and len(faults) == 1 and "play-broken.json" in faults[0]
    session.open(saved.load(rows[0].file), rows[0].file)
    assert session.programme.earned == best
    session.open(saved.load(unfinished.name), unfinished.name)
    session.take(decision(reserve=100.0))
    assert session.over
    for strange in ("../x.json", "play-nothing.json"):
        with pytest.raises(PlayFileError, match="is no play in"):
            saved.load(strange)
    other = next(path.name for path in saved.folder.iterdir() if f"seed{SEED + 1}" in path.name)
    before = bits(session)
    with pytest.raises(PlayFileError, match="another world or seed"):
        session.open(saved.load(other), other)
    assert bits(session) == before


def test_a_play_that_does_not_come_out_as_it_did_is_refused(tmp_path: Path) -> None:
    session = played()
    path = Saved(tmp_path).save(session)
    data = json.loads(path.read_text(encoding="utf-8"))
    data["score"]["return"] += 1e-9
    path.write_text(text_of(sealed(data)), encoding="utf-8")
    with pytest.raises(PlayFileError, match="its decisions earn"):
        session.open(load_play(path), path.name)
    assert session.over and session.programme.earned != data["score"]["return"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda data: data["decisions"].append(data["decisions"][0]), "holds 13 quarters"),
        (lambda data: data["decisions"].pop(), "holds a score and 11 of 12"),
        (lambda data: data.update(score=None), "holds no score and 12 of 12"),
        (lambda data: data["decisions"][2]["places"].pop(), "decisions.2.places holds 2 weights"),
        (
            lambda data: data["decisions"][2]["functions"].pop("service"),
            "decisions.2.functions.service is mis",
        ),
        (lambda data: data["decisions"][2].update(reserve=-1), "decisions.2.reserve is -1"),
        (lambda data: data["decisions"][2].update(openness=1.5), "openness is 1.5; allowed is 0 to 1"),
        (lambda data: data["decisions"][2].update(advance=1), "decisions.2.advance is 1"),
        (lambda data: data.update(seed=2**31), "seed is 2147483648"),
        (lambda data: data.update(format=2), "format is 2; this version reads 1"),
        (lambda data: data.update(scenario_digest="0" * 16), "scenario_digest is 0000000000000000"),
    ],
)
def test_a_forged_play_is_refused_in_one_line(tmp_path: Path, change: Any, told: str) -> None:
    data = json.loads(text_of(played().record()))
    change(data)
    path = tmp_path / "play-x.json"
    path.write_text(text_of(sealed(data)), encoding="utf-8")
    with pytest.raises(PlayFileError) as fault:
        load_play(path)
    assert told in str(fault.value) and "play-x.json" in str(fault.value) and "\n" not in str(fault.value)


def test_a_play_is_no_allocator_for_a_longer_programme_or_other_places(tmp_path: Path) -> None:
    saved, session = Saved(tmp_path), played()
    session.undo()
    path = saved.save(session)
    refused(juguo("evaluate", path, cwd=tmp_path), "holds 11 quarters, and the programme has 12")
    whole = saved.save(played())
    for change, told in (
        ({"programme.T": 13}, "programme has 13"),
        ({"society.communities.count": 4}, "has 4"),
    ):
        world = small({"programme.minimum": [2, 2, 2], "programme.maximum": [5, 5]} | change)
        world.save(tmp_path / "world.yaml")
        refused(juguo("evaluate", whole, "--scenario", "world.yaml", cwd=tmp_path), told)


def test_a_play_is_named_after_its_file_and_never_as_a_rule(tmp_path: Path) -> None:
    content = text_of(played().record())
    for file, name in (("play-a.json", "play-a"), ("care_only.json", "play-care_only"), ("é.json", "play-é")):
        (tmp_path / file).write_text(content, encoding="utf-8")
        assert [one.name for one in find_allocators([str(tmp_path / file)])] == [name]
    twice = tmp_path / "play-b.json"
    twice.write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match="hold the same allocator"):
        find_allocators([str(tmp_path)])


def test_a_world_without_hubs_or_with_one_place_can_be_played() -> None:
    for places in (1, 2, 5):
        world = Scenario.parse({"society": {"persons": 60, "communities": {"count": places, "hubs": 0}}})
        session = Session(world.override({"programme.T": 3}), 0)
        groups = setup(session)["groups"]
        assert sorted(i for group in groups for i in group["places"]) == list(range(places))
        session.take(
            decision(
                places=[0.0] * places, functions=dict.fromkeys(decision().functions.model_fields_set, 0.0)
            ),
            4,
        )
        assert state(session)["over"]


def test_a_record_comes_back(tmp_path: Path) -> None:
    session = played()
    stored = load_play(Saved(tmp_path).save(session))
    assert stored.record.decisions == session.decisions
    assert (
        record_of(PlayRecord, {k: stored.data[k] for k in PlayRecord.model_fields if k in stored.data}, None)
        == stored.data
    )


def test_a_world_of_a_file_is_played(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY_WORLD, encoding="utf-8")
    assert Session(Scenario.load(tmp_path / "tiny.yaml"), 1).quarters == 8
