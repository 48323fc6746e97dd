"""Tianshou: PPO on its own vector of environments.

    python examples/tianshou_ppo.py [STEPS]
"""

import sys

import gymnasium as gym
import torch
from tianshou.algorithm import PPO
from tianshou.algorithm.modelfree.reinforce import ProbabilisticActorPolicy
from tianshou.algorithm.optim import AdamOptimizerFactory
from tianshou.data import Collector, CollectStats, VectorReplayBuffer
from tianshou.env import DummyVectorEnv
from tianshou.trainer import OnPolicyTrainerParams
from tianshou.utils.net.common import Net
from tianshou.utils.net.continuous import ContinuousActorProbabilistic, ContinuousCritic

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
torch.manual_seed(0)
envs = DummyVectorEnv(
    [lambda: gym.make("juguo_envs:juguo/ExperimentDiffusion-v0", scenario="poor")] * 16
)
space, actions = envs.observation_space[0], envs.action_space[0]
body = [Net(state_shape=space.shape, hidden_sizes=[64, 64], activation=torch.nn.Tanh) for _ in range(2)]
policy = ProbabilisticActorPolicy(
    actor=ContinuousActorProbabilistic(preprocess_net=body[0], action_shape=actions.shape, unbounded=True),
    dist_fn=lambda mean_and_spread: torch.distributions.Independent(torch.distributions.Normal(*mean_and_spread), 1),
    action_space=actions,
    action_bound_method="clip",
)
learner = PPO(
    policy=policy, critic=ContinuousCritic(preprocess_net=body[1]), optim=AdamOptimizerFactory(lr=1e-3)
)
collector = Collector[CollectStats](learner, envs, VectorReplayBuffer(960, 16))
params = OnPolicyTrainerParams(
    training_collector=collector, max_epochs=1, epoch_num_steps=steps, collection_step_num_env_steps=960,
    update_step_num_repetitions=4, batch_size=240, show_progress=False,
)  # fmt: skip
learner.run_training(params)
collector.reset()
print("return", collector.collect(n_episode=32).returns_stat.mean)
