"""The technology experiment-diffusion environment; importing it registers its ids with Gymnasium."""

from importlib.metadata import PackageNotFoundError, version

from gymnasium.envs.registration import register, registry

import juguo_envs.vectors  # noqa: F401 (for its effect: numba fixes what it compiles for at the first kernel below)
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
MO_ENV_ID = "juguo/MO-ExperimentDiffusion-v0"
"""The same with a vector as reward."""

__all__ = [
    "ENV_ID",
    "MO_ENV_ID",
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

for _id, _single, _vector in (
    (ENV_ID, "env:ExperimentDiffusionEnv", "vector_env:ExperimentDiffusionVectorEnv"),
    (MO_ENV_ID, "multi_objective:MOExperimentDiffusionEnv", "multi_objective:MOExperimentDiffusionVectorEnv"),
):
    if _id not in registry:
        register(_id, entry_point=f"juguo_envs.{_single}", vector_entry_point=f"juguo_envs.{_vector}")
