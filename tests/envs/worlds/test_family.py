"""A family of scenarios: which world an episode has depends on its seed and on nothing else."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from juguo_envs import (
    ENV_ID,
    Batch,
    ExperimentDiffusionEnv,
    ExperimentDiffusionVectorEnv,
    Family,
    FamilyBatch,
    Scenario,
    ScenarioError,
)
from juguo_envs.engine.family_batch import make_batch
from juguo_envs.model import random as draws
from juguo_envs.spaces.context import ContextLayout, ObservationConfig
from juguo_envs.worlds import family, sampling
from juguo_envs.worlds.family import AXIS, PREFERENCES, WEIGHT, load_world, plain_world, uniforms
from juguo_envs.worlds.sampling import Axis, scenario_at
from juguo_envs.worlds.society import build_structure
from tests.support import bits, random_actions, seeds, small, society_bytes

SMALL = small()
FAMILY = Family(SMALL)
DRAWN = Family(SMALL, weights=PREFERENCES)
QUALIFIED = f"juguo_envs:{ENV_ID}"
EVERYTHING: dict[str, Any] = {"context": True, "preferences": "drawn", "history": 3}
ALL_SHOWN = ObservationConfig(**EVERYTHING)


def trajectory(batch: Batch, quarters: int = 6) -> list[Any]:
    """Observations and rewards under actions that a society's seed and the quarter decide."""
    told = []
    for t in range(quarters):
        actions = np.concatenate(
            [
                random_actions(np.random.default_rng([int(seed), t]), Batch(SMALL, 1))
                for seed in batch.state.programme["seed"]
            ]
        )
        observation = batch.step(actions)
        told.append((observation, batch.state.quarter["reward"].copy()))
    return told


def test_a_familys_draws_are_draws_of_the_models_own_streams() -> None:
    numbers = np.array([0, 7, 2**63, 2**64 - 1], np.uint64)
    for purpose in (AXIS, WEIGHT):
        assert int(purpose) not in {int(p) for p in draws.Purpose}
        found = uniforms(numbers, purpose, 4)
        for seed, row in zip(numbers, found, strict=True):
            key = np.uint64(draws.stream(seed, 0, purpose))
            assert row.tolist() == [draws.uniform(key, i) for i in range(4)]


def test_the_world_of_a_seed_is_the_one_at_its_place_of_the_cube() -> None:
    for seed in (0, 3):
        place = uniforms(np.array([seed], np.uint64), AXIS, len(FAMILY.axes))[0]
        assert FAMILY.scenario(seed).digest() == scenario_at(place, SMALL).digest()


@pytest.mark.parametrize("family", [FAMILY, DRAWN, Family(), Family(Scenario.load("china31"))])
def test_what_a_batch_is_given_is_what_the_scenario_says(family: Family) -> None:
    drawn = family.draw(seeds(3))
    for i in range(3):
        scenario = family.scenario(i)
        assert drawn.params[i : i + 1].tobytes() == scenario.record().tobytes()
        assert drawn.producers[i].tolist() == build_structure(scenario).producers.tolist()


def test_other_seeds_have_other_worlds_and_every_axis_moves() -> None:
    values = FAMILY.values(seeds(6))
    for axis in FAMILY.axes:
        drawn = [v[axis.name] for v in values]
        assert len(set(drawn)) > 1
        assert all(axis.low <= value <= axis.high for value in drawn)


def test_weights_stay_in_their_ranges_and_reach_across_them() -> None:
    found = DRAWN.preferences(seeds(300))
    for column, (low, high) in zip(found.T, PREFERENCES, strict=True):
        assert low <= column.min() < low * (high / low) ** 0.1
        assert low * (high / low) ** 0.9 < column.max() <= high


def test_a_family_keeps_the_values_of_its_base_unless_preferences_are_drawn() -> None:
    base = SMALL.override({"reward.w_r": 0.7, "reward.aversion": 1.5})
    plain, drawn = Family(base).draw(seeds(4)).params, Family(base, weights=PREFERENCES).draw(seeds(4)).params
    assert set(plain["w_r"]) == {0.7}
    assert len(set(drawn["w_r"])) == 4
    assert set(plain["aversion"]) == set(drawn["aversion"]) == {1.5}


@pytest.mark.parametrize(("aversion", "shown"), [(0.0, 0.0), (0.5, 0.25), (2.0, 1.0)])
def test_a_policy_that_is_told_its_preferences_is_told_the_aversion(aversion: float, shown: float) -> None:
    env = ExperimentDiffusionEnv(SMALL, reward={"aversion": aversion}, preferences="shown")
    layout = ContextLayout(3, ObservationConfig(preferences="shown"))
    assert dict(zip(layout.names(), env.reset(seed=1)[0], strict=True))["aversion"] == np.float32(shown)


def test_whether_preferences_are_drawn_does_not_change_the_rest_of_the_world() -> None:
    one, other = FAMILY.draw(seeds(4)).params, DRAWN.draw(seeds(4)).params
    names = [n for n in one.dtype.names or () if n not in ("w_b", "w_r", "w_x")]
    assert all(np.array_equal(one[name], other[name]) for name in names)
    assert not np.array_equal(one["w_b"], other["w_b"])


@pytest.mark.parametrize("aversion", [0.5, 1.7])
@pytest.mark.parametrize("threads", [1, 3])
def test_an_episode_is_that_of_its_scenario_alone_in_a_batch_and_on_any_number_of_threads(
    threads: int, aversion: float
) -> None:
    family = Family(SMALL.override({"reward.aversion": aversion}))
    batch = FamilyBatch(family, 5, threads=threads)
    first = batch.reset(seeds(5))
    together = trajectory(batch)
    for i in range(5):
        alone = Batch(family.scenario(i), 1)
        assert bits(alone.reset(seeds(1, i))[0]) == bits(first[i])
        for (observation, reward), (mine, gain) in zip(trajectory(alone), together, strict=True):
            assert bits(observation[0]) == bits(mine[i])
            assert reward[0] == gain[i]
        assert society_bytes(alone, 0) == society_bytes(batch, i)


def test_an_episode_does_not_depend_on_its_place_or_on_who_was_there_before() -> None:
    batch = FamilyBatch(FAMILY, 3, ObservationConfig(context=True, history=2))
    batch.reset(seeds(3, 10))
    trajectory(batch, 2)
    mask = np.array([False, True, False])
    again = batch.reset(np.array([0, 4, 0], np.uint64), mask)
    fresh = FamilyBatch(FAMILY, 1, ObservationConfig(context=True, history=2))
    assert bits(fresh.reset(seeds(1, 4))[0]) == bits(again[1])
    assert not again[[0, 2]].any()
    assert bits(trajectory(fresh)[-1][0][0]) == bits(trajectory(batch)[-1][0][1])


def test_the_draw_is_the_same_whoever_decides() -> None:
    one, other = FamilyBatch(DRAWN, 4), FamilyBatch(DRAWN, 4)
    one.reset(seeds(4)), other.reset(seeds(4))
    one.step(np.ones((4, one.action_size)))
    other.step(-np.ones((4, one.action_size)))
    assert one.params.tobytes() == other.params.tobytes()


def test_programmes_end_after_their_own_length() -> None:
    batch = FamilyBatch(FAMILY, 4)
    batch.reset(seeds(4))
    lengths = [FAMILY.scenario(i).programme.T for i in range(4)]
    assert len(set(lengths)) > 1
    ended = np.zeros(4, np.int64)
    for t in range(1, max(lengths) + 1):
        batch.step(np.zeros((4, batch.action_size)), ~batch.done)
        ended[batch.done & (ended == 0)] = t
    assert ended.tolist() == lengths


def test_the_reward_follows_the_drawn_weights() -> None:
    config = ObservationConfig(preferences="drawn")
    batch = FamilyBatch(Family(SMALL, varies=False, weights=PREFERENCES), 4, config)
    shown = batch.reset(seeds(4))[:, -4:-1].astype(float)
    batch.step(np.zeros((4, batch.action_size)))
    weights = shown / (1.0 - shown)  # as a policy could read them
    quarter = batch.state.quarter
    parts = np.stack([quarter["breadth"], quarter["resilience"], -quarter["excluded"]], -1)
    assert np.allclose(quarter["reward"], (weights * parts).sum(1) / SMALL.programme.T, rtol=1e-5)
    assert len(np.unique(quarter["reward"])) == 4


def test_without_context_and_history_the_observation_is_the_usual_one() -> None:
    plain, full = Batch(SMALL, 2), make_batch(SMALL, 2, ALL_SHOWN)
    assert type(make_batch(SMALL, 2)) is Batch
    size = plain.layout.size
    assert full.layout.names()[:size] == plain.layout.names()
    assert bits(plain.reset(seeds(2))) == bits(full.reset(seeds(2))[:, :size].copy())


def test_the_context_is_what_an_administration_knows_and_nothing_that_is_hidden() -> None:
    config = ObservationConfig(context=True)
    layout = ContextLayout(3, config)
    known = Scenario.parse(
        SMALL.override({"money.B": 1.0, "programme.T": 60, "programme.rounds": 2}).model_dump(mode="json")
    )
    shown = dict(zip(layout.names(), make_batch(known, 1, config).reset(seeds(1))[0], strict=True))
    assert shown["known_budget"] == 0.5
    assert shown["known_quarters"] == 0.5
    assert shown["known_rounds"] == 0.5
    assert shown["known_persons"] == np.float32(np.log10(60) / 7.0)
    world = build_structure(known)
    for c in range(3):
        assert shown[f"known_population[{c}]"] == np.float32(world.share[c])
        assert shown[f"known_hub[{c}]"] == world.hub[c]
        sizes = np.diff(world.start)
        assert shown[f"known_producers[{c}]"] == np.float32(world.producers[c] / sizes[c])
    hidden = known.override({"defect.p_X": 0.9, "knowledge.eta_K": 0.2, "crisis.shock_rate": 0.0})
    other = make_batch(hidden, 1, config).reset(seeds(1))[0]
    facts = slice(layout.observation.size, layout.size)
    assert bits(other[facts].copy()) == bits(make_batch(known, 1, config).reset(seeds(1))[0, facts].copy())


def test_a_history_holds_the_observations_of_the_quarters_before() -> None:
    batch, plain = make_batch(SMALL, 2, ObservationConfig(context=True, history=3)), Batch(SMALL, 2)
    full, own = [batch.reset(seeds(2))], [plain.reset(seeds(2))]
    for t in range(4):
        actions = random_actions(np.random.default_rng(t), plain)
        full.append(batch.step(actions))
        own.append(plain.step(actions))
    size = plain.layout.size
    for t, vector in enumerate(full):
        past = vector[:, batch.layout.size - 2 * size :]
        for ago in (1, 2):
            assert np.array_equal(past[:, (ago - 1) * size : ago * size], own[max(0, t - ago)])


@pytest.mark.parametrize("history", [0, 65])
def test_a_history_that_is_none_is_refused(history: int) -> None:
    with pytest.raises(ScenarioError, match=f"history is {history}; allowed is 1 to 64"):
        ExperimentDiffusionEnv(SMALL, history=history)


def test_every_entry_has_a_name_of_its_own_and_stays_in_its_bounds() -> None:
    batch = FamilyBatch(DRAWN, 6, ALL_SHOWN)
    names, (low, high) = batch.layout.names(), batch.layout.bounds()
    assert len(set(names)) == len(names) == batch.layout.size == len(low)
    seen = [batch.reset(seeds(6)), *(observation for observation, _ in trajectory(batch))]
    for observation in seen:
        assert (observation >= low).all()
        assert (observation <= high).all()


def test_after_its_state_was_written_over_a_batch_goes_on_as_the_other() -> None:
    one, other = (FamilyBatch(DRAWN, 3, ALL_SHOWN) for _ in range(2))
    one.reset(seeds(3))
    trajectory(one, 2)
    for name, array in one.state._asdict().items():
        getattr(other.state, name)[...] = array
    for name, array in one.memory().items():
        other.memory()[name][...] = array
    other.redraw()
    assert bits(trajectory(one)[-1]) == bits(trajectory(other)[-1])


@pytest.mark.parametrize("world", ["family", "family:poor"])
def test_gymnasiums_checker_has_no_complaint_about_a_family(world: str) -> None:
    pytest.importorskip("pygame", reason="pygame-ce opens the window")
    check_env(gym.make(QUALIFIED, scenario=world, **EVERYTHING).unwrapped)


def test_the_checker_of_stable_baselines3_has_no_complaint_about_a_family() -> None:
    checker = pytest.importorskip("stable_baselines3.common.env_checker")
    checker.check_env(gym.make(QUALIFIED, scenario=FAMILY, **EVERYTHING).unwrapped, warn=True)


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_every_sub_environment_of_a_family_is_a_single_environment(mode: AutoresetMode) -> None:
    short = Family(small({"programme.T": 4}), varies=False, weights=PREFERENCES)
    arguments: dict[str, Any] = {"scenario": short, "context": True, "preferences": "shown", "history": 2}
    ours = ExperimentDiffusionVectorEnv(3, autoreset_mode=mode, **arguments)
    theirs = SyncVectorEnv(
        [lambda: ExperimentDiffusionEnv(**arguments) for _ in range(3)], autoreset_mode=mode
    )
    assert bits(ours.reset(seed=5)[0]) == bits(theirs.reset(seed=5)[0])
    rng = np.random.default_rng(0)
    for _ in range(7):
        actions = random_actions(rng, ours.batch)
        mine, its = ours.step(actions), theirs.step(actions)
        for a, b in zip(mine[:4], its[:4], strict=True):
            assert bits(a) == bits(b)
        over = mine[2]
        if mode == AutoresetMode.DISABLED and over.any():
            options = {"reset_mask": over}
            assert bits(ours.reset(options=options)[0]) == bits(theirs.reset(options=options)[0])


def test_episodes_of_a_family_end_and_begin_anew_at_different_times() -> None:
    env = ExperimentDiffusionVectorEnv(4, scenario=FAMILY, autoreset_mode=AutoresetMode.SAME_STEP)
    env.reset(seed=0)
    lengths = [env.scenario_now(i).programme.T for i in range(4)]
    ends: dict[int, list[int]] = {i: [] for i in range(4)}
    later: dict[int, int] = {}
    for t in range(1, 2 * max(lengths) + 1):
        terminated, truncated = env.step(np.zeros((4, env.batch.action_size), np.float32))[2:4]
        assert not truncated.any()
        for i in np.flatnonzero(terminated):
            ends[i].append(t)
            later.setdefault(i, env.scenario_now(i).programme.T)
    for i in range(4):
        assert ends[i][0] == lengths[i]
        assert [b - a for a, b in pairwise(ends[i])][:1] in ([later[i]], [])


def test_the_environment_tells_which_world_it_drew() -> None:
    env = ExperimentDiffusionEnv(FAMILY)
    env.reset(seed=3)
    assert env.scenario_now() == FAMILY.scenario(3)
    assert f"quarter 0/{FAMILY.scenario(3).programme.T}" in str(
        (ansi := ExperimentDiffusionEnv(FAMILY, render_mode="ansi")).reset(seed=3) and ansi.render()
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"preferences": "some"}, "preferences is 'some': input should be 'hidden', 'shown' or 'drawn'"),
        ({"preferences": "drawn", "reward": {"breadth": 1.0}}, "give one of the two"),
        ({"scenario": "family:nowhere"}, "unknown scenario 'nowhere'"),
        ({"scenario": Family(SMALL), "reward": {"width": 1.0}}, "unknown weight 'width'"),
    ],
)
def test_what_cannot_be_is_refused_by_name(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        ExperimentDiffusionEnv(**arguments)


def test_ranges_of_weights_that_cannot_be_drawn_are_refused() -> None:
    with pytest.raises(ScenarioError, match="the range of resilience is 0 to 1; allowed is 0 < low"):
        Family(SMALL, weights=((1.0, 1.0), (0.0, 1.0), (1.0, 1.0)))


def test_of_an_axis_a_part_may_be_drawn_and_the_rest_stays_as_it_is() -> None:
    part = Family(SMALL, ranges=(("money.B", 0.2, 0.4),))
    for whole, drawn in zip(FAMILY.values(seeds(50)), part.values(seeds(50)), strict=True):
        assert 0.2 <= drawn["money.B"] <= 0.4
        assert {**whole, "money.B": 0.0} == {**drawn, "money.B": 0.0}
    budgets = part.draw(seeds(200)).params["B"]
    assert budgets.min() < 0.205 and budgets.max() > 0.39
    assert budgets[3] == part.scenario(3).money.B


def test_a_part_of_a_family_is_named_by_a_mapping_and_back() -> None:
    asked = {"family": "poor", "ranges": {"money.B": [0.2, 0.4], "programme.T": [40, 50]}}
    part = load_world(asked)
    assert isinstance(part, Family) and plain_world(part) == asked


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        ({"money.b": [0.2, 0.4]}, "ranges: unknown axis 'money.b'.*money.B"),
        (
            {"money.B": [0.1, 0.4]},
            "that of money.B is 0.1 to 0.4; allowed is a part of 0.12 to 3, low < high",
        ),
        ({"money.B": [0.4, 0.4]}, "that of money.B is 0.4 to 0.4; allowed"),
        ({"money.B": [float("nan"), 0.4]}, "that of money.B is nan to 0.4; allowed"),
        ({"money.B": 0.4}, "allowed are pairs of a low and a high number"),
        ([0.2, 0.4], "allowed are pairs of a low and a high number"),
    ],
)
def test_ranges_of_axes_that_cannot_be_drawn_are_refused(ranges: Any, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        load_world({"family": "default", "ranges": ranges})


def test_a_range_is_given_once_and_only_where_axes_are_drawn() -> None:
    once = ("money.B", 0.2, 0.4)
    with pytest.raises(ScenarioError, match=r"money\.B is given twice"):
        Family(SMALL, ranges=(once, once))
    with pytest.raises(ScenarioError, match="unknown axis"):
        Family(SMALL, varies=False, ranges=(once,))


def test_a_family_whose_societies_would_not_fit_into_one_batch_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = "society.communities.hub_size"
    size = Axis(name, 1.0, 2.0, False, False, (name,), False, "1", "size of hubs")
    monkeypatch.setattr(family, "axes", lambda base: (size,))
    monkeypatch.setattr(sampling, "axes", lambda base, preferences: (size,))
    with pytest.raises(ScenarioError, match="hub_size = 1 the start of a society differ"):
        Family(SMALL)


def test_producers_beyond_the_persons_of_hubs_are_elsewhere() -> None:
    crowded = small({"society.producers": 0.6})
    for drawn in Family(crowded).draw(np.arange(20, dtype=np.uint64)).producers:
        assert drawn.sum() == round(0.6 * crowded.society.persons)


def test_where_one_scenario_is_needed_a_family_is_refused() -> None:
    with pytest.raises(ScenarioError, match="is a family of scenarios, and one scenario is needed"):
        Scenario.load("family")
    world = load_world("family:poor")
    assert isinstance(world, Family)
    assert world.base.digest() == Scenario.load("poor").digest()
