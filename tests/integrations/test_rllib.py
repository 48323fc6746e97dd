"""RLlib."""

from __future__ import annotations

from pathlib import Path

from tests.integrations.running import EXAMPLES, library, run

library("ray.rllib")


def test_the_example_learns_for_a_few_updates(tmp_path: Path) -> None:
    assert run(EXAMPLES / "rllib_ppo.py", "1920", cwd=tmp_path).count("return") == 2
