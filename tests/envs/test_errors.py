"""What goes wrong is said in the user's words: the field, the value, what is allowed, and a near miss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from juguo_envs import (
    AllocationError,
    Batch,
    ExperimentDiffusionEnv,
    ExperimentDiffusionVectorEnv,
    Family,
    Scenario,
    ScenarioError,
    decode_allocation,
    encode_allocation,
    scenario_names,
)
from juguo_envs.errors import UserError
from tests.support import Array, bits, small, society_bytes

WORLD = small({"programme.T": 3})


def good_action(env: ExperimentDiffusionEnv | ExperimentDiffusionVectorEnv) -> Array:
    """An action in the middle of the space."""
    assert env.action_space.shape is not None
    return np.zeros(env.action_space.shape, np.float32)


def bad_actions(good: Array) -> dict[str, tuple[Any, str]]:
    """Actions that cannot be used, and a part of what is said of each."""
    nan, infinite = good.copy(), good.copy()
    nan[..., 4], infinite[..., 4] = np.nan, -np.inf
    return {
        "nan": (nan, r"action\[4\].* is nan"),
        "infinite": (infinite, r"action\[4\].* is -inf"),
        "too short": (good[..., :-1], "shape"),
        "too long": (np.concatenate([good, good], axis=-1), "shape"),
        "a number": (0.5, "shape"),
        "too deep": (good[None], "shape"),
        "words": (np.full(good.shape, "much"), "expected numbers"),
    }


BAD = ["nan", "infinite", "too short", "too long", "a number", "too deep", "words"]


@pytest.mark.parametrize("kind", BAD)
def test_a_refused_action_names_the_fault_and_changes_nothing(kind: str) -> None:
    env, untouched = ExperimentDiffusionEnv(WORLD), ExperimentDiffusionEnv(WORLD)
    good = good_action(env)
    for one in (env, untouched):
        one.reset(seed=0)
        one.step(good)
    before = society_bytes(env.batch, 0)
    action, said = bad_actions(good)[kind]
    with pytest.raises(AllocationError, match=said):
        env.step(action)
    assert society_bytes(env.batch, 0) == before
    assert bits(env.step(good)) == bits(untouched.step(good))


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_a_vector_environment_refuses_an_action_and_changes_nothing(kind: str, mode: AutoresetMode) -> None:
    envs, untouched = (ExperimentDiffusionVectorEnv(2, WORLD, autoreset_mode=mode) for _ in range(2))
    good = good_action(envs)
    for one in (envs, untouched):
        one.reset(seed=0)
        one.step(good)
    before = [society_bytes(envs.batch, b) for b in range(2)]
    action, said = bad_actions(good)[kind]
    with pytest.raises(AllocationError, match=said):
        envs.step(action)
    assert [society_bytes(envs.batch, b) for b in range(2)] == before
    for _ in range(2):  # to the end of the episode
        assert bits(envs.step(good)) == bits(untouched.step(good))


def test_one_bad_entry_names_its_environment() -> None:
    envs = ExperimentDiffusionVectorEnv(3, WORLD)
    envs.reset(seed=0)
    actions = good_action(envs)
    actions[2, 7] = np.nan
    with pytest.raises(AllocationError, match=r"action\[7\] of environment 2 is nan; .*finite"):
        envs.step(actions)


def test_a_wrong_shape_names_the_right_one() -> None:
    env = ExperimentDiffusionEnv(WORLD)
    env.reset(seed=0)
    with pytest.raises(AllocationError, match=r"shape \(5,\); expected \(16,\): .*3 communities"):
        env.step(np.zeros(5, np.float32))


def test_values_outside_the_bounds_are_clipped() -> None:
    results = []
    for factor in (1.0, 7.0, 1e300):
        env = ExperimentDiffusionEnv(WORLD)
        env.reset(seed=0)
        action = np.where(np.arange(16) % 3 == 0, 1.0, -1.0)
        results.append(bits(env.step(factor * action)))
    assert results[0] == results[1] == results[2]


def test_a_step_before_the_first_reset_is_refused() -> None:
    env, envs = ExperimentDiffusionEnv(WORLD), ExperimentDiffusionVectorEnv(2, WORLD)
    for one in (env, envs):
        with pytest.raises(gym.error.ResetNeeded, match="reset"):
            one.step(good_action(one))


def test_a_step_after_the_end_is_refused_until_reset() -> None:
    env = ExperimentDiffusionEnv(WORLD)
    env.reset(seed=0)
    for _ in range(3):
        env.step(good_action(env))
    before = society_bytes(env.batch, 0)
    with pytest.raises(gym.error.ResetNeeded, match="over"):
        env.step(good_action(env))
    assert society_bytes(env.batch, 0) == before
    env.reset()
    env.step(good_action(env))


def test_without_autoreset_a_step_after_the_end_names_who_is_over() -> None:
    envs = ExperimentDiffusionVectorEnv(3, WORLD, autoreset_mode="Disabled")
    envs.reset(seed=0)
    envs.step(good_action(envs))
    envs.reset(options={"reset_mask": np.array([True, False, False])})
    for _ in range(2):
        envs.step(good_action(envs))
    before = [society_bytes(envs.batch, b) for b in range(3)]
    with pytest.raises(gym.error.ResetNeeded, match="sub-environment 1 is over"):
        envs.step(good_action(envs))
    assert [society_bytes(envs.batch, b) for b in range(3)] == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"num_envs": 0}, "num_envs is 0; allowed is 1 or more"),
        ({"num_envs": 2, "threads": 0}, "threads is 0; allowed is 1 or more"),
        (
            {"num_envs": 2, "render_mode": "human"},
            "render_mode is 'human'; allowed are ansi, rgb_array or None",
        ),
        ({"num_envs": 2, "max_episode_steps": 0}, "max_episode_steps is 0; allowed is 1 or more, or None"),
        ({"num_envs": 2, "autoreset_mode": "sometimes"}, "sometimes"),
    ],
)
def test_a_vector_environment_refuses_arguments(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ExperimentDiffusionVectorEnv(scenario=WORLD, **arguments)


@pytest.mark.parametrize(
    "mask", [np.zeros(3, np.bool_), np.ones(2, np.bool_), np.ones(3), np.ones((3, 1), np.bool_)]
)
def test_a_reset_mask_must_be_boolean_one_each_and_name_somebody(mask: Array) -> None:
    envs = ExperimentDiffusionVectorEnv(3, WORLD)
    envs.reset(seed=0)
    with pytest.raises(ValueError, match="reset_mask"):
        envs.reset(options={"reset_mask": mask})


def test_seeds_must_be_one_each() -> None:
    with pytest.raises(ValueError, match="seed has 2 entries; expected 3"):
        ExperimentDiffusionVectorEnv(3, WORLD).reset(seed=[1, 2])


@pytest.mark.parametrize("seed", [-1, 2**63, 2**64, 1.5, True, "1"])
def test_what_is_no_seed_is_refused_with_the_range(seed: Any) -> None:
    said = r"allowed are whole numbers from 0 to 2\*\*63 - 1"
    with pytest.raises(UserError, match=said):
        ExperimentDiffusionEnv(WORLD).reset(seed=seed)
    with pytest.raises(UserError, match=said):
        ExperimentDiffusionVectorEnv(2, WORLD).reset(seed=[0, seed])
    with pytest.raises(UserError, match=said):
        Batch(WORLD, 2).reset(np.array([seed, seed]))
    with pytest.raises(UserError, match=said):
        Family(WORLD).scenario(seed)


def test_seeds_that_follow_the_last_one_are_refused() -> None:
    envs = ExperimentDiffusionVectorEnv(3, WORLD)
    with pytest.raises(UserError, match=f"seed is {2**63}"):
        envs.reset(seed=2**63 - 2)
    envs.reset(seed=2**63 - 3)
    ExperimentDiffusionEnv(WORLD).reset(seed=2**63 - 1)


def test_a_batch_refuses_what_its_kernels_would_read_beyond() -> None:
    batch = Batch(WORLD, 3)
    with pytest.raises(ValueError, match=r"seeds has shape \(2,\); expected \(3,\)"):
        batch.reset(np.arange(2, dtype=np.uint64))
    with pytest.raises(ValueError, match=r"mask has shape \(4,\); expected \(3,\)"):
        batch.reset(np.arange(3, dtype=np.uint64), np.ones(4, np.bool_))
    for size, threads, said in ((0, 1, "size is 0"), (1, 0, "threads is 0")):
        with pytest.raises(ValueError, match=said):
            Batch(WORLD, size, threads=threads)


def test_an_unknown_render_mode_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="render_mode is 'film'; allowed are ansi, rgb_array, human or None"):
        ExperimentDiffusionEnv(WORLD, render_mode="film")


@pytest.mark.parametrize("make", [ExperimentDiffusionEnv, ExperimentDiffusionVectorEnv])
def test_an_unknown_way_to_observe_is_refused_with_those_there_are(make: Any) -> None:
    with pytest.raises(ScenarioError, match="observe is 'all': input should be 'noisy' or 'true'"):
        make(scenario=WORLD, observe="all")


@pytest.mark.parametrize("make", [ExperimentDiffusionEnv, ExperimentDiffusionVectorEnv])
def test_a_reward_weight_is_refused_by_name_and_by_value(make: Any) -> None:
    with pytest.raises(ScenarioError, match="unknown weight 'width'; there are breadth, resilience, excl"):
        make(scenario=WORLD, reward={"width": 1.0})
    with pytest.raises(ScenarioError, match=r"reward.w_x is -1.0; allowed is 0 to 100"):
        make(scenario=WORLD, reward={"excluded": -1.0})


# --- scenarios ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [Scenario.load, ExperimentDiffusionEnv])
def test_an_unknown_scenario_is_refused_with_those_there_are_and_a_near_miss(make: Any) -> None:
    with pytest.raises(ScenarioError) as caught:
        make("defalt")
    assert "unknown scenario 'defalt' (did you mean 'default'?)" in str(caught.value)
    for name in scenario_names():
        assert name in str(caught.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"mony": {"B": 1}}, ["unknown field 'mony'", "did you mean 'money'?", "known here: name"]),
        ({"money": {"b0": 1}}, ["unknown field 'money.b0'", "known here: B, m0"]),
        ({"adoption": {"gama": 1}}, ["'adoption.gama'", "did you mean 'gamma'?"]),
        ({"society": {"person": 50}}, ["'society.person'", "did you mean 'persons'?"]),
        ({"society": {"communities": {"cuont": 8}}}, ["'society.communities.cuont'"]),
        ({"money": {"B": -1}}, ["money.B is -1", "allowed is 0 to 100"]),
        ({"money": {"B": 101}}, ["money.B is 101", "allowed is 0 to 100"]),
        ({"money": {"B": "much"}}, ["money.B is 'much'", "number"]),
        ({"money": {"B": float("nan")}}, ["money.B is nan", "finite"]),
        ({"money": 3}, ["money is 3"]),
        ({"programme": {"T": 0}}, ["programme.T is 0; allowed is 1 to 10000"]),
        ({"programme": {"T": 1.5}}, ["programme.T is 1.5", "integer"]),
        ({"programme": {"minimum": [0, 1, 1]}}, ["programme", "minimum", "at least 1"]),
        ({"programme": {"minimum": [9, 1, 1], "maximum": [8, 8]}}, ["maximum", "below minimum"]),
        ({"society": {"persons": 9}}, ["society.persons is 9; allowed is 10 to 10000000"]),
        ({"society": {"persons": 10, "communities": {"count": 11}}}, ["persons is 10", "11 communities"]),
        ({"society": {"communities": {"count": 2, "hubs": 3}}}, ["hubs is 3", "count 2"]),
        ({"society": {"communities": []}}, ["communities is empty"]),
        ({"society": {"persons": 10, "mean_degree": 10}}, ["mean_degree is 10", "persons - 1"]),
        ({"money": {"B": -1}, "adoption": {"p": -1}}, ["2 faults", "money.B is -1", "adoption.p is -1"]),
    ],
)
def test_a_wrong_field_is_named_with_its_value_and_what_is_allowed(data: Any, said: list[str]) -> None:
    with pytest.raises(ScenarioError) as caught:
        Scenario.parse(data)
    for part in said:
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def community(**fields: Any) -> dict[str, Any]:
    """One community of a list."""
    return {"name": "a", "population": 1.0, "producers": 1.0, "capability": 0.5, **fields}


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ([community(), community()], "holds the name 'a' twice"),
        ([community(neighbours=["b"])], "neighbours names 'b', which is not a community"),
        ([community(population=0.0)], "population is 0.0"),
        ([community(capability=1.5)], "capability is 1.5"),
    ],
)
def test_a_wrong_list_of_communities_is_refused(listed: Any, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        Scenario.parse({"society": {"persons": 50, "communities": listed}})


@pytest.mark.parametrize(
    ("ties", "said"),
    [
        ([[0, 50]], r"ties\[0\] is \[0, 50\]; allowed are persons 0 to 49"),
        ([[-1, 5]], r"ties\[0\] is \[-1, 5\]; allowed are persons"),
        ([[0, 1], [7, 7]], r"ties\[1\] is \[7, 7\]; a tie joins two persons"),
        ([[0, 1], [1, 0]], r"ties\[1\] is \[1, 0\], which is listed before"),
        ([[0, 1, 2]], "ties"),
    ],
)
def test_a_wrong_list_of_ties_is_refused(ties: Any, said: str) -> None:
    society = {"persons": 50, "communities": [community(population=50)], "network": "listed", "ties": ties}
    with pytest.raises(ScenarioError, match=said):
        Scenario.parse({"society": society})


def test_a_listed_network_needs_to_know_who_lives_where_and_ties_a_listed_network() -> None:
    society = {"persons": 50, "communities": [community(population=49)], "network": "listed"}
    with pytest.raises(ScenarioError, match="sum to 49 and persons is 50"):
        Scenario.parse({"society": society})
    with pytest.raises(ScenarioError, match="allowed is network: listed"):
        Scenario.parse({"society": {"ties": [[0, 1]]}})


@pytest.mark.parametrize("data", [None, [], "default", 3])
def test_what_is_no_mapping_is_no_scenario(data: Any) -> None:
    with pytest.raises(ScenarioError, match="expected a mapping of fields"):
        Scenario.parse(data)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"money.b0": 1}, "unknown field 'money.b0'"),
        ({"monye.B": 1}, r"unknown field 'monye.B' \(did you mean 'money'\?\)"),
        ({"crisis.shock_rat": 1}, r"did you mean 'shock_rate'\?"),
        ({"name.first": 1}, "unknown field 'name.first'"),
        ({"money.B": -1}, "money.B is -1"),
        ({"": 1}, "unknown field ''"),
    ],
)
def test_a_wrong_override_is_refused_by_name_or_value(changes: dict[str, Any], said: str) -> None:
    scenario = Scenario.load("default")
    with pytest.raises(ScenarioError, match=said):
        scenario.override(changes)
    assert scenario == Scenario.load("default")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"money: {B: 1\n", r"line 1: not readable as YAML"),
        (b"name: \xff\xfe\n", "cannot be read"),
        (b"", "expected a mapping of fields, got nothing"),
        (b"- a\n- b\n", "expected a mapping of fields, got a list"),
        (b"money: {B: !!python/object:builtins.object {}}\n", "line 1: the tag !!python/object"),
    ],
)
def test_an_unreadable_file_is_named_with_the_fault(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "world.yaml"
    path.write_bytes(content)
    with pytest.raises(ScenarioError, match=said) as caught:
        Scenario.load(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.yaml", tmp_path):
        with pytest.raises(ScenarioError, match="cannot be read") as caught:
            Scenario.load(path)
        assert str(path) in str(caught.value)


# --- allocations -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("functions", "communities", "more", "said"),
    [
        (np.ones(8), np.ones(3), {}, "functions has 8 entries; expected 9: research"),
        (-np.ones(9), np.ones(3), {}, "functions or reserve holds a weight that is negative"),
        (np.full(9, np.nan), np.ones(3), {}, "not finite"),
        (np.ones(9), [1.0, -1.0, 0.0], {}, "communities holds a weight that is negative"),
        (np.ones(9), np.ones(3), {"reserve": -0.1}, "functions or reserve"),
        (np.ones(9), np.ones(3), {"openness": 1.1}, "openness is 1.1; allowed is 0 to 1"),
        (np.ones(9), np.ones(3), {"openness": np.nan}, "openness is nan"),
    ],
)
def test_an_allocation_that_cannot_be_encoded_is_refused(
    functions: Any, communities: Any, more: dict[str, Any], said: str
) -> None:
    with pytest.raises(AllocationError, match=said):
        encode_allocation(functions, communities, **more)


@pytest.mark.parametrize("action", [np.zeros(15), np.full(16, np.nan), np.zeros((2, 17)), 0.0])
def test_an_action_that_cannot_be_decoded_is_refused(action: Any) -> None:
    with pytest.raises(AllocationError):
        decode_allocation(action, np.ones(3) / 3)
