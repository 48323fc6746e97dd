"""The technology experiment-diffusion environment; importing it registers `juguo/ExperimentDiffusion-v0`."""

from importlib.metadata import PackageNotFoundError, version

from gymnasium.envs.registration import register, registry

from juguo_envs.engine.batch import Batch
from juguo_envs.engine.family_batch import FamilyBatch
from juguo_envs.env import ExperimentDiffusionEnv
from juguo_envs.spaces.action import Allocation, AllocationError, decode_allocation, encode_allocation
from juguo_envs.spaces.context import ObservationConfig
from juguo_envs.spaces.observation import ObservationLayout
from juguo_envs.vector_env import ExperimentDiffusionVectorEnv
from juguo_envs.warm import warm_up
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import Scenario, ScenarioError, scenario_names

ENV_ID = "juguo/ExperimentDiffusion-v0"

__all__ = [
    "ENV_ID",
    "Allocation",
    "AllocationError",
    "Batch",
    "ExperimentDiffusionEnv",
    "ExperimentDiffusionVectorEnv",
    "Family",
    "FamilyBatch",
    "ObservationConfig",
    "ObservationLayout",
    "Scenario",
    "ScenarioError",
    "decode_allocation",
    "encode_allocation",
    "scenario_names",
    "warm_up",
]

try:
    __version__ = version("juguo")
except PackageNotFoundError:
    __version__ = "unknown (not installed)"

if ENV_ID not in registry:
    register(
        ENV_ID,
        entry_point="juguo_envs.env:ExperimentDiffusionEnv",
        vector_entry_point="juguo_envs.vector_env:ExperimentDiffusionVectorEnv",
    )
