"""Truncated quantile critics."""

from __future__ import annotations

from typing import Any

from sb3_contrib import TQC
from sb3_contrib.tqc.policies import Actor
from stable_baselines3.common.vec_env import VecEnv

from juguo_agents.training.learners.off_policy import EntropicKind
from juguo_agents.training.learners.settings import Tqc


class TqcKind(EntropicKind[TQC, Tqc]):
    """sb3-contrib's."""

    learner, actor = TQC, Actor

    def own(self, settings: Tqc, venv: VecEnv) -> dict[str, Any]:
        """The weight of the entropy, and critics of quantiles."""
        critics = {"n_quantiles": settings.n_quantiles, "n_critics": settings.n_critics}
        dropped = settings.top_quantiles_to_drop
        return {
            "ent_coef": settings.ent_coef, "top_quantiles_to_drop_per_net": dropped, "policy_kwargs": critics,
        }  # fmt: skip


KIND = TqcKind()
