"""Minari."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from juguo_agents.evaluation.seeds import DATASETS
from tests.integrations.running import EXAMPLES, library, run
from tests.running import juguo, refused, succeeded

minari = library("minari")
library("h5py")
ID = "juguo/poor/two-v0"
TINY = """
name: tiny
scenario: poor
override: {society.persons: 100, programme.T: 12}
training:
  seeds: [0]
  steps: 96
  selections: 1
  selection_episodes: 2
  ppo: {envs: 4, paired: 2, n_steps: 12, batch_size: 24}
comparison: {allocators: [flat], episodes: 2}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Minari keeps data sets in this test."""
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "minari"))
    return tmp_path


def record(home: Path, *words: str) -> str:
    return succeeded(juguo("dataset", "flat", "market", "--id", ID, "--episodes", "3", *words, cwd=home))


@pytest.mark.parametrize("world", ["poor", "family"])
def test_what_was_recorded_is_loaded_and_its_environment_gives_it_again(world: str, home: Path) -> None:
    assert ID in record(home, "--scenario", world, "--seed", "7")
    data = minari.load_dataset(ID)
    assert data.total_episodes == 6
    env = data.recover_environment()
    told = list(data.storage.get_episode_metadata(range(6)))
    assert [episode["allocator"] for episode in told] == ["flat"] * 3 + ["market"] * 3
    assert [episode["seed"] for episode in told] == 2 * [DATASETS.first + k for k in (7, 8, 9)]
    for i, episode in enumerate(data.iterate_episodes()):
        observation, info = env.reset(seed=int(told[i]["seed"]))
        assert np.array_equal(observation, episode.observations[0])
        for t, action in enumerate(episode.actions):
            observation, reward, terminated, truncated, info = env.step(action)
            assert np.array_equal(observation, episode.observations[t + 1])
            assert reward == episode.rewards[t]
            assert (terminated, truncated) == (episode.terminations[t], episode.truncations[t])
            assert info["cost"] == episode.infos["cost"][t + 1]


def test_scores_run_from_uniform_actions_to_the_best_of_the_recorded(home: Path) -> None:
    record(home, "--scenario", "poor")
    data = minari.load_dataset(ID)
    means = data.storage.metadata["mean_returns"]
    returns = [episode.rewards.sum() for episode in data.iterate_episodes()]
    assert list(means.values()) == pytest.approx([np.mean(returns[:3]), np.mean(returns[3:])])
    assert minari.get_normalized_score(data, np.array(max(means.values()))) == pytest.approx(1.0)


def test_a_trained_run_is_recorded_in_the_world_that_it_was_made_for(home: Path) -> None:
    (home / "tiny.yaml").write_text(TINY)
    succeeded(juguo("train", "tiny.yaml", "--out", "run", cwd=home))
    succeeded(juguo("dataset", "run", "flat", "--id", ID, "--episodes", "2", cwd=home))
    data = minari.load_dataset(ID)
    assert set(data.storage.metadata["mean_returns"]) == {"learned_seed0", "flat"}
    assert data.recover_environment().unwrapped.scenario.programme.T == 12


def test_a_data_set_is_never_overwritten(home: Path) -> None:
    record(home)
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.is_file()}
    again = juguo("dataset", "flat", "--id", ID, cwd=home)
    refused(again, f"--id is {ID!r}", "exists already")
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), ["name at least one allocator"]),
        (("flat",), ["--id"]),
        (("flat", "--id", "two"), ["--id is 'two'", "NAMESPACE/NAME-vNUMBER"]),
        (("flat", "--id", "../../two-v0"), ["--id is '../../two-v0'"]),
        (("flat", "flat", "--id", ID), ["'flat' is named twice"]),
        (("falt", "--id", ID), ["unknown allocator 'falt'"]),
        (("flat", "--id", ID, "--episodes", "0"), ["--episodes is 0"]),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    words: tuple[str, ...], told: list[str], home: Path
) -> None:
    refused(juguo("dataset", *words, cwd=home), *told)
    assert not [path for path in home.rglob("*") if path.is_file()]


def test_an_interrupted_recording_leaves_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("juguo_agents.evaluation.dataset.run", killed)
    assert juguo("dataset", "flat", "--id", ID, "--episodes", "1", cwd=home).returncode == 130
    assert not [path for path in home.rglob("*") if path.is_file()]


def test_the_example_clones_and_scores(home: Path) -> None:
    printed = run(EXAMPLES / "minari_cloning.py", "20", cwd=home, MINARI_DATASETS_PATH=str(home / "minari"))
    assert "clone" in printed and "score" in printed
