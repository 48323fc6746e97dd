"""stable-baselines3, on an adapter without an object for each society: python examples/sb3_ppo.py [STEPS]"""

import sys

from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecMonitor, VecNormalize

from juguo_agents.allocators import make_rule
from juguo_agents.evaluation.rollout import compare
from juguo_agents.report import console_table, summarise
from juguo_agents.training.sb3_vec_env import BatchVecEnv
from juguo_envs import Scenario

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
world = Scenario.load("poor")
societies = VecNormalize(
    VecMonitor(BatchVecEnv(world, 32, seed=0))
)  # training episodes; no test has one of them
model = PPO("MlpPolicy", societies, n_steps=60, batch_size=480, n_epochs=4, learning_rate=1e-3, seed=0)
model.learn(steps)


class Learned:
    """Anything with these three is an allocator, and stands beside the rules in every comparison."""

    name = "sb3"

    def start(self, setting, seeds):
        """Episodes begin; this one remembers nothing."""

    def act(self, observation):
        """Actions for a batch of observations."""
        return model.predict(societies.normalize_obs(observation), deterministic=True)[0]


comparison = compare([Learned(), make_rule("flat"), make_rule("market")], world, episodes=100)
print(console_table(summarise(comparison, {})))
