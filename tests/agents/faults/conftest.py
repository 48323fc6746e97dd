"""Files of every kind, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from juguo_agents.artifacts.tree import Tree
from juguo_agents.evaluation.rollout import Conditions
from tests.agents.faults.made import make


@pytest.fixture(scope="package")
def made(tmp_path_factory: pytest.TempPathFactory, world: Conditions, tree: Tree) -> Path:
    """The folder of all of them."""
    return make(tmp_path_factory.mktemp("made"), tree, world.scenario)
