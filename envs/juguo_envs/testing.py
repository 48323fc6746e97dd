"""A checker for vector environments: each sub-environment must be, bit for bit, the single environment.

It asks nothing of what the environments are about, so it can be run on any.

    from gymnasium.vector import SyncVectorEnv
    from juguo_envs.testing import check_vector_env

    check_vector_env(
        lambda: gymnasium.make("CartPole-v1"),
        lambda n, mode: SyncVectorEnv([lambda: gymnasium.make("CartPole-v1")] * n, autoreset_mode=mode),
    )
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array, iterate

Env = gym.Env[Any, Any]
MakeSingle = Callable[[], Env]
MakeVector = Callable[[int, AutoresetMode], VectorEnv[Any, Any, Any]]
Mask = npt.NDArray[np.bool_]
Result = tuple[Any, npt.NDArray[Any], Mask, Mask, list[Mapping[str, Any] | None]]
"""Observation, rewards, terminated, truncated, and of each sub-environment its info, or None."""

_FINAL = ("final_obs", "final_info")


class VectorEnvError(AssertionError):
    """A vector environment is not what single environments are; the message has a line for each finding."""


def check_vector_env(
    make_single: MakeSingle,
    make_vector: MakeVector,
    *,
    num_envs: Sequence[int] = (1, 3),
    modes: Sequence[AutoresetMode] = tuple(AutoresetMode),
    episodes: int = 3,
    most_steps: int = 1000,
    seed: int = 0,
    copies: bool = True,
) -> None:
    """Step a vector environment beside single environments, and compare every bit.

    Observations, rewards, ends, `info` with its masks, `final_obs` and `final_info` are compared through
    several episodes; some are begun anew in between, so that episodes end at different times. Then seeds,
    partial resets, what a caller keeps and gives, and copies.

    Args:
        make_single: Makes a single environment.
        make_vector: Makes a vector environment of so many of them, in an autoreset mode.
        num_envs: Numbers of sub-environments that are tried.
        modes: Autoreset modes that are tried.
        episodes: Episodes that each sub-environment is to finish.
        most_steps: Steps after which a run ends all the same.
        seed: Of episodes and actions.
        copies: Whether `copy.deepcopy` of the vector environment must go on as the original does.

    Raises:
        VectorEnvError: If something differs. Of each run the first difference is told, and all else.
    """
    found = [
        f"{mode.name}, {n} sub-environment{'s' * (n > 1)}: {what}"
        for mode in modes
        for n in num_envs
        for what in _findings(make_single, make_vector, n, mode, episodes, most_steps, seed, copies)
    ]
    if found:
        raise VectorEnvError("\n".join(found))


def _findings(
    make_single: MakeSingle,
    make_vector: MakeVector,
    n: int,
    mode: AutoresetMode,
    episodes: int,
    most_steps: int,
    seed: int,
    copies: bool,
) -> Iterator[str]:
    try:
        vector = make_vector(n, mode)
    except Exception as error:
        yield f"it cannot be made: {_raised(error)}"
        return
    alone = _Lockstep([make_single() for _ in range(n)], mode)
    try:
        yield from _declared(vector, alone, n, mode)
        run = _Run(vector, alone, seed)
        first = next(run.lockstep(episodes, most_steps), None)
        yield from run.careless.values()
        if first is not None:
            yield first
            return  # all that follows would differ, too
        yield from run.kept()
        yield from run.seeds()
        if mode == AutoresetMode.DISABLED:
            yield from run.refuses_the_ended(most_steps)
        if copies:
            yield from run.copied()
    finally:
        vector.close()
        alone.close()


def _declared(
    vector: VectorEnv[Any, Any, Any], alone: _Lockstep, n: int, mode: AutoresetMode
) -> Iterator[str]:
    """What it says of itself."""
    if vector.num_envs != n:
        yield f"num_envs is {vector.num_envs}"
    if vector.metadata.get("autoreset_mode") is not mode:
        yield f"metadata['autoreset_mode'] is {vector.metadata.get('autoreset_mode')!r}"
    one = alone.envs[0]
    for name, mine in (("observation_space", one.observation_space), ("action_space", one.action_space)):
        if getattr(vector, f"single_{name}") != mine:
            yield f"single_{name} is {getattr(vector, f'single_{name}')}, and alone it is {mine}"
        elif getattr(vector, name) != batch_space(mine, n):
            yield f"{name} is {getattr(vector, name)}, and not the batch of single_{name}"


class _Lockstep:
    """Single environments stepped one after another: what a vector environment has to be."""

    def __init__(self, envs: list[Env], mode: AutoresetMode) -> None:
        self.envs, self.mode, self.n = envs, mode, len(envs)
        self.over = np.zeros(self.n, np.bool_)
        self.observations: list[Any] = [None] * self.n
        self.shape: tuple[int, ...] = ()  # of a reward

    def reset(self, seeds: Sequence[int | None], mask: Mask) -> Result:
        infos: list[Mapping[str, Any] | None] = [None] * self.n
        for i in np.flatnonzero(mask).tolist():
            self.observations[i], infos[i] = self.envs[i].reset(seed=seeds[i])
        self.over[mask] = False
        nothing = np.zeros(self.n, np.bool_)
        return self._batch(), np.zeros(self.n), nothing, nothing, infos

    def step(self, actions: Sequence[Any]) -> Result:
        rewards: list[Any] = []
        terminated, truncated = np.zeros(self.n, np.bool_), np.zeros(self.n, np.bool_)
        infos: list[Mapping[str, Any] | None] = []
        for i, env in enumerate(self.envs):
            if self.over[i]:  # NEXT_STEP
                self.observations[i], info = env.reset()
                rewards.append(None)
            else:
                self.observations[i], reward, terminated[i], truncated[i], info = env.step(actions[i])
                rewards.append(reward)
                if (terminated[i] or truncated[i]) and self.mode == AutoresetMode.SAME_STEP:
                    final = {"final_obs": self.observations[i], "final_info": info}
                    self.observations[i], info = env.reset()
                    info = {**info, **final}
            infos.append(info)
        ended = terminated | truncated
        self.over = ended.copy() if self.mode != AutoresetMode.SAME_STEP else np.zeros(self.n, np.bool_)
        self.shape = next((np.shape(r) for r in rewards if r is not None), self.shape)
        told = np.array([np.zeros(self.shape) if r is None else np.asarray(r, np.float64) for r in rewards])
        return self._batch(), told, terminated, truncated, infos

    def _batch(self) -> Any:
        return _together(self.envs[0].observation_space, self.observations)

    def close(self) -> None:
        for env in self.envs:
            env.close()


class _Run:
    """A vector environment beside its single environments."""

    def __init__(self, vector: VectorEnv[Any, Any, Any], alone: _Lockstep, seed: int) -> None:
        self.vector, self.alone, self.seed, self.n = vector, alone, seed, alone.n
        self.draw = np.random.default_rng(seed)
        self.actions = copy.deepcopy(alone.envs[0].action_space)
        self.actions.seed(seed)
        self.everybody = np.ones(self.n, np.bool_)
        self.careless: dict[str, str] = {}  # what was changed of what a caller gave, the first time

    def lockstep(self, episodes: int, most_steps: int) -> Iterator[str]:
        """Through several episodes."""
        yield from self.begin(self.seed, "reset(seed)")
        ended = np.zeros(self.n, np.int64)
        for t in range(1, most_steps + 1):
            yield from self.step(f"step {t}")
            ended += self.ended
            begin = np.zeros(self.n, np.bool_)
            if self.alone.mode == AutoresetMode.DISABLED:
                begin |= self.alone.over
            if self.n > 1 and t in (2, 5):  # out of step from here on
                begin[t % self.n] = True
            if begin.any():
                seeds = [int(self.draw.integers(2**31)) if self.draw.random() < 0.5 else None for _ in begin]
                yield from self.begin(seeds, f"reset(seed, reset_mask) after step {t}", begin)
            if (ended >= episodes).all():
                return

    def begin(
        self, seed: int | list[int | None] | None, what: str, mask: Mask | None = None
    ) -> Iterator[str]:
        """Reset both; with a mask some of them only."""
        chosen = self.everybody if mask is None else mask
        options = None if mask is None else {"reset_mask": mask.copy()}
        given = copy.deepcopy(options)
        seeds = [seed + i for i in range(self.n)] if isinstance(seed, int) else seed or [None] * self.n
        expected = self.alone.reset(seeds, chosen)
        try:
            observation, info = self.vector.reset(seed=seed, options=options)  # type: ignore[arg-type]
        except Exception as error:
            yield f"{what}: {_raised(error)}"
            return
        nothing = np.zeros(self.n, np.bool_)
        result = (observation, np.zeros(np.shape(expected[1])), nothing, nothing, info)
        yield from self.compare(result, expected, what)
        if not _same(options, given):
            self.careless.setdefault(
                "options", f"{what}: the caller's options were changed from {given} to {options}"
            )

    def sample(self) -> tuple[list[Any], Any]:
        """Actions, one each and together."""
        each = [self.actions.sample() for _ in range(self.n)]
        return each, _together(self.actions, each)

    def step(self, what: str) -> Iterator[str]:
        """Step both."""
        each, actions = self.sample()
        given = copy.deepcopy(actions)
        expected = self.alone.step(each)
        self.ended = expected[2] | expected[3]
        try:
            result = self.vector.step(actions)
        except Exception as error:
            yield f"{what}: {_raised(error)}"
            return
        yield from self.compare(result, expected, what)
        if not _same(actions, given):
            self.careless.setdefault("actions", f"{what}: the caller's actions were changed")

    def compare(self, result: Any, expected: Result, what: str) -> Iterator[str]:
        """Differences of what a vector environment returned."""
        observation, rewards, terminated, truncated, infos = result
        if not self.vector.observation_space.contains(observation):
            yield f"{what}: the observation is not in observation_space"
        if not _same(observation, expected[0]):
            yield f"{what}: the observation differs{self._where(observation, expected[0])}"
        if np.shape(rewards) != expected[1].shape:
            yield f"{what}: rewards have shape {np.shape(rewards)}; expected {expected[1].shape}"
        elif not _same(np.asarray(rewards, np.float64), expected[1]):
            yield f"{what}: rewards are {rewards}, and alone {expected[1]}"
        for name, mine, its in (
            ("terminated", terminated, expected[2]), ("truncated", truncated, expected[3])
        ):  # fmt: skip
            if not _same(mine, its):
                yield f"{what}: {name} is {mine!r}, and alone {its!r}"
        yield from _info_differences(infos, expected[4], self.n, f"{what}: info")

    def _where(self, mine: Any, its: Any) -> str:
        space = self.vector.observation_space
        try:
            pairs = zip(iterate(space, mine), iterate(space, its), strict=True)
            return f" in sub-environment {next(i for i, (a, b) in enumerate(pairs) if not _same(a, b))}"
        except (StopIteration, TypeError, ValueError):
            return ""

    def kept(self) -> Iterator[str]:
        """What a caller keeps must stay as it is."""
        results = [self.vector.reset(seed=self.seed)]
        self.alone.reset([self.seed + i for i in range(self.n)], self.everybody)
        kept = [copy.deepcopy(results[0])]
        for _ in range(3):
            result = self.vector.step(self.sample()[1])
            results.append((result[0], result[-1]))
            kept.append(copy.deepcopy(results[-1]))
            if self.alone.mode == AutoresetMode.DISABLED and (result[2] | result[3]).any():
                break
        if not _same(results, kept):
            yield "an observation or an info that a caller keeps is changed by a later call"

    def seeds(self) -> Iterator[str]:
        """The same seeds give the same, however they are given; without one, generators go on."""
        yield from self.begin(self.seed + 7, "reset(seed)")
        yield from self.begin(None, "reset()")
        yield from self.begin([self.seed + 7 + i for i in range(self.n)], "reset(list of seeds)")
        told = self.vector.np_random_seed
        own = tuple(env.np_random_seed for env in self.alone.envs)
        if not isinstance(told, Iterable) or tuple(told) != own:
            yield f"np_random_seed is {told!r}, and of the sub-environments alone {own}"
        yield from self.begin([None] * self.n, "reset(list of None)")

    def refuses_the_ended(self, most_steps: int) -> Iterator[str]:
        """Where autoreset is disabled, nobody steps beyond an end without a word."""
        self.alone.reset([self.seed + i for i in range(self.n)], self.everybody)
        self.vector.reset(seed=self.seed)
        over = False
        for _ in range(most_steps):
            actions = self.sample()[1]
            _, _, terminated, truncated, _ = self.vector.step(actions)
            if over := bool((terminated | truncated).any()):
                break
        if not over:
            return
        try:
            self.vector.step(actions)
        except Exception:
            return
        yield "a step of a sub-environment that has ended, and was not reset, is not refused"

    def copied(self) -> Iterator[str]:
        """A copy in mid-episode goes on as the original."""
        self.vector.reset(seed=self.seed)
        self.vector.step(self.sample()[1])
        try:
            twin = copy.deepcopy(self.vector)
        except Exception as error:
            yield f"it cannot be copied: {_raised(error)}"
            return
        for _ in range(3):
            both = self.sample()[1]
            mine, its = self.vector.step(copy.deepcopy(both)), twin.step(both)
            if not _same(mine, its):
                yield "a copy in mid-episode goes on otherwise than the original"
                return
            if (mine[2] | mine[3]).any():
                return


def _info_differences(
    told: Mapping[str, Any], alone: Sequence[Mapping[str, Any] | None], n: int, what: str
) -> Iterator[str]:
    """Differences between a vector environment's info and the infos of single environments."""
    known = dict.fromkeys(key for info in alone if info is not None for key in info)
    for key in known:
        mask = np.array([info is not None and key in info for info in alone])
        if key not in told or f"_{key}" not in told:
            lacking = key if key not in told else f"_{key}"
            yield f"{what} lacks {lacking!r}"
            continue
        if not _same(told[f"_{key}"], mask):
            yield f"{what}['_{key}'] is {told[f'_{key}']!r}; expected {mask!r}"
            continue
        values = [info[key] if info is not None and key in info else None for info in alone]
        if isinstance(told[key], Mapping):
            yield from _info_differences(told[key], values, n, f"{what}[{key!r}]")
            continue
        for i in range(n):
            mine = told[key][i]
            if key in _FINAL and not mask[i]:
                if mine is not None:
                    yield f"{what}[{key!r}][{i}] is {mine!r}, and this sub-environment has not ended"
            elif mask[i] and not _same(_plain(mine), _plain(values[i])):
                yield f"{what}[{key!r}] of sub-environment {i} is {mine!r}, and alone {values[i]!r}"
    for key in told:
        if key not in known and key.removeprefix("_") not in known:
            yield f"{what} has {key!r}, which no sub-environment tells alone"


def _together(space: gym.Space[Any], values: Sequence[Any]) -> Any:
    """Values of a space as one value of its batch."""
    empty: Any = create_empty_array(space, len(values))
    return concatenate(space, values, empty)


def _raised(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _plain(value: Any) -> Any:
    """A number as an array of its kind, so that those of Python and of numpy are alike."""
    return np.asarray(value) if isinstance(value, bool | int | float | complex | np.generic) else value


def _same(one: Any, other: Any) -> bool:
    """Whether every bit is the same, in arrays and in what holds them."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        if one.dtype != other.dtype or one.shape != other.shape:
            return False
        if one.dtype == object:
            return all(_same(a, b) for a, b in zip(one.flat, other.flat, strict=True))
        return one.tobytes() == other.tobytes()
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        return len(one) == len(other) and all(_same(a, b) for a, b in zip(one, other, strict=True))
    return one is other or (type(one) is type(other) and bool(one == other))
