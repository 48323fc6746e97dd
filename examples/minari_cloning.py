"""Minari: record, clone, filter, score: python examples/minari_cloning.py [EPISODES [RUN ...]]"""

import sys

import gymnasium as gym
import minari
import numpy as np
from sklearn import neural_network, pipeline, preprocessing

from juguo_agents.cli.main import main

episodes = sys.argv[1] if len(sys.argv) > 1 else "200"
who, name = ["flat", "market", "experiment_diffusion", *sys.argv[2:]], f"juguo/poor/mixed{episodes}-v0"
if name not in minari.list_local_datasets():
    main(["dataset", *who, "--scenario", "poor", "--episodes", episodes, "--id", name])
data = minari.load_dataset(name)
everything = sorted(data.iterate_episodes(), key=lambda episode: episode.rewards.sum())


def clone(chosen):
    seen = np.concatenate([episode.observations[:-1] for episode in chosen])
    done = np.concatenate([episode.actions for episode in chosen])
    net = neural_network.MLPRegressor(hidden_layer_sizes=(64, 64), early_stopping=True, random_state=0)
    return pipeline.make_pipeline(preprocessing.StandardScaler(), net).fit(seen, done)


def score(policy):
    """On 50 test episodes: 0 are uniform actions, 1 is the best of those who were recorded."""
    envs = gym.make_vec(data.env_spec, 50, "vector_entry_point")
    (observation, _), returns = envs.reset(seed=0), np.zeros(50)
    for _ in range(60):
        observation, reward, *_ = envs.step(np.clip(policy.predict(observation), -1, 1))
        returns += reward
    return minari.get_normalized_score(data, returns).mean()


print(f"clone of all: score {score(clone(everything)):.2f}")
print(f"clone of the best quarter: score {score(clone(everything[-len(everything) // 4 :])):.2f}")
