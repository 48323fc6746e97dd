"""Comparisons to report."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
from matplotlib.image import imread

from juguo_agents.allocators import make_rule
from juguo_agents.evaluation.record import Comparison
from juguo_agents.evaluation.rollout import compare
from juguo_agents.report import summarise
from juguo_envs import Scenario

VERSIONS = {"juguo": "0.1.0"}


def compared(rules: tuple[str, ...], scenario: Scenario, episodes: int) -> Comparison:
    return compare([make_rule(name) for name in rules], scenario, episodes=episodes)


def with_learned(comparison: Comparison, *gains: float, spread_: float = 0.02) -> Comparison:
    """The comparison with learned allocators that beat the best rule by `gains` on average."""
    best = comparison.record(summarise(comparison, {})["best_rule"])
    rng = np.random.default_rng(0)
    added = []
    for i, gain in enumerate(gains):
        noise = rng.permutation(np.linspace(-spread_, spread_, comparison.episodes))  # of mean zero
        added.append(replace(best, name=f"learned_seed{i}", returns=best.returns + gain + noise))
    return replace(comparison, records=(*comparison.records, *added))


def check_picture(png: bytes) -> None:
    """A picture is large enough, and not blank."""
    picture = imread(io.BytesIO(png))
    assert min(picture.shape[:2]) > 200
    assert picture[..., :3].std() > 0.05
