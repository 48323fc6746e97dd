"""Where learning begins: at an imitation of another allocator, the expert, or of many, each in its own world.

DAgger, as in `juguo_agents.evaluation.dagger`: the learner draws its actions as it will when it learns by
itself, and its mean action is fitted to all answers by least squares. The moments of the observations, with
which it normalises, are those of the first round.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from stable_baselines3 import PPO

from juguo_agents.allocators.base import Allocator, Setting
from juguo_agents.array_types import Seeds
from juguo_agents.artifacts.networks import clipped
from juguo_agents.evaluation.dagger import Query, Rows
from juguo_agents.evaluation.rollout import run
from juguo_agents.evaluation.seeds import draw_training
from juguo_agents.training.experts import EPISODES, ROUNDS
from juguo_agents.training.learners.base import normaliser_of
from juguo_envs.spaces.context import ContextLayout, ObservationBuffer, ObservationConfig
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import Scenario

PASSES, BATCH, RATE = 15, 512, 1e-3
"""Passes over all answers in each round, observations per gradient step, and its rate, which falls."""
_PURPOSE = 97  # a stream of seeds of its own beside that of the training

Expert = tuple[Allocator, Scenario | Family]
"""An allocator, and the world or worlds in which it is imitated."""


class Imitation(Query):
    """Acts as the learner or as the expert, and keeps what the learner is shown and the expert wants."""

    name = "imitation"

    def __init__(self, learner: PPO, config: ObservationConfig) -> None:
        """Take the learner whose policy is fitted, and what it is shown."""
        self.learner, self.config = learner, config
        self._seen: list[Rows] = []
        self._wanted: list[Rows] = []

    def start(self, setting: Setting, seeds: Seeds) -> None:
        """Begin episodes; the answers so far are kept."""
        super().start(setting, seeds)
        self._layout = setting.layout
        layout = ContextLayout(setting.layout.communities, self.config)
        self._buffer = ObservationBuffer(layout, len(seeds), setting.known)

    def act(self, observation: Rows) -> Rows:
        """What the expert does, or what the learner draws."""
        self._shown_now = self._buffer.complete(observation)
        return super().act(observation)

    def student(self, observation: Rows) -> Rows:
        """What the learner draws, as it will when it learns by itself."""
        normaliser, _ = normaliser_of(self.learner)
        x = torch.as_tensor(normaliser.normalize_obs(self._shown_now), device=self.learner.device)
        with torch.no_grad():
            latent = self.learner.policy.get_distribution(x).sample().cpu().numpy()
        return clipped(latent)

    def collect(self, observation: Rows, wanted: Rows, done: Rows) -> None:
        """In episodes that are not over."""
        going = self._layout.scalar(observation, "time_left") > 0.0
        self._seen.append(self._shown_now[going].copy())
        self._wanted.append(wanted[going].copy())

    def answers(self) -> tuple[Rows, Rows]:
        """(n, observations) and (n, actions): everything that was kept."""
        return np.concatenate(self._seen), np.concatenate(self._wanted)


def imitate(learner: PPO, experts: Sequence[Expert], config: ObservationConfig, seed: int) -> float:
    """Fit the mean of the learner's policy to experts; its spread and its critic stay as they are.

    Args:
        learner: PPO, not yet trained.
        experts: What is imitated, and where; all episodes have training seeds.
        config: What the learner is shown.
        seed: The training seed.

    Returns:
        The root mean square of what the last fit misses, in units of the action.
    """
    normaliser, moments = normaliser_of(learner)
    generator = np.random.default_rng([seed, _PURPOSE])
    query, missed = Imitation(learner, config), 0.0
    episodes = max(1, EPISODES // len(experts))
    for number in range(ROUNDS):
        query.expert_acts = number == 0
        for query.expert, world in experts:
            seeds = draw_training(generator, episodes)
            run(query, world, seeds, observe=config.observe)
        seen, wanted = query.answers()
        if number == 0:
            moments.update(seen)
        x = torch.as_tensor(normaliser.normalize_obs(seen), device=learner.device)
        missed = _fit(learner, x, torch.as_tensor(wanted, device=learner.device))
    return missed


def _fit(learner: PPO, x: torch.Tensor, wanted: torch.Tensor) -> float:
    """Least squares; the critic's layers get no gradient, so they do not move."""
    policy = learner.policy
    layers = [*policy.mlp_extractor.policy_net.parameters(), *policy.action_net.parameters()]
    optimiser = torch.optim.Adam(layers, lr=RATE)
    batches = max(1, len(x) // BATCH)
    falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.01, PASSES * batches)
    squares = torch.zeros((), dtype=torch.float64, device=x.device)  # read once: a device is waited for then
    for _ in range(PASSES):
        squares.zero_()
        for some in torch.randperm(len(x)).tensor_split(batches):
            latent = policy.action_net(policy.mlp_extractor.forward_actor(x[some]))
            loss = torch.nn.functional.mse_loss(latent, wanted[some])
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            falling.step()
            squares += loss.detach().double() * len(some)
    policy.optimizer.zero_grad()
    return float(np.sqrt(float(squares) / len(x)))
