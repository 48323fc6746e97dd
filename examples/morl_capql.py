"""MORL-Baselines: CAPQL, one policy for all weights: python examples/morl_capql.py [STEPS]"""

import sys

import mo_gymnasium as mo_gym
import numpy as np
from morl_baselines.common.evaluation import eval_mo
from morl_baselines.multi_policy.capql.capql import CAPQL

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
env, test = (mo_gym.make("juguo_envs:juguo/MO-ExperimentDiffusion-v0", scenario="poor") for _ in range(2))
learner = CAPQL(
    env,
    alpha=0.001,  # rewards are small: they are divided by the length of the programme
    net_arch=[64, 64],
    learning_starts=256,
    log=False,
    seed=0,
    device="cpu",
)
learner.train(total_timesteps=steps, eval_env=test, ref_point=np.array([0.0, 0.0, -1.0]))
for weights in np.eye(3), np.full((1, 3), 1 / 3):
    for w in weights:
        breadth, resilience, excluded = np.mean([eval_mo(learner, test, w)[2] for _ in range(5)], axis=0)
        print(f"{w.round(2)}: breadth {breadth:.3f}, resilience {resilience:.3f}, excluded {-excluded:.3f}")
