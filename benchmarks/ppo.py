"""PPO's steps per second: on the batch, on single environments, and on an environment that costs nothing."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv, VecEnv, VecMonitor, VecNormalize
from timing import Rate, in_turns

from juguo_agents.training.learners.kinds import normalised
from juguo_agents.training.learners.ppo import KIND
from juguo_agents.training.learners.settings import Ppo
from juguo_agents.training.sb3_vec_env import BatchVecEnv
from juguo_envs import ExperimentDiffusionEnv, Scenario

_DRAWN = 60
"""Rewards for each society."""


class ZeroCost(BatchVecEnv):
    """The spaces of the real thing, and nothing behind them: the ceiling of the learner.

    Numbers were drawn before: with zeros the learner itself is slower.
    """

    def reset(self) -> Any:
        """Drawn numbers; always the same."""
        generator = np.random.default_rng(0)
        self._shown = generator.random((self.num_envs, self.batch.layout.size), np.float32)
        self._rewards = generator.random((_DRAWN, self.num_envs), np.float32)
        self._turn = 0
        return self._shown

    def step_wait(self) -> Any:
        """Drawn numbers, rewards in turn; an episode never ends."""
        self._turn = (self._turn + 1) % _DRAWN
        nobody = np.zeros(self.num_envs, np.bool_)
        return self._shown, self._rewards[self._turn], nobody, list(self._empty)


def single(venv: VecEnv, settings: Ppo) -> VecEnv:
    """Single environments, wrapped as a user of stable-baselines3 would."""
    return VecNormalize(VecMonitor(venv), gamma=settings.gamma)


def run(quick: bool) -> dict[str, Rate]:
    """Rates by name, in one process."""
    torch.set_num_threads(1)
    settings, scenario = Ppo(), Scenario.load("default")
    updates, turns = (2, 3) if quick else (5, 9)
    makers = [lambda: ExperimentDiffusionEnv(scenario) for _ in range(settings.envs)]
    processes = SubprocVecEnv(makers, start_method="fork")
    paired = settings.paired
    learners = {
        name: KIND.make(settings, venv, seed=0)
        for name, venv in {
            "ceiling": normalised(ZeroCost(scenario, settings.envs, seed=0, paired=paired), settings),
            "native": normalised(BatchVecEnv(scenario, settings.envs, seed=0, paired=paired), settings),
            "native_threads2": normalised(
                BatchVecEnv(scenario, settings.envs, seed=0, threads=2, paired=paired), settings
            ),
            "dummy": single(DummyVecEnv(makers), settings),
            "subproc": single(processes, settings),
        }.items()
    }
    steps = settings.envs * settings.n_steps * updates
    jobs = {name: partial(of.learn, steps, reset_num_timesteps=False) for name, of in learners.items()}
    rates = in_turns(jobs, steps, turns)
    processes.close()
    return rates
