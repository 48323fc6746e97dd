"""What a user writes, typed. `make types` reads it here, `make test-integrations` from the wheel alone."""

from __future__ import annotations

from typing import Any, assert_type

import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode

from juguo_envs import (
    Allocation,
    ExperimentDiffusionEnv,
    ExperimentDiffusionVectorEnv,
    Family,
    ObservationLayout,
    Scenario,
    decode_allocation,
    encode_allocation,
    scenario_names,
)

Floats = npt.NDArray[np.float32]


def one_quarter(name: str) -> float:
    """The first reward of a world where everything is shared alike."""
    world = Scenario.load(name).override({"money.B": 0.4})
    env = ExperimentDiffusionEnv(scenario=world, observe="true", render_mode="ansi")
    observation, info = env.reset(seed=1)
    assert_type(observation, Floats)
    assert_type(info, dict[str, Any])
    action = encode_allocation(functions=np.ones(9), communities=np.ones(8), openness=0.5, advance=True)
    _, gain, terminated, _, _ = env.step(action)
    reward: float = gain
    assert_type(terminated, bool)
    layout: ObservationLayout = env.layout
    assert_type(layout.size, int)
    assert_type(decode_allocation(action, np.ones(8) / 8), Allocation)
    return reward


def many_quarters() -> npt.NDArray[Any]:
    """The first rewards of a family's worlds."""
    envs = ExperimentDiffusionVectorEnv(
        4, scenario=Family(Scenario.load("default")), autoreset_mode=AutoresetMode.SAME_STEP
    )
    observation, _ = envs.reset(seed=[1, 2, 3, 4])
    assert_type(observation, Floats)
    _, rewards, terminated, _, _ = envs.step(envs.action_space.sample())
    assert_type(terminated, npt.NDArray[np.bool_])
    return rewards


names: list[str] = scenario_names()
