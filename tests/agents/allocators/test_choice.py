"""One of several allocators decides in each quarter, as a discrete action."""

from __future__ import annotations

import copy
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env

from juguo_agents.allocators import UnknownAllocator, make_rule, rule_names
from juguo_agents.allocators.choice import RuleChoice
from juguo_agents.evaluation.rollout import run
from juguo_envs import ENV_ID, Family
from juguo_envs.errors import UserError
from tests.support import bits, seeds, small

WORLD = small({"programme.T": 16, "crisis.shock_rate": 0.2})
NAMES = ("flat", "market", "concentrated+exit+relief")


def choice(*allocators: Any, **arguments: Any) -> RuleChoice:
    """The environment in which one of some allocators decides."""
    made = gym.make(ENV_ID, **{"scenario": WORLD, **arguments})
    return RuleChoice(made, [*allocators] or None)


@pytest.mark.filterwarnings("ignore:.*is different from the unwrapped version:UserWarning")
def test_the_official_checkers_have_no_complaint() -> None:
    check_env(choice(*NAMES), skip_render_check=True)
    checker = pytest.importorskip("stable_baselines3.common.env_checker")
    checker.check_env(choice(*NAMES), warn=True)


@pytest.mark.parametrize("k", range(len(NAMES)))
@pytest.mark.parametrize("world", [WORLD, Family(small())], ids=["scenario", "family"])
def test_one_who_always_decides_earns_what_it_earns_alone(k: int, world: Any) -> None:
    env = choice(*NAMES, scenario=world)
    env.reset(seed=3)
    total, over = 0.0, False
    while not over:
        _, reward, over, _, _ = env.step(np.int64(k))
        total += float(reward)
    assert total == pytest.approx(run(make_rule(NAMES[k]), world, seeds(1, 3)).returns[0], rel=1e-12)


def test_who_decides_now_and_then_has_seen_all_the_same() -> None:
    """An allocator that counts the quarters it has seen counts those in which another one decided, too."""

    class Counter:
        name = "counter"

        def start(self, setting: Any, seeds: Any) -> None:
            self.seen, self.rule = 0, make_rule("flat")
            self.rule.start(setting, seeds)

        def act(self, observation: Any) -> Any:
            self.seen += 1
            return self.rule.act(observation)

    counter = Counter()
    env = choice("flat", counter)
    for _ in range(2):
        env.reset(seed=0)
        for k in (0, 1, 0, 0, 1):
            env.step(np.int64(k))
        assert counter.seen == 5
    assert env.names == ("flat", "counter")


def test_every_rule_of_the_paper_is_there_by_default() -> None:
    env = choice()
    assert list(env.names) == rule_names()
    assert env.action_space == gym.spaces.Discrete(len(rule_names()))


def test_a_copy_goes_on_by_itself() -> None:
    env = choice(*NAMES)
    env.reset(seed=0)
    env.step(np.int64(0))
    twin = copy.deepcopy(env)
    results = [[bits(one.step(np.int64(k))) for k in (1, 2, 0)] for one in (env, twin)]
    assert results[0] == results[1]


def test_the_spec_holds_the_names() -> None:
    env = choice(*NAMES)
    assert env.spec is not None
    again = gym.make(EnvSpec.from_json(env.spec.to_json()))
    assert again.get_wrapper_attr("names") == NAMES


def test_what_is_not_allowed_is_refused() -> None:
    with pytest.raises(UnknownAllocator, match="unknown allocator 'flatt'"):
        choice("flatt")
    with pytest.raises(UserError, match="allocators is empty"):
        RuleChoice(gym.make(ENV_ID, scenario=WORLD), [])
    env = choice(*NAMES)
    env.reset(seed=0)
    with pytest.raises(UserError, match="action is 3; allowed are 0 to 2: flat, market"):
        env.step(np.int64(3))
