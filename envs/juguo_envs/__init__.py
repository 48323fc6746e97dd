"""The technology experiment-diffusion environment; importing it registers `juguo/ExperimentDiffusion-v0`."""

from gymnasium.envs.registration import register, registry

from juguo_envs.allocation import Allocation, AllocationError, decode_allocation, encode_allocation
from juguo_envs.batch import Batch
from juguo_envs.env import ExperimentDiffusionEnv
from juguo_envs.family import Family
from juguo_envs.family_batch import FamilyBatch
from juguo_envs.observation import ObservationLayout
from juguo_envs.scenario import Scenario, ScenarioError, scenario_names
from juguo_envs.vector_env import ExperimentDiffusionVectorEnv

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
    "ObservationLayout",
    "Scenario",
    "ScenarioError",
    "decode_allocation",
    "encode_allocation",
    "scenario_names",
]

if ENV_ID not in registry:
    register(
        ENV_ID,
        entry_point="juguo_envs.env:ExperimentDiffusionEnv",
        vector_entry_point="juguo_envs.vector_env:ExperimentDiffusionVectorEnv",
    )
