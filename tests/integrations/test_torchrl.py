"""TorchRL."""

from __future__ import annotations

from pathlib import Path

from tests.integrations.running import ENV, EXAMPLES, library, run

GymEnv = library("torchrl.envs").GymEnv
check_env_specs = library("torchrl.envs.utils").check_env_specs


def test_its_own_check_finds_nothing_with_the_info_registered() -> None:
    check_env_specs(GymEnv(ENV, scenario="poor").auto_register_info_dict())


def test_the_example_learns_for_a_few_updates(tmp_path: Path) -> None:
    assert run(EXAMPLES / "torchrl_ppo.py", "1920", cwd=tmp_path).count("return") == 2
