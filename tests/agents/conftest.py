"""A small world and a tree in it that the tests of explanations share."""

from __future__ import annotations

import numpy as np
import pytest

from juguo_agents.allocators import make_rule
from juguo_agents.artifacts.tree import Tree
from juguo_agents.artifacts.tree_features import FEATURES
from juguo_agents.evaluation.rollout import Conditions
from juguo_agents.search.distillation.fit import Weights, fit_tree
from juguo_agents.search.distillation.query import Answers, ExpertQuery
from juguo_envs import Scenario

EPISODES = np.arange(2**31 + 2**27, 2**31 + 2**27 + 12, dtype=np.uint64)


@pytest.fixture(scope="package")
def world() -> Conditions:
    """100 persons in 3 communities over 16 quarters, with stages short enough to see all three."""
    return Conditions(
        Scenario.load("default").override(
            {
                "society.persons": 100,
                "society.communities.count": 3,
                "society.communities.hubs": 1,
                "programme.T": 16,
                "programme.minimum": [2, 2, 2],
                "programme.maximum": [5, 5],
            }
        )
    )


@pytest.fixture(scope="package")
def asked(world: Conditions) -> Answers:
    """What the proposal does in its own states."""
    rule = make_rule("experiment_diffusion")
    asking = ExpertQuery(rule, rule)
    world.run(asking, EPISODES)
    return asking.answers()


@pytest.fixture(scope="package")
def tree(asked: Answers) -> Tree:
    """A tree of at most six leaves fitted to that."""
    return fit_tree(FEATURES, asked, 6, Weights(1.0, 1.0, 1.0))
