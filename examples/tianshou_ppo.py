"""Tianshou, on its own vector of environments: python examples/tianshou_ppo.py [STEPS]"""

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
from torch.distributions import Independent, Normal

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
torch.manual_seed(0)
envs = DummyVectorEnv([lambda: gym.make("juguo_envs:juguo/ExperimentDiffusion-v0", scenario="poor")] * 16)
shape, actions = envs.observation_space[0].shape, envs.action_space[0]
one, other = (Net(state_shape=shape, hidden_sizes=[64, 64], activation=torch.nn.Tanh) for _ in range(2))
policy = ProbabilisticActorPolicy(
    actor=ContinuousActorProbabilistic(preprocess_net=one, action_shape=actions.shape, unbounded=True),
    dist_fn=lambda told: Independent(Normal(*told), 1),
    action_space=actions,
    action_scaling=False,  # the environment clips
    action_bound_method=None,
)
critic = ContinuousCritic(preprocess_net=other)
learner = PPO(policy=policy, critic=critic, optim=AdamOptimizerFactory(lr=1e-3))
collector = Collector[CollectStats](learner, envs, VectorReplayBuffer(960, 16))
learner.run_training(
    OnPolicyTrainerParams(
        training_collector=collector, max_epochs=1, epoch_num_steps=steps, collection_step_num_env_steps=960,
        update_step_num_repetitions=4, batch_size=240, show_progress=False,
    )
)  # fmt: skip
collector.reset()
print(f"return {collector.collect(n_episode=32).returns_stat.mean:.3f}")
