"""Proximal policy optimisation with a memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from sb3_contrib import RecurrentPPO
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from stable_baselines3.common.vec_env import VecEnv

from juguo_agents.training.checkpoint import Arrays
from juguo_agents.training.learners.base import action_space, observation_space, set_abandon_bias
from juguo_agents.training.learners.on_policy import OnPolicyKind, arguments, networks
from juguo_agents.training.learners.settings import RecurrentPpo


class RecurrentPpoKind(OnPolicyKind[RecurrentPPO, RecurrentPpo]):
    """sb3-contrib's; between two updates it also keeps what its LSTMs remember of every society."""

    network = {"architecture": "recurrent_actor_critic", "head": "gaussian", "activation": "tanh"}  # noqa: RUF012

    def make(self, settings: RecurrentPpo, venv: VecEnv, seed: int, device: str = "cpu") -> RecurrentPPO:
        """With an LSTM of one layer each for actor and critic."""
        kwargs = {**networks(settings), "lstm_hidden_size": settings.lstm}
        learner = RecurrentPPO(
            "MlpLstmPolicy", venv, seed=seed, policy_kwargs=kwargs, **arguments(settings, device)
        )
        set_abandon_bias(learner.policy.action_net, settings.abandon_init)
        return learner

    def described(self, settings: RecurrentPpo) -> dict[str, Any]:
        """With the units of the LSTM."""
        return {**super().described(settings), "lstm": settings.lstm}

    def rebuilt(self, metadata: Mapping[str, Any]) -> RecurrentActorCriticPolicy:
        """Actor and critic."""
        net = [int(units) for units in metadata["net"]]
        return RecurrentActorCriticPolicy(
            observation_space(metadata),
            action_space(metadata),
            lr_schedule=lambda _: 0.0,
            net_arch={"pi": net, "vf": net},
            activation_fn=torch.nn.Tanh,
            use_sde=metadata["use_sde"],
            lstm_hidden_size=int(metadata["lstm"]),
        )

    def capture(self, learner: RecurrentPPO, arrays: Arrays) -> dict[str, Any]:
        """With hidden states and cells of actor and critic."""
        states = learner._last_lstm_states
        if states is None:
            raise ValueError("the learner has not begun to learn")
        for name, pair in states._asdict().items():
            for part, tensor in zip(("hidden", "cell"), pair, strict=True):
                arrays[f"learner.lstm.{name}.{part}"] = tensor.detach().cpu().numpy().copy()
        return super().capture(learner, arrays)

    def restore(self, learner: RecurrentPPO, values: Mapping[str, Any], arrays: Arrays) -> None:
        """Put that back."""
        super().restore(learner, values, arrays)

        def pair(name: str) -> tuple[torch.Tensor, torch.Tensor]:
            hidden, cell = (
                torch.from_numpy(arrays[f"learner.lstm.{name}.{part}"].copy()).to(learner.device)
                for part in ("hidden", "cell")
            )
            return hidden, cell

        own: Any = learner  # the library's type is that of the value before the first rollout, None
        own._last_lstm_states = RNNStates(pair("pi"), pair("vf"))


KIND = RecurrentPpoKind()
