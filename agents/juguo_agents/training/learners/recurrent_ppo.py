"""Proximal policy optimisation with a memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from sb3_contrib import RecurrentPPO
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from sb3_contrib.common.recurrent.type_aliases import RNNStates

from juguo_agents.training.checkpoint import Arrays
from juguo_agents.training.learners.on_policy import OnPolicyKind
from juguo_agents.training.learners.settings import RecurrentPpo


class RecurrentPpoKind(OnPolicyKind[RecurrentPPO, RecurrentPpo]):
    """sb3-contrib's, with an LSTM of one layer each; what they remember of every society is kept, too."""

    network = {"architecture": "recurrent_actor_critic", "head": "gaussian", "activation": "tanh"}  # noqa: RUF012

    learner = RecurrentPPO

    def policy(self, told: Mapping[str, Any]) -> type[RecurrentActorCriticPolicy]:
        """The library's."""
        return RecurrentActorCriticPolicy

    def own(self, told: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
        """The units of the LSTM."""
        return {"lstm_hidden_size": int(told["lstm"])}

    def described(self, settings: RecurrentPpo) -> dict[str, Any]:
        """With the units of the LSTM."""
        return {**super().described(settings), "lstm": settings.lstm}

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
