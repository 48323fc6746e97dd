"""The policies that ship: of the worlds that ship, and each scores what its file tells."""

from __future__ import annotations

import numpy as np
import pytest

from juguo_agents.allocators.registry import UnknownAllocator
from juguo_agents.artifacts.load import common_world, files_of, find_allocators
from juguo_agents.artifacts.policy import Policy
from juguo_agents.artifacts.policy_file import load_policy
from juguo_agents.artifacts.zoo import PREFIX, ZOO, zoo_file, zoo_names
from juguo_agents.cli.listing import zoo
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.rollout import run
from juguo_envs.worlds.family import Family, load_world

NAMES = zoo_names()
MOST_BYTES = 3_000_000


def policy_of(name: str) -> Policy:
    return load_policy(zoo_file(PREFIX + name))


def test_the_zoo_is_small_and_every_policy_of_it_is_listed() -> None:
    assert NAMES and sum(file.stat().st_size for file in ZOO.iterdir()) <= MOST_BYTES
    assert all(PREFIX + name in zoo() for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_policy_is_of_the_world_that_ships_and_tells_its_command(name: str) -> None:
    world = load_world(name)
    base = world.base if isinstance(world, Family) else world
    policy = policy_of(name)
    assert policy.metadata["scenario_digest"] == base.digest(), "train it anew: the world has changed"
    assert isinstance(policy.world, Family) == isinstance(world, Family)
    assert policy.metadata["evaluation"]["zoo"]["command"].startswith("juguo train")
    assert files_of(PREFIX + name) == [zoo_file(PREFIX + name)]


@pytest.mark.parametrize("name", NAMES)
def test_a_policy_scores_again_what_it_tells(name: str) -> None:
    told = policy_of(name).metadata["evaluation"]["test"]
    (allocator,) = find_allocators([PREFIX + name])
    world = common_world([PREFIX + name])
    assert world is not None
    returns = run(
        allocator, world, seeds.test(told["first_seed"], told["episodes"]), observe=told["observe"]
    ).returns
    assert np.isclose(returns.mean(), told["mean"], atol=1e-9)
    assert allocator.name == f"learned_zoo_{name}"


def test_what_is_not_in_the_zoo_is_refused_by_name() -> None:
    with pytest.raises(UnknownAllocator, match=r"unknown policy of the zoo 'dfault'"):
        find_allocators(["zoo:dfault"])
