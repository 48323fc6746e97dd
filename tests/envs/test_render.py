"""The state as text and as a picture."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

from juguo_envs import ENV_ID, ExperimentDiffusionEnv
from tests.support import small, spend

WORLD = small({"adoption.p": 0.3, "adoption.d0": 0.15, "adoption.alpha_k": 0.0, "resilience.r0": 0.02})


def test_text_has_a_line_for_each_community_and_tells_the_quarter() -> None:
    env = ExperimentDiffusionEnv(WORLD, render_mode="ansi")
    env.reset(seed=0)
    for _ in range(4):
        env.step(spend(env.batch, {"scenarios": 1.0}, advance=True)[0])
    text = env.render()
    lines = text.splitlines()
    assert len(lines) == 2 + 3
    assert lines[0].startswith("quarter 4/12  diffusion (project 1, 0 given up)")
    for line, place in zip(lines[2:], WORLD.society.listed(), strict=True):
        assert place.name in line


def test_text_shows_what_info_tells() -> None:
    env = ExperimentDiffusionEnv(WORLD, render_mode="ansi")
    env.reset(seed=0)
    *_, info = env.step(env.action_space.sample())
    assert f"breadth {info['breadth']:.3f}" in env.render()
    assert f"excluded {info['excluded']:.1%}" in env.render()


def test_a_picture_shows_who_adopted_and_who_is_excluded() -> None:
    env = ExperimentDiffusionEnv(WORLD, render_mode="rgb_array")
    env.reset(seed=0)
    begin = env.render()
    assert begin.dtype == np.uint8
    assert begin.ndim == 3 and begin.shape[2] == 3
    for _ in range(10):
        env.step(spend(env.batch, {"scenarios": 1.0}, advance=True)[0])
    picture = env.render().astype(int)
    assert picture.shape == begin.shape
    state = env.batch.state
    red = (picture[..., 0] > picture[..., 1] + 10).sum()
    green = (picture[..., 1] > picture[..., 0] + 10).sum()
    assert red == 36 * state.excluded.sum() > 0
    assert green == 36 * state.adopted.sum() > 0


@pytest.mark.parametrize("mode", ["ansi", "rgb_array"])
def test_rendering_changes_nothing(mode: str) -> None:
    shown, hidden = ExperimentDiffusionEnv(WORLD, render_mode=mode), ExperimentDiffusionEnv(WORLD)
    shown.reset(seed=0)
    hidden.reset(seed=0)
    for _ in range(3):
        shown.render()
        action = hidden.action_space.sample()
        assert np.array_equal(shown.step(action)[0], hidden.step(action)[0])


def test_without_a_render_mode_nothing_is_shown_and_a_warning_says_so() -> None:
    env = ExperimentDiffusionEnv(WORLD)
    env.reset(seed=0)
    with pytest.warns(UserWarning, match="render_mode"):
        assert env.render() is None


def test_gymnasium_knows_the_render_modes() -> None:
    env = gym.make(f"juguo_envs:{ENV_ID}", scenario=WORLD, render_mode="rgb_array")
    env.reset(seed=0)
    assert env.metadata["render_modes"] == ["ansi", "rgb_array"]
    assert env.render().dtype == np.uint8
