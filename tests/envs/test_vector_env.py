"""The vector environment: Gymnasium's semantics, and every sub-environment a single environment.

The checker steps single environments one after another. Programmes are short, and some sub-environments are
begun anew in between, so that episodes end at different times.
"""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv
from gymnasium.wrappers.vector import RecordEpisodeStatistics, RecordVideo

from juguo_envs import (
    ENV_ID,
    ExperimentDiffusionEnv,
    ExperimentDiffusionVectorEnv,
    Family,
    Scenario,
    ScenarioError,
)
from juguo_envs.engine import batch as batch_module
from juguo_envs.testing import check_vector_env
from tests.support import Array, bits, small

WORLD = small({"programme.T": 5, "crisis.shock_rate": 0.2})
MODES = (AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP, AutoresetMode.DISABLED)
QUALIFIED = f"juguo_envs:{ENV_ID}"


def some_actions(envs: ExperimentDiffusionVectorEnv, count: int) -> Array:
    """(count, num_envs, 10 + R + 3) actions."""
    rng = np.random.default_rng(0)
    return rng.uniform(-1.0, 1.0, (count, *envs.action_space.shape)).astype(np.float32)


ARGUMENTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "all that may be shown": {"context": True, "preferences": "drawn", "history": 3, "observe": "true"},
    "cut short": {"max_episode_steps": 3},
    "cut where it ends": {"max_episode_steps": 5},
    "own reward": {
        "reward": lambda info: info["breadth"] - 3.0 * info["cost_over_T"] + info["board"][:, 0, 0]
    },
    "own observation": {"observation": lambda seen: seen[:, ::2] ** 2},
    "threads": {"threads": 2},
}


def single(scenario: Any = WORLD, **arguments: Any) -> gym.Env[Any, Any]:
    """The single environment to the same arguments."""
    arguments.pop("threads", None)
    return gym.make(QUALIFIED, scenario=scenario, disable_env_checker=True, **arguments)


@pytest.mark.parametrize("kind", ARGUMENTS)
def test_sub_environments_are_single_environments_stepped_in_lockstep(kind: str) -> None:
    more = ARGUMENTS[kind]
    check_vector_env(
        lambda: single(**more),
        lambda n, mode: ExperimentDiffusionVectorEnv(n, WORLD, autoreset_mode=mode, **more),
    )


def test_in_a_family_episodes_end_at_different_times() -> None:
    family = Family(small())
    check_vector_env(
        lambda: single(family),
        lambda n, mode: ExperimentDiffusionVectorEnv(n, family, autoreset_mode=mode),
        num_envs=(3,),
        modes=(AutoresetMode.SAME_STEP,),
        episodes=2,
    )


def each(info: dict[str, Any], n: int) -> list[dict[str, Any]]:
    """The info of each sub-environment."""
    told = {
        name: each(values, n) if isinstance(values, dict) else values
        for name, values in info.items()
        if not name.startswith("_")
    }
    return [{name: values[i] for name, values in told.items() if info[f"_{name}"][i]} for i in range(n)]


class Synchronous(SyncVectorEnv):
    """Gymnasium's own, which leaves the caller's options as they are."""

    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        return super().reset(seed=seed, options=None if options is None else dict(options))


@pytest.mark.parametrize("mode", MODES)
def test_options_hold_for_the_episodes_that_they_begin(mode: AutoresetMode) -> None:
    """Other worlds, of other lengths and sizes, beside the environment's own, and then that again."""
    ours = ExperimentDiffusionVectorEnv(3, WORLD, autoreset_mode=mode, preferences="shown")
    theirs = Synchronous([lambda: single(preferences="shown")] * 3, autoreset_mode=mode)
    other = small({"programme.T": 3, "society.persons": 90, "money.B": 0.2})
    changes: dict[int, tuple[list[bool], dict[str, Any]]] = {
        0: ([True, True, True], {}),
        2: ([False, True, False], {"scenario": other}),
        4: ([True, False, False], {"scenario": other, "observe": "true", "preferences": {"excluded": 4.0}}),
        9: ([False, False, True], {"preferences": {"breadth": 0.5, "aversion": 0.0}}),
        13: ([True, True, True], {"observe": "true"}),
    }
    over = np.zeros(3, np.bool_)
    for t, actions in enumerate(some_actions(ours, 20)):
        chosen, options = changes.get(t, ([False] * 3, {}))
        mask = np.array(chosen) | (over & (mode == AutoresetMode.DISABLED))
        if mask.any():
            results = [one.reset(seed=t, options={"reset_mask": mask, **options}) for one in (ours, theirs)]
            assert bits(results[0][0]) == bits(results[1][0])
            assert bits(each(results[0][1], 3)) == bits(each(results[1][1], 3))
            over[mask] = False
        mine, its = ours.step(actions), theirs.step(actions)
        assert bits(mine[:4]) == bits(its[:4])
        assert bits(each(mine[4], 3)) == bits(each(its[4], 3))
        over = mine[2]
    assert len(ours.core.batches) <= 2


@pytest.mark.parametrize("mode", MODES)
def test_results_do_not_depend_on_the_number_of_threads(mode: AutoresetMode) -> None:
    one = ExperimentDiffusionVectorEnv(5, WORLD, autoreset_mode=mode)
    two = ExperimentDiffusionVectorEnv(5, WORLD, autoreset_mode=mode, threads=2)
    assert bits(one.reset(seed=1)) == bits(two.reset(seed=1))
    for t, actions in enumerate(some_actions(one, 12)):
        here = one.step(actions)
        assert bits(here) == bits(two.step(actions))
        if mode == AutoresetMode.DISABLED and here[2].any():
            everyone = {"reset_mask": here[2]}
            assert bits(one.reset(seed=t, options=everyone)) == bits(two.reset(seed=t, options=everyone))


def test_an_integer_seed_means_seed_plus_i() -> None:
    envs = ExperimentDiffusionVectorEnv(3, WORLD)
    observations, _ = envs.reset(seed=40)
    for i in range(3):
        assert np.array_equal(observations[i], ExperimentDiffusionEnv(WORLD).reset(seed=40 + i)[0])
    assert np.array_equal(envs.reset(seed=[40, 41, 42])[0], observations)


def test_sub_environments_share_no_generator() -> None:
    envs = ExperimentDiffusionVectorEnv(2, WORLD)
    envs.reset(seed=[5, 5])
    observations, _ = envs.reset()
    assert np.array_equal(observations[0], observations[1])
    envs.reset(seed=[5, 5])
    envs.reset(options={"reset_mask": np.array([True, False])})  # draws for the first alone
    observations, _ = envs.reset()
    assert not np.array_equal(observations[0], observations[1])


def test_gymnasium_makes_it_by_its_id() -> None:
    envs = gym.make_vec(QUALIFIED, num_envs=3, vectorization_mode="vector_entry_point")
    assert isinstance(envs.unwrapped, ExperimentDiffusionVectorEnv)
    assert envs.metadata["autoreset_mode"] == AutoresetMode.NEXT_STEP
    observations, _ = envs.reset(seed=0)
    assert observations in envs.observation_space
    observations, rewards, terminated, truncated, _ = envs.step(envs.action_space.sample())
    assert observations in envs.observation_space
    assert rewards.dtype == np.float64
    assert terminated.dtype == truncated.dtype == np.bool_


def test_gymnasium_makes_the_default_vector_environment_of_it() -> None:
    envs = gym.make_vec(QUALIFIED, num_envs=2, scenario=WORLD)
    assert envs.num_envs == 2
    observations, _ = envs.reset(seed=0)
    assert observations in envs.observation_space


@pytest.mark.parametrize("mode", MODES)
def test_the_mode_is_told_twice(mode: AutoresetMode) -> None:
    envs = ExperimentDiffusionVectorEnv(2, WORLD, autoreset_mode=mode.value)
    assert envs.autoreset_mode == mode
    assert envs.metadata["autoreset_mode"] == mode
    assert ExperimentDiffusionVectorEnv.metadata["autoreset_mode"] == AutoresetMode.NEXT_STEP


@pytest.mark.parametrize("mode", MODES[:2])
def test_observations_are_fresh_arrays(mode: AutoresetMode) -> None:
    envs = ExperimentDiffusionVectorEnv(2, WORLD, autoreset_mode=mode)
    observations = [envs.reset(seed=0)[0]]
    kept = [observations[0].copy()]
    for actions in some_actions(envs, 12):
        observations.append(envs.step(actions)[0])
        kept.append(observations[-1].copy())
    for observation, copied in zip(observations, kept, strict=True):
        assert np.array_equal(observation, copied)
    for i, one in enumerate(observations):
        assert not any(np.shares_memory(one, other) for other in observations[:i])


def test_the_callers_reset_options_are_left_alone() -> None:
    envs = ExperimentDiffusionVectorEnv(2, WORLD)
    envs.reset(seed=0)
    options = {"reset_mask": np.array([True, False])}
    envs.reset(options=options)
    assert list(options) == ["reset_mask"]
    assert options["reset_mask"].tolist() == [True, False]


def test_only_what_the_mask_names_begins_anew() -> None:
    envs = ExperimentDiffusionVectorEnv(3, WORLD)
    envs.reset(seed=0)
    before, *_ = envs.step(some_actions(envs, 1)[0])
    after, info = envs.reset(options={"reset_mask": np.array([False, True, False])})
    assert np.array_equal(after[[0, 2]], before[[0, 2]])
    assert not np.array_equal(after[1], before[1])
    assert envs.batch.state.programme["t"].tolist() == [1, 0, 1]
    assert info["_breadth"].tolist() == [False, True, False]


def test_kinds_of_arrays_do_not_make_the_model_compile_again() -> None:
    envs = ExperimentDiffusionVectorEnv(2, WORLD)
    envs.reset(seed=0)
    actions = some_actions(envs, 1)[0]
    frozen = actions.copy()
    frozen.flags.writeable = False
    results = []
    for kind in (actions, frozen, actions.astype(float), np.asfortranarray(actions), actions.tolist()):
        envs.reset(seed=0, options={"reset_mask": np.array([True, False, True, False])[[0, 2]][::-1]})
        results.append(bits(envs.step(kind)))
    assert all(result == results[0] for result in results)
    assert len(batch_module._kernel.signatures) == 1


def test_processes_of_their_own_give_the_same() -> None:
    ours = ExperimentDiffusionVectorEnv(2, WORLD)
    theirs = AsyncVectorEnv([single] * 2, context="spawn")
    try:
        for mine, its in [(ours.reset(seed=3), theirs.reset(seed=3))] + [
            (ours.step(actions), theirs.step(actions)) for actions in some_actions(ours, 7)
        ]:
            assert bits(mine[:-1]) == bits(its[:-1])
            assert mine[-1].keys() == its[-1].keys()
            assert bits(each(mine[-1], 2)) == bits(each(its[-1], 2))
    finally:
        theirs.close()


# --- seeds -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [np.int64, np.uint8, np.int32, int])
def test_a_seed_may_be_any_whole_number_and_seeds_an_array(kind: Any) -> None:
    envs = ExperimentDiffusionVectorEnv(3, WORLD)
    first = envs.reset(seed=7)[0]
    assert bits(envs.reset(seed=kind(7))[0]) == bits(first)
    assert bits(envs.reset(seed=np.array([7, 8, 9], kind))[0]) == bits(first)
    assert bits(envs.reset(seed=[kind(7), 8, kind(9)])[0]) == bits(first)
    env = ExperimentDiffusionEnv(WORLD)
    assert bits(env.reset(seed=kind(7))[0]) == bits(first[0])
    assert env.np_random_seed == 7


def test_the_seeds_that_are_told_are_those_of_the_generators() -> None:
    envs, same = (ExperimentDiffusionVectorEnv(3, WORLD) for _ in range(2))
    begun = envs.reset()[0]  # seeds of its own
    told = envs.np_random_seed
    assert len(set(told)) == 3
    same.set_attr("np_random", [np.random.Generator(np.random.PCG64(seed)) for seed in told])
    assert same.np_random_seed == (-1, -1, -1)
    assert bits(same.reset()[0]) == bits(begun)
    envs.reset(seed=[4, None, 6])
    assert envs.np_random_seed == (4, told[1], 6)
    assert envs.get_attr("np_random") == envs.np_random


def test_what_is_refused_at_reset_changes_nothing() -> None:
    envs, untouched = (ExperimentDiffusionVectorEnv(2, WORLD) for _ in range(2))
    for one in (envs, untouched):
        one.reset(seed=0)
    for wrong in (
        {"seed": [3, -1]},
        {"seed": [1, 2, 3]},
        {"options": {"reset_mask": np.array([True])}},
        {"options": {"scenario": "poorr"}},
        {"seed": 3, "options": {"world": "poor"}},
    ):
        with pytest.raises(ValueError):
            envs.reset(**wrong)
    for actions in some_actions(envs, 7):  # beyond the end, so with seeds of the generators
        assert bits(envs.step(actions)) == bits(untouched.step(actions))


# --- options -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"scenaro": "poor"},
            r"unknown option 'scenaro' \(did you mean 'scenario'\?\); there are scenario, pref",
        ),
        ({"reset_masks": [True]}, "unknown option 'reset_masks'"),
        ({"scenario": "famly"}, r"unknown scenario 'famly' \(did you mean 'family'\?\)"),
        ({"scenario": "default"}, "default has 8 communities, and the spaces of this environment are for 3"),
        ({"observe": "all"}, "observe is 'all'"),
        ({"preferences": {"width": 1.0}}, "preferences: unknown weight 'width'; there are breadth"),
        ({"preferences": {"breadth": -1.0}}, "w_b is -1"),
        ({"preferences": "drawn"}, "preferences is 'drawn'; expected weights by the names breadth"),
    ],
)
@pytest.mark.parametrize("make", [ExperimentDiffusionEnv, lambda w: ExperimentDiffusionVectorEnv(2, w)])
def test_an_option_that_is_unknown_or_not_allowed_is_refused(make: Any, options: Any, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        make(WORLD).reset(options=options)


def test_where_weights_are_drawn_an_episodes_are_given_together() -> None:
    env = ExperimentDiffusionEnv(WORLD, preferences="drawn")
    with pytest.raises(ScenarioError, match="preferences lacks resilience, excluded"):
        env.reset(seed=0, options={"preferences": {"breadth": 1.0}})
    env.reset(seed=0, options={"preferences": {"breadth": 1.0, "resilience": 0.5, "excluded": 3.0}})
    assert env.scenario_now().reward.w_x == 3.0
    env.reset(seed=0)
    assert env.scenario_now().reward.w_x != 3.0


def test_an_option_makes_what_an_argument_makes() -> None:
    for argument, options in (
        ({"scenario": "poor"}, {"scenario": "poor"}),
        ({"observe": "true"}, {"observe": "true"}),
        ({"reward": {"excluded": 4.0}}, {"preferences": {"excluded": 4.0}}),
    ):
        made, told = ExperimentDiffusionEnv(**argument), ExperimentDiffusionEnv()
        assert bits(made.reset(seed=3)) == bits(told.reset(seed=3, options=options))
        for _ in range(3):
            action = made.action_space.sample()
            assert bits(made.step(action)) == bits(told.step(action))
        assert made.scenario_now() == told.scenario_now()


# --- what Gymnasium's wrappers ask for ---------------------------------------------------------------------


def test_methods_and_attributes_are_those_of_the_sub_environments() -> None:
    envs = ExperimentDiffusionVectorEnv(2, Family(small()), render_mode="ansi")
    envs.reset(seed=3)
    assert envs.call("scenario_now") == (envs.scenario_now(0), envs.scenario_now(1))
    assert envs.get_attr("action_space") == (envs.single_action_space,) * 2
    assert list(envs.call("render")) == envs.render()
    envs.set_attr("note", ["one", "two"])
    assert envs.get_attr("note") == ("one", "two")
    envs.set_attr("note", "both")
    assert envs.get_attr("note") == ("both", "both")
    with pytest.raises(ValueError, match="note has 3 values; expected 2"):
        envs.set_attr("note", [1, 2, 3])
    with pytest.raises(AttributeError, match="no attribute 'weather'"):
        envs.get_attr("weather")
    for name in ("scenario", "render", "np_random_seed"):
        with pytest.raises(
            AttributeError, match=f"{name} cannot be set for sub-environments; give it to make_v"
        ):
            envs.set_attr(name, None)


@pytest.mark.parametrize("mode", ["ansi", "rgb_array"])
def test_it_renders_a_list_of_what_single_environments_render(mode: str) -> None:
    envs = gym.make_vec(QUALIFIED, num_envs=2, scenario=WORLD, render_mode=mode)
    alone = [single(render_mode=mode) for _ in range(2)]
    envs.reset(seed=5)
    for i, env in enumerate(alone):
        env.reset(seed=5 + i)
    frames = envs.render()
    assert isinstance(frames, list)
    for frame, env in zip(frames, alone, strict=True):
        assert np.array_equal(frame, env.render())  # type: ignore[arg-type]


def test_videos_are_recorded(tmp_path: Any) -> None:
    pytest.importorskip("moviepy", reason="moviepy writes the videos")
    envs = RecordVideo(
        ExperimentDiffusionVectorEnv(2, WORLD, render_mode="rgb_array"),
        str(tmp_path / "videos"),
        episode_trigger=lambda k: k == 0,
    )
    envs.reset(seed=0)
    for actions in some_actions(envs.unwrapped, 7):  # type: ignore[arg-type]
        envs.step(actions)
    envs.close()
    assert list((tmp_path / "videos").glob("*.mp4"))


@pytest.mark.parametrize("mode", MODES)
def test_statistics_of_episodes_are_those_of_the_episodes(mode: AutoresetMode) -> None:
    envs = RecordEpisodeStatistics(ExperimentDiffusionVectorEnv(2, WORLD, autoreset_mode=mode))
    envs.reset(seed=0)
    lengths = []
    for actions in some_actions(envs.unwrapped, 12):  # type: ignore[arg-type]
        _, _, terminated, _, info = envs.step(actions)
        if terminated.any():
            lengths += info["episode"]["l"].tolist()
            if mode == AutoresetMode.DISABLED:
                envs.reset(options={"reset_mask": terminated})
    assert lengths == [5] * 4


# --- the spec ----------------------------------------------------------------------------------------------


WORLDS = {
    "name": "poor",
    "family": "family:poor",
    "mapping": {"base": "poor", "money": {"B": 0.7}},
    "object": Scenario.load("poor").override({"money.B": 0.7}),
    "listed": Scenario.load("china31").override({"money.B": 0.7}),
    "family object": Family(small(), varies=False, weights=((1.0, 2.0), (0.5, 0.5), (2.0, 3.0))),
}


@pytest.mark.parametrize("kind", WORLDS)
def test_a_spec_can_be_written_as_json_and_makes_the_same_environment(kind: str) -> None:
    env = gym.make(QUALIFIED, scenario=WORLDS[kind], reward=None, observe="true")
    assert env.spec is not None
    again = gym.make(EnvSpec.from_json(env.spec.to_json()))
    assert bits(env.reset(seed=0)) == bits(again.reset(seed=0))
    assert env.unwrapped.scenario_now() == again.unwrapped.scenario_now()  # type: ignore[attr-defined]


def test_a_vector_environments_spec_can_be_written_as_json() -> None:
    envs = gym.make_vec(
        QUALIFIED,
        num_envs=2,
        scenario=Scenario(),
        autoreset_mode=AutoresetMode.SAME_STEP,
        history=np.int64(2),
    )
    assert envs.spec is not None
    spec = EnvSpec.from_json(envs.spec.to_json())
    assert spec.kwargs["autoreset_mode"] == "SameStep"
    again = gym.make_vec(spec)
    assert again.metadata["autoreset_mode"] == AutoresetMode.SAME_STEP
    assert bits(envs.reset(seed=0)) == bits(again.reset(seed=0))
