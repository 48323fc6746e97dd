"""What all tests share. Every test is repeatable: seeds are fixed and hypothesis draws the same examples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import settings

from juguo_envs import Batch, Scenario

# No deadline: the first example that reaches the model may compile it, and no test asserts time.
settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize=True,
    max_examples=40,
    print_blob=True,
    report_multiple_bugs=False,
)
settings.load_profile("repeatable")


def pytest_configure(config: pytest.Config) -> None:
    """Compile the model into its cache on disk before processes are started that would each compile it."""
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        batch = Batch(Scenario.load("default"), 1)
        batch.reset(np.zeros(1, np.uint64))
        batch.step(np.zeros((1, batch.action_size), np.float32))
