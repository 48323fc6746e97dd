"""PPO's steps per second with the networks on the CPU and on an NVIDIA device, where there is one.

The learner is that of `configs/family.yaml`, which is shown eight quarters. It learns in
updates of 128 societies, and of four times as many with batches four times as large.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch
from timing import Rate

from juguo_agents.processes import cores
from juguo_agents.training.config import Experiment, load_experiment
from juguo_agents.training.learners.kinds import make_learner

CONFIG = Path(__file__).resolve().parent.parent / "configs" / "family.yaml"


def experiment(societies: int, device: str) -> Experiment:
    """The configuration with so many societies and batches to match."""
    changes = {"envs": societies, "batch_size": 15 * societies}
    settings = [f"training.ppo.{name}={value}" for name, value in changes.items()]
    return load_experiment(CONFIG, ["shown.history=8", f"training.device={device}", *settings])


def rate(societies: int, device: str, threads: int, updates: int) -> Rate:
    """Steps per second of so many updates, each timed."""
    setup = experiment(societies, device)
    learner = make_learner(setup.training_world(setup.world()), setup, seed=0, threads=threads)
    steps = setup.training.settings.rollout
    learner.learn(steps)
    rates = []
    for _ in range(updates):
        begun = time.perf_counter()
        learner.learn(steps, reset_num_timesteps=False)
        if device == "cuda":
            torch.cuda.synchronize()
        rates.append(steps / (time.perf_counter() - begun))
    return Rate(float(np.median(rates)), min(rates), max(rates))


def run(quick: bool) -> dict[str, Rate]:
    """Rates by name: device, societies, threads that step them. Torch itself has one thread."""
    torch.set_num_threads(1)
    devices = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    return {
        f"{device}_{societies}_threads{threads}": rate(societies, device, threads, 3 if quick else 5)
        for societies in (128, 512)
        for device in devices
        for threads in dict.fromkeys((1, cores()))
    }
