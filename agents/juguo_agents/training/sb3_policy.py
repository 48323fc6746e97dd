"""A policy file as a policy of stable-baselines3 or sb3-contrib, bit for bit the one that was trained."""

from __future__ import annotations

import torch
from stable_baselines3.common.policies import BasePolicy

from juguo_agents.artifacts.policy import OBS_MEAN, OBS_VAR, Policy
from juguo_agents.training.learners.kinds import kind_of


def to_stable_baselines3(policy: Policy) -> BasePolicy:
    """Rebuild what acts, with its critic where the file has it (PPO's do).

    It takes observations that went through `policy.normalise`.
    """
    rebuilt = kind_of(policy.metadata["algorithm"]).rebuilt(policy.metadata)
    weights = {
        name: torch.from_numpy(tensor.copy())
        for name, tensor in policy.tensors.items()
        if name not in (OBS_MEAN, OBS_VAR)
    }
    rebuilt.load_state_dict(weights, strict=True)
    rebuilt.set_training_mode(False)
    return rebuilt
