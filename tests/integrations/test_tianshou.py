"""Tianshou."""

from __future__ import annotations

from pathlib import Path

from tests.integrations.running import EXAMPLES, library, run

library("tianshou")


def test_the_example_learns_for_a_few_updates(tmp_path: Path) -> None:
    assert "return" in run(EXAMPLES / "tianshou_ppo.py", "1920", cwd=tmp_path)
