"""A policy file as a stable-baselines3 policy, bit for bit the one that was trained."""

from __future__ import annotations

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.policies import ActorCriticPolicy

from juguo_agents.policy_file import OBS_MEAN, OBS_VAR, Policy


def to_stable_baselines3(policy: Policy) -> ActorCriticPolicy:
    """Rebuild the policy. It takes observations that went through `policy.normalise`."""
    metadata = policy.metadata
    net = [int(units) for units in metadata["net"]]
    rebuilt = ActorCriticPolicy(
        spaces.Box(-np.inf, np.inf, (int(metadata["observation_size"]),), np.float32),
        spaces.Box(-1.0, 1.0, (int(metadata["action_size"]),), np.float32),
        lr_schedule=lambda _: 0.0,
        net_arch={"pi": net, "vf": net},
        activation_fn=torch.nn.Tanh,
    )
    weights = {
        name: torch.from_numpy(tensor.copy())
        for name, tensor in policy.tensors.items()
        if name not in (OBS_MEAN, OBS_VAR)
    }
    rebuilt.load_state_dict(weights, strict=True)
    rebuilt.set_training_mode(False)
    return rebuilt
