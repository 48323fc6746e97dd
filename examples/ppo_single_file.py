"""Proximal policy optimisation in one file of plain torch, after CleanRL: nothing is hidden in a library.

    python examples/ppo_single_file.py --steps 200000 --seed 0

Settings are those of `juguo train from_scratch training.ppo.learning_rate=1e-3`. Training episodes have seeds
from 2**32 on, test episodes from 0 on, as in `juguo evaluate`. Groups of `paired` societies live the same
episodes; each is rewarded with what it brings beyond the mean of the others of its group (leave-one-out,
under common random numbers).
"""

import argparse
import csv
import json
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import gymnasium as gym
import numpy as np
import torch
from torch import nn
from torch.distributions import Normal

ENV = "juguo_envs:juguo/ExperimentDiffusion-v0"


@dataclass
class Settings:
    """What can be set; every field is an option of the command line."""

    scenario: str = "default"
    seed: int = 0
    steps: int = 200_000
    envs: int = 32
    quarters: int = 60
    paired: int = 8
    epochs: int = 4
    batch: int = 480
    learning_rate: float = 1e-3
    gamma: float = 0.99
    gae_lambda: float = 0.95
    clip: float = 0.2
    entropy: float = 0.003
    value: float = 0.5
    max_norm: float = 0.5
    abandon: float = -2.0
    test_episodes: int = 200
    curve: str = ""


class Moments:
    """Running mean and variance."""

    def __init__(self, shape: tuple[int, ...] = ()) -> None:
        self.mean, self.var, self.count = np.zeros(shape), np.ones(shape), 1e-4

    def update(self, x: np.ndarray) -> None:
        n, difference = len(x), x.mean(0) - self.mean
        total = self.count + n
        spread = self.var * self.count + x.var(0) * n + difference**2 * self.count * n / total
        self.mean, self.var, self.count = self.mean + difference * n / total, spread / total, total

    def scale(self, x: np.ndarray, centre: bool = True) -> np.ndarray:
        moved = x - self.mean if centre else x
        return np.clip(moved / np.sqrt(self.var + 1e-8), -10.0, 10.0).astype(np.float32)


def layer(size: int, units: int, gain: float) -> nn.Linear:
    made = nn.Linear(size, units)
    nn.init.orthogonal_(made.weight, gain)
    nn.init.zeros_(made.bias)
    return made


def network(size: int, outputs: int, gain: float) -> nn.Sequential:
    first, second = layer(size, 128, 2**0.5), layer(128, 128, 2**0.5)
    return nn.Sequential(first, nn.Tanh(), second, nn.Tanh(), layer(128, outputs, gain))


class Agent(nn.Module):
    """An actor with Gaussian noise, and a critic."""

    def __init__(self, observations: int, actions: int, abandon: float) -> None:
        super().__init__()
        self.actor, self.critic = network(observations, actions, 0.01), network(observations, 1, 1.0)
        self.log_std = nn.Parameter(torch.zeros(actions))
        with torch.no_grad():  # at 0 a coin would be tossed each quarter whether to give the project up
            self.actor[-1].bias[-1] = abandon

    def noise(self, observation: torch.Tensor) -> Normal:
        return Normal(self.actor(observation), self.log_std.exp())


def training_seeds(generator: np.random.Generator, s: Settings) -> list[int]:
    return np.repeat(generator.integers(2**32, 2**63, s.envs // s.paired), s.paired).tolist()


def test_return(agent: Agent, moments: Moments, s: Settings) -> float:
    """Mean return on the test episodes, without noise."""
    envs = gym.make_vec(
        ENV, num_envs=s.test_episodes, vectorization_mode="vector_entry_point", scenario=s.scenario
    )
    observation, _ = envs.reset(seed=0)
    total, going = np.zeros(s.test_episodes), np.ones(s.test_episodes, bool)
    while going.any():
        with torch.no_grad():
            action = agent.actor(torch.from_numpy(moments.scale(observation))).clamp(-1, 1).numpy()
        observation, reward, terminated, truncated, _ = envs.step(action)
        total += np.where(going, reward, 0.0)
        going &= ~(terminated | truncated)
    return float(total.mean())


def train(s: Settings) -> tuple[Agent, Moments, list[dict[str, float]]]:
    """Returns the agent, the moments of observations, and the learning curve."""
    torch.manual_seed(s.seed)
    torch.set_num_threads(1)  # a second thread gains nothing for small networks
    generator = np.random.default_rng(s.seed)
    envs = gym.make_vec(
        ENV,
        num_envs=s.envs,
        vectorization_mode="vector_entry_point",
        scenario=s.scenario,
        autoreset_mode="Disabled",  # so that this file chooses the seeds of all episodes
    )
    n_observations, n_actions = envs.single_observation_space.shape[0], envs.single_action_space.shape[0]
    agent = Agent(n_observations, n_actions, s.abandon)
    optimiser = torch.optim.Adam(agent.parameters(), lr=s.learning_rate, eps=1e-5)
    seen, returns = Moments((n_observations,)), Moments()

    shape = (s.quarters, s.envs)
    observations = torch.zeros(*shape, n_observations)
    actions = torch.zeros(*shape, n_actions)
    log_probs, rewards, ends, values = (torch.zeros(shape) for _ in range(4))

    observation, _ = envs.reset(seed=training_seeds(generator, s))
    discounted, episode, finished = np.zeros(s.envs), np.zeros(s.envs), []
    curve, begun = [], time.perf_counter()
    updates = -(-s.steps // (s.quarters * s.envs))
    for update in range(updates):
        optimiser.param_groups[0]["lr"] = s.learning_rate * (1.0 - update / updates)
        for t in range(s.quarters):
            seen.update(observation)
            observations[t] = torch.from_numpy(seen.scale(observation))
            with torch.no_grad():
                noise = agent.noise(observations[t])
                actions[t] = noise.sample()
                log_probs[t] = noise.log_prob(actions[t]).sum(-1)
                values[t] = agent.critic(observations[t]).squeeze(-1)
            observation, reward, terminated, truncated, _ = envs.step(actions[t].clamp(-1, 1).numpy())
            done = terminated | truncated
            episode += reward
            if s.paired > 1:
                group = reward.reshape(-1, s.paired)
                reward = (group - (group.sum(1, keepdims=True) - group) / (s.paired - 1)).ravel()
            discounted = discounted * s.gamma + reward
            returns.update(discounted)
            rewards[t] = torch.from_numpy(returns.scale(reward, centre=False))
            ends[t] = torch.from_numpy(done)
            if done.any():
                finished += episode[done].tolist()
                discounted[done] = episode[done] = 0.0
                observation, _ = envs.reset(seed=training_seeds(generator, s), options={"reset_mask": done})

        # generalised advantage estimation
        with torch.no_grad():
            next_value = agent.critic(torch.from_numpy(seen.scale(observation))).squeeze(-1)
        advantages, advantage = torch.zeros(shape), torch.zeros(s.envs)
        for t in reversed(range(s.quarters)):
            going = 1.0 - ends[t]
            delta = rewards[t] + s.gamma * next_value * going - values[t]
            advantage = delta + s.gamma * s.gae_lambda * going * advantage
            advantages[t], next_value = advantage, values[t]
        flat = [x.flatten(0, 1) for x in (observations, actions, log_probs, advantages, advantages + values)]

        for _ in range(s.epochs):
            for rows in torch.randperm(s.quarters * s.envs).split(s.batch):
                x, action, old, gain, target = (column[rows] for column in flat)
                noise = agent.noise(x)
                ratio = (noise.log_prob(action).sum(-1) - old).exp()
                gain = (gain - gain.mean()) / (gain.std() + 1e-8)
                policy_loss = -torch.min(gain * ratio, gain * ratio.clamp(1 - s.clip, 1 + s.clip)).mean()
                value_loss = (agent.critic(x).squeeze(-1) - target).square().mean()
                entropy = noise.entropy().sum(-1).mean()
                optimiser.zero_grad()
                (policy_loss + s.value * value_loss - s.entropy * entropy).backward()
                nn.utils.clip_grad_norm_(agent.parameters(), s.max_norm)
                optimiser.step()

        curve.append(
            {
                "steps": (update + 1) * s.quarters * s.envs,
                "seconds": round(time.perf_counter() - begun, 1),
                "training_return": float(np.mean(finished[-100:])) if finished else float("nan"),
            }
        )
    return agent, seen, curve


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for field in fields(Settings):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=field.type, default=field.default)
    s = Settings(**vars(parser.parse_args()))
    agent, moments, curve = train(s)
    if s.curve:
        with Path(s.curve).open("w", newline="") as file:
            writer = csv.DictWriter(file, curve[0])
            writer.writeheader()
            writer.writerows(curve)
    told = {"seconds": curve[-1]["seconds"], "return": test_return(agent, moments, s)}
    print(json.dumps({**asdict(s), "steps": curve[-1]["steps"], **told}))


if __name__ == "__main__":
    main()
