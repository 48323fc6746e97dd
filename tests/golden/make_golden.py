"""Write the golden trajectory anew, from the repository's root: `python -m tests.golden.make_golden`.

Do so only after a change that is meant to change the model, and say in the commit why the numbers moved.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from juguo_envs import ExperimentDiffusionEnv, encode_allocation

FILE = Path(__file__).with_name("trajectory.json")
SEED, EVERY = 2024, 5
LEANING = np.array([0.15, 0.1, 0.02, 0.25, 0.1, 0.1, 0.05, 0.15, 0.1])
"""Weights of the functions, so that people do adopt; the draws around them reach every term."""


def trajectory() -> list[dict[str, float]]:
    """A few numbers of every fifth quarter of one episode of the default world."""
    env = ExperimentDiffusionEnv("default")
    env.reset(seed=SEED)
    rng = np.random.default_rng(SEED)
    rows, total, terminated = [], 0.0, False
    while not terminated:
        quarter = int(env.batch.state.programme["t"][0])
        action = encode_allocation(
            LEANING * rng.uniform(0.5, 1.5, 9),
            rng.uniform(0.0, 1.0, env.batch.communities),
            reserve=0.05,
            openness=rng.random(),
            advance=True,
            abandon=quarter == 12,
        )
        observation, reward, terminated, _, info = env.step(action)
        total += reward
        if (quarter + 1) % EVERY == 0:
            state = env.batch.state
            programme = state.programme[0]
            rows.append(
                {
                    "quarter": quarter + 1,
                    "stage": int(info["stage"]),
                    "project": int(info["project"]),
                    "return": total,
                    "breadth": info["breadth"],
                    "resilience": info["resilience"],
                    "excluded": info["excluded"],
                    "adopters": int(state.adopted.sum()),
                    "reserve": info["reserve"],
                    **{name: float(programme[name]) for name in ("K", "F", "X", "C", "D", "D_true", "W")},
                    "trust": float(state.community["tau"].mean()),
                    "environment": float(state.community["E"].mean()),
                    "crisis": float(state.community["crisis"].mean()),
                    "board": float(state.board.mean()),
                    "observation": float(observation.astype(float).mean()),
                }
            )
    return rows


if __name__ == "__main__":
    FILE.write_text(json.dumps(trajectory(), indent=1) + "\n", encoding="utf-8")
    print(f"wrote {FILE}")
