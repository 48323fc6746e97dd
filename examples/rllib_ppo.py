"""RLlib, with the environment's module before its name: python examples/rllib_ppo.py [STEPS]"""

import sys

from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
config = (
    PPOConfig()
    .environment("juguo_envs:juguo/ExperimentDiffusion-v0", env_config={"scenario": "poor"})
    .env_runners(num_env_runners=0, num_envs_per_env_runner=16, rollout_fragment_length=60)
    .training(train_batch_size=960, minibatch_size=240, num_epochs=4, lr=1e-3, entropy_coeff=0.003)
    .rl_module(model_config=DefaultModelConfig(fcnet_hiddens=[64, 64], fcnet_activation="tanh"))
    .debugging(seed=0, log_level="ERROR")
)
learner = config.build_algo()
for _ in range(max(steps // 960, 1)):
    result = learner.train()
    print(f"return {result['env_runners']['episode_return_mean']:.3f}")
learner.stop()
