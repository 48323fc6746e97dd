"""From what a policy's network gives to an action: the last step, the same in training and evaluation.

PPO draws its *latent action* from a Gaussian and reckons with that Gaussian's density. What the head makes of
it belongs to the environment, as far as PPO can tell, so its log-probabilities are exact whatever the head.
The head of the off-policy learners is in their own actors, and in their density.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt

from juguo_envs.spaces.action import SHARES

Floats = npt.NDArray[np.float32]


class Head(ABC):
    """A map from latent actions (n, 10 + R + 3) to actions of the same shape in [-1, 1].

    Attributes:
        name: As it stands in configurations and policy files.
        limit: Latent actions are clipped to this on both sides.
    """

    name: str
    limit: float

    @abstractmethod
    def actions(self, latent: Floats) -> Floats:
        """The actions of a batch of latent actions."""


class Gaussian(Head):
    """The latent action is the action, clipped: exact zeros and ones have a probability of their own."""

    name, limit = "gaussian", 1.0

    def actions(self, latent: Floats) -> Floats:
        """Clipped to [-1, 1]."""
        clipped: Floats = np.clip(latent, -1.0, 1.0)
        return clipped


class LogisticNormal(Head):
    """Functions with the reserve, and communities, are each the softmax of Gaussian logits.

    The shares are then logistic-normal (Aitchison and Shen 1980): never 0, and free of the corners into which
    a clipped Gaussian pushes them. Openness, advance and abandon are logistic functions of theirs. The same
    number added to all logits of a group changes nothing.
    """

    # a share of exp(-20) of the largest is the smallest: no more than nothing, and no infinity anywhere
    name, limit = "logistic_normal", 10.0

    def actions(self, latent: Floats) -> Floats:
        """Shares in each group's own measure, in which the largest is 1, as `encode_allocation` has them."""
        z = np.clip(latent.astype(np.float64), -self.limit, self.limit)
        unit = np.empty_like(z)
        for group in (slice(0, SHARES), slice(SHARES, z.shape[-1] - 3)):
            unit[..., group] = np.exp(z[..., group] - z[..., group].max(-1, keepdims=True))
        unit[..., -3:] = 0.5 * (1.0 + np.tanh(0.5 * z[..., -3:]))
        return (2.0 * unit - 1.0).astype(np.float32)


class Tanh(Head):
    """The hyperbolic tangent, as SAC, TQC and TD3 have it in their actors."""

    name, limit = "tanh", 1.0

    def actions(self, latent: Floats) -> Floats:
        """Entry by entry."""
        squashed: Floats = np.tanh(latent)
        return squashed


HEADS: dict[str, Head] = {head.name: head for head in (Gaussian(), LogisticNormal(), Tanh())}
