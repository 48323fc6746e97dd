"""PettingZoo, SuperSuit, one policy for three agencies: python examples/pettingzoo_agencies.py [STEPS]"""

import sys

import numpy as np
import supersuit as ss
from stable_baselines3 import PPO
from stable_baselines3.common.utils import set_random_seed

from juguo_envs.parallel import AgenciesEnv

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
agencies = AgenciesEnv(rule="proportional", scenario="poor")
# Each agency is an environment of its own to the learner, and all are decided for by one policy.
envs = ss.concat_vec_envs_v1(
    ss.pettingzoo_env_to_vec_env_v1(agencies), 4, num_cpus=1, base_class="stable_baselines3"
)
set_random_seed(0)  # SuperSuit's vector takes no seed
model = PPO("MlpPolicy", envs, n_steps=60, batch_size=240, n_epochs=4, learning_rate=1e-3)
model.learn(steps)

for rule in "proportional", "equal", "veto":
    env = AgenciesEnv(rule=rule, scenario="poor")
    returns = []
    for seed in range(10):
        (seen, _), total = env.reset(seed=seed), 0.0
        while env.agents:
            acts = model.predict(np.stack([seen[agent] for agent in env.agents]), deterministic=True)[0]
            seen, reward, *_ = env.step(dict(zip(env.agents, acts, strict=True)))
            total += reward["producers"]
        returns.append(total)
    print(f"{rule}: return {np.mean(returns):.3f}")
