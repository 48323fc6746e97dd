"""Property 6: a society's trajectory depends on its seed and its actions, and on nothing else.

Neither on its place in a batch, nor on the batch's size, the number of threads, a stop in between, or what an
environment did before. And what chance does to a person or a community does not depend on what others did:
two allocators on one seed are compared under common random numbers.
"""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from juguo_envs import Batch, ExperimentDiffusionEnv, ExperimentDiffusionVectorEnv, Scenario
from juguo_envs.engine import batch as batch_module
from juguo_envs.model.equations import INTERACTOR
from tests.support import Array, bits, random_actions, seeds, small, society_bytes, spend, started

MOST = 16
FIRST_SEED = 100
WORLD = small({"society.persons": 200, "programme.T": 30, "crisis.shock_rate": 0.1})


def seed_of(b: int) -> int:
    """Seed of society b in every run of this file; far from b, so that a mix-up of the two shows."""
    return FIRST_SEED + 7 * b


def all_actions(batch: Batch, quarters: int) -> Array:
    """(quarters, 16, 10 + R + 3): what each of 16 societies does, whoever runs it."""
    rng = np.random.default_rng(5)
    sixteen = Batch(batch.scenario, MOST)
    return np.stack([random_actions(rng, sixteen) for _ in range(quarters)])


def run(societies: list[int], threads: int = 1, stop_after: int | None = None) -> dict[int, list[Any]]:
    """Trajectories, every bit of them, of some of the 16 societies run together."""
    batch = Batch(WORLD, len(societies), threads=threads)
    actions = all_actions(batch, WORLD.programme.T)[:, societies]
    observation = batch.reset(np.array([seed_of(b) for b in societies], np.uint64))
    found: dict[int, list[Any]] = {b: [] for b in societies}
    for t in range(WORLD.programme.T + 1):
        for place, b in enumerate(societies):
            found[b].append((observation[place].tobytes(), society_bytes(batch, place)))
        if t == stop_after:
            batch = pickle.loads(pickle.dumps(batch))
        if t < WORLD.programme.T:
            observation = batch.step(actions[t])
    return found


@pytest.fixture(scope="module")
def alone() -> dict[int, list[Any]]:
    """The trajectory of each of 16 societies when it is run alone."""
    return {b: run([b])[b] for b in range(MOST)}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("size", [1, 3, MOST])
def test_a_society_is_the_same_alone_and_at_every_place_of_a_batch(
    alone: dict[int, list[Any]], size: int, threads: int
) -> None:
    for first in range(0, MOST - size + 1, size):
        together = run(list(range(first, first + size)), threads)
        for b, trajectory in together.items():
            assert trajectory == alone[b]


def test_one_society_is_the_same_at_each_of_sixteen_places(alone: dict[int, list[Any]]) -> None:
    for place in range(MOST):
        order = [(b - place) % MOST for b in range(MOST)]
        assert order[place] == 0
        assert run(order)[0] == alone[0]


def test_a_batch_of_three_continues_the_same_after_pickling(alone: dict[int, list[Any]]) -> None:
    together = run([4, 5, 6], stop_after=11)
    assert all(together[b] == alone[b] for b in (4, 5, 6))


def test_trajectories_of_different_seeds_differ(alone: dict[int, list[Any]]) -> None:
    assert len({trajectory[-1][0] for trajectory in alone.values()}) == MOST


def episode(env: ExperimentDiffusionEnv, actions: Array) -> list[Any]:
    """What an environment gives for some actions, every bit of it."""
    return [bits(env.step(action)) for action in actions]


def test_an_environment_continues_the_same_after_pickling() -> None:
    env = ExperimentDiffusionEnv(WORLD)
    env.reset(seed=3)
    actions = all_actions(env.batch, WORLD.programme.T)[:, 0]
    episode(env, actions[:13])
    restored = pickle.loads(pickle.dumps(env))
    assert episode(restored, actions[13:]) == episode(env, actions[13:])
    # and the generator of the next episodes' seeds came along
    assert np.array_equal(restored.reset()[0], env.reset()[0])


def test_pickling_does_not_make_the_model_compile_again() -> None:
    env = ExperimentDiffusionEnv(WORLD)
    env.reset(seed=0)
    env.step(env.action_space.sample())
    restored = pickle.loads(pickle.dumps(env))
    restored.reset(seed=0)
    restored.step(env.action_space.sample())
    assert len(batch_module._kernel.signatures) == 1


def test_a_vector_environment_continues_the_same_after_pickling() -> None:
    envs = ExperimentDiffusionVectorEnv(3, WORLD, threads=2)
    envs.reset(seed=8)
    actions = np.concatenate([all_actions(envs.batch, WORLD.programme.T)[:, :3]] * 3)
    for action in actions[:20]:
        envs.step(action)
    restored = pickle.loads(pickle.dumps(envs))
    ended = 0
    for action in actions[20:]:  # over the ends of two episodes
        here, there = envs.step(action), restored.step(action)
        ended += int(here[2].sum())
        assert bits(here) == bits(there)
    assert ended == 6


def test_each_sub_environment_is_the_single_environment_over_whole_episodes() -> None:
    envs = ExperimentDiffusionVectorEnv(3, WORLD)
    singles = [ExperimentDiffusionEnv(WORLD) for _ in range(3)]
    observations, _ = envs.reset(seed=21)
    for i, single in enumerate(singles):
        assert np.array_equal(single.reset(seed=21 + i)[0], observations[i])
    over = [False] * 3
    for actions in np.concatenate([all_actions(envs.batch, WORLD.programme.T)[:, :3]] * 3):
        observations, rewards, terminated, _, _ = envs.step(actions)
        for i, single in enumerate(singles):
            if over[i]:  # Gymnasium's default: the step after the last one begins the next episode
                observation, reward, over[i] = single.reset()[0], 0.0, False
            else:
                observation, reward, over[i], _, _ = single.step(actions[i])
            assert np.array_equal(observation, observations[i])
            assert reward == rewards[i]
            assert over[i] == terminated[i]


def test_a_used_environment_starts_like_a_new_one() -> None:
    used, new = ExperimentDiffusionEnv(WORLD), ExperimentDiffusionEnv(WORLD)
    used.reset(seed=1)
    episode(used, all_actions(used.batch, WORLD.programme.T)[:, 0])
    assert bits(used.reset(seed=2)) == bits(new.reset(seed=2))
    assert society_bytes(used.batch, 0) == society_bytes(new.batch, 0)


@pytest.mark.parametrize("threads", [1, 2])
def test_societies_of_one_seed_are_each_what_it_would_be_alone(threads: int) -> None:
    """Some are made once and copied, into slots that were in use; one is left as it is by the mask."""
    together, actions = Batch(WORLD, 5, threads=threads), all_actions(Batch(WORLD, 5), 12)[:, :5]
    together.reset(np.arange(5, dtype=np.uint64))
    for now in actions[:6]:
        together.step(now)
    kept = society_bytes(together, 2)
    twins = np.array([8, 9, 8, 8, 9], np.uint64)
    seen = together.reset(twins, np.array([True, True, False, True, True]))
    assert society_bytes(together, 2) == kept
    assert not seen[2].any()
    for b in (0, 1, 3, 4):
        alone = Batch(WORLD, 1)
        assert alone.reset(twins[b : b + 1]).tobytes() == seen[b].tobytes()
        assert society_bytes(alone, 0) == society_bytes(together, b)
    for now in actions[6:]:
        together.step(now)
    for b in (0, 1, 3, 4):
        alone = Batch(WORLD, 1)
        alone.reset(twins[b : b + 1])
        for now in actions[6:]:
            alone.step(now[b : b + 1])
        assert society_bytes(alone, 0) == society_bytes(together, b)


def test_societies_of_one_seed_and_other_parameters_are_no_copies() -> None:
    batch, other = Batch(WORLD, 2), WORLD.override({"knowledge.K0": 0.3})
    batch.params[1] = other.record()
    seen = batch.reset(np.array([8, 8], np.uint64))
    assert seen[1].tobytes() == Batch(other, 1).reset(np.array([8], np.uint64))[0].tobytes()
    assert seen[1].tobytes() != seen[0].tobytes()


# --- common random numbers ---------------------------------------------------------------------------------


def test_the_jth_technology_is_the_same_whoever_decides() -> None:
    busy, patient = started(WORLD, 8), started(WORLD, 8)
    found: list[dict[tuple[int, int], tuple[float, float]]] = [{}, {}]
    rng = np.random.default_rng(0)
    for t in range(WORLD.programme.T):
        busy.step(spend(busy, {"research": 1.0}, abandon=True))
        actions = random_actions(rng, patient, abandon=0.0)
        actions[:, -1] = 1.0 if t in (9, 20) else -1.0
        patient.step(actions)
        for batch, seen in zip((busy, patient), found, strict=True):
            programme = batch.state.programme
            for b in np.flatnonzero(programme["age"] == 0):
                seen[int(b), int(programme["project"][b])] = (programme["X"][b], programme["C"][b])
    common = found[0].keys() & found[1].keys()
    assert common == {(b, j) for b in range(8) for j in (1, 2)}
    assert len(found[0]) > len(found[1])
    for project in common:
        assert found[0][project] == found[1][project]
    assert len(set(found[0].values())) == len(found[0])


def test_shocks_strike_the_same_communities_as_hard_whoever_decides() -> None:
    # a crisis ends within the quarter, and its level is a tenth of the severity: it shows the severity itself
    # it does not spread, and the reserve, which would lower it, pays nothing
    scenario = WORLD.override(
        {
            "crisis.cr0": 1.0,
            "crisis.cr2": 0.0,
            "crisis.cover": 0.0,
            "crisis.crs": 0.1,
            "crisis.shock_rate": 0.3,
        }
    )
    poor, rich = started(scenario, 8), started(scenario, 8)
    struck = 0
    for _ in range(WORLD.programme.T):
        poor.step(spend(poor))
        rich.step(spend(rich, {"scenarios": 1.0, "resilience": 1.0}, advance=True, abandon=True))
        assert np.array_equal(poor.state.community["crisis"], rich.state.community["crisis"])
        assert np.array_equal(poor.state.quarter["shocks"], rich.state.quarter["shocks"])
        struck += int(poor.state.quarter["shocks"].sum())
    assert struck > 100
    assert poor.state.programme["abandoned"].sum() == 0
    assert rich.state.programme["abandoned"].sum() > 0
    assert poor.state.adopted.sum() != rich.state.adopted.sum()


def test_what_happens_in_one_community_does_not_shift_the_draws_of_another() -> None:
    scenario = WORLD.override({"adoption.p": 0.0, "adoption.p_tr": 0.0})  # nobody adopts: no tie between them
    quiet = started(scenario, 4)
    busy = copy.deepcopy(quiet)
    here = slice(0, int(quiet.structure.start[1]))
    elsewhere = slice(int(quiet.structure.start[1]), None)
    for _ in range(WORLD.programme.T):
        quiet.step(spend(quiet, {"research": 1.0}))  # nothing in reserve in either: it pays for all
        busy.step(spend(busy, {"engagement": 1.0}, communities=[1.0, 0.0, 0.0]))
    assert (busy.state.role[:, here] == INTERACTOR).sum() > (quiet.state.role[:, here] == INTERACTOR).sum()
    for name in ("role", "rho", "kappa", "excluded"):
        left, right = (getattr(one.state, name)[:, elsewhere] for one in (quiet, busy))
        assert np.array_equal(left, right)


def test_the_noise_on_what_is_seen_is_the_same_whoever_decides() -> None:
    scenario = Scenario.load("default")
    noisy, true = Batch(scenario, 4), Batch(scenario, 4, noisy=False)
    errors = []
    for functions in ({}, {"research": 1.0, "resilience": 1.0}):
        observations = []
        for batch in (noisy, true):
            batch.reset(seeds(4))
            for _ in range(10):
                observation = batch.step(spend(batch, functions))
            observations.append(batch.layout.place(observation, "trust"))
        errors.append(observations[0] - observations[1])
    assert np.abs(errors[0]).min() > 0.0
    np.testing.assert_allclose(errors[0], errors[1], atol=1e-6)
