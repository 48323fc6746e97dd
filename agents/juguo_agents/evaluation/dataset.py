"""Data sets in Minari's format, where Minari looks for them: whole or absent, and never overwritten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from minari.data_collector import EpisodeBuffer
from minari.dataset.minari_dataset import DATASET_ID_RE
from minari.dataset.minari_storage import MinariStorage
from minari.namespace import create_namespace, list_local_namespaces
from minari.storage import get_dataset_path

from juguo_agents.allocators import Allocator, Setting
from juguo_agents.evaluation.rollout import run
from juguo_agents.evaluation.transitions import Episode, transitions
from juguo_agents.folders import new_folder
from juguo_envs import ENV_ID
from juguo_envs.errors import UserError
from juguo_envs.spaces.action import action_size
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import Scenario

_DATA = "data"


class Uniform:
    """Uniform actions: the lower reference of a data set's scores."""

    name = "uniform"

    def start(self, setting: Setting, seeds: npt.NDArray[np.uint64]) -> None:
        """See `Allocator`."""
        self._size = action_size(len(setting.names))
        self._generators = [np.random.default_rng(int(seed)) for seed in seeds]

    def act(self, observation: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """See `Allocator`."""
        return np.stack([g.uniform(-1.0, 1.0, self._size) for g in self._generators]).astype(np.float32)


def free_place(id_: str) -> Path:
    """The folder that a new data set of this name gets; nothing is made.

    Raises:
        UserError: If the name is none that Minari takes, or is that of a data set that exists.
    """
    told = DATASET_ID_RE.fullmatch(id_)
    if told is None or told["version"] is None:
        raise UserError(
            f"--id is {id_!r}; allowed is NAMESPACE/NAME-vNUMBER of letters, digits, - and _, "
            "for example juguo/poor/rules-v0"
        )
    place: Path = get_dataset_path(id_)
    if place.exists():
        raise UserError(f"--id is {id_!r}; {place} exists already: give another version, or move it away")
    return place


def record(
    id_: str,
    allocators: Sequence[Allocator],
    world: Scenario | Family,
    seeds: npt.NDArray[np.uint64],
    *,
    observe: str = "noisy",
    threads: int = 1,
    progress: Callable[[str], None] | None = None,
) -> Path:
    """Record every allocator over the same episodes; returns the folder of the data set.

    An episode's metadata name its seed and its allocator. The reference scores, by which Minari normalises,
    are the mean return of uniform actions (0) and that of the best of the allocators (1).

    Args:
        id_: Name of the data set.
        allocators: Who decides; names must differ.
        world: The scenario, or the family of which every episode has a world.
        seeds: (n,) of the episodes.
        observe: "noisy" or "true".
        threads: Threads of the model; results do not depend on it.
        progress: Called with each allocator's name when it is done.

    Raises:
        UserError: If the name is taken or not allowed, or an allocator is named twice.
    """
    place = free_place(id_)
    names = [allocator.name for allocator in allocators]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UserError(f"allocator {twice!r} is named twice; each may be recorded once")
    env = gym.make(f"juguo_envs:{ENV_ID}", scenario=world, observe=observe)
    with new_folder(place) as folder:
        storage = MinariStorage.new(
            folder / _DATA,
            observation_space=env.observation_space,
            action_space=env.action_space,
            env_spec=env.spec,
        )
        means = {}
        for allocator in allocators:
            returns = []
            for episode in transitions(allocator, world, seeds, observe=observe, threads=threads):
                storage.update_episodes([_buffer(episode)])
                extra = {"allocator": episode.allocator}
                storage.update_episode_metadata([extra], [storage.total_episodes - 1])
                returns.append(float(episode.rewards.sum()))
            means[allocator.name] = float(np.mean(returns))
            if progress:
                progress(allocator.name)
        storage.update_metadata(
            {
                "dataset_id": id_,
                "minari_version": version("minari"),
                "algorithm_name": ", ".join(names),
                "description": f"{len(seeds)} episodes of each allocator, seeds {seeds[0]} to {seeds[-1]}",
                "requirements": [f"juguo=={version('juguo')}"],
                "ref_min_score": float(run(Uniform(), world, seeds, threads=threads).returns.mean()),
                "ref_max_score": max(means.values()),
                "num_episodes_average_score": len(seeds),
                "mean_returns": means,
            }
        )
    namespace = id_.rpartition("/")[0]
    if namespace and namespace not in list_local_namespaces():
        create_namespace(namespace)
    return place


def _buffer(episode: Episode) -> EpisodeBuffer:
    length = len(episode.rewards)
    return EpisodeBuffer(
        seed=episode.seed,
        observations=episode.observations,
        actions=episode.actions,
        rewards=list(episode.rewards),
        terminations=[False] * (length - 1) + [True],
        truncations=[False] * length,
        infos=episode.infos,
    )
