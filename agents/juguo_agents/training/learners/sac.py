"""Soft actor-critic."""

from __future__ import annotations

from typing import Any

from stable_baselines3 import SAC
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.sac.policies import Actor

from juguo_agents.training.learners.off_policy import EntropicKind
from juguo_agents.training.learners.settings import Sac


class SacKind(EntropicKind[SAC, Sac]):
    """stable-baselines3's."""

    learner, actor = SAC, Actor

    def own(self, settings: Sac, venv: VecEnv) -> dict[str, Any]:
        """The weight of the entropy."""
        return {"ent_coef": settings.ent_coef}


KIND = SacKind()
