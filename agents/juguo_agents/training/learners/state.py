"""Everything that the rest of a training depends on, taken at the start of a rollout and put back.

At the start of a rollout none is half done and the societies stand still, so the learner, the normaliser, the
societies and the generators of random numbers are the whole state; what a kind of learner keeps besides it
tells itself. Each of them left out would let a resumed training drift from one never interrupted.
"""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.running_mean_std import RunningMeanStd
from stable_baselines3.common.vec_env import VecMonitor, VecNormalize, unwrap_vec_wrapper

from juguo_agents.training.checkpoint import HEAD, Arrays, Checkpoint
from juguo_agents.training.learners.base import Kind, array_like, normaliser_of
from juguo_agents.training.sb3_vec_env import BatchVecEnv

_ATTRIBUTES = ("num_timesteps", "_n_updates", "_episode_num", "_current_progress_remaining")
_ON_DEVICE = "generators.torch.cuda"
_LOGGED = ("name_to_value", "name_to_count", "name_to_excluded")


def capture(learner: BaseAlgorithm, kind: Kind[Any, Any]) -> Checkpoint:
    """The state of a learner between two rollouts, with everything around it."""
    if learner._last_obs is None or learner.ep_info_buffer is None:
        raise ValueError("the learner has not begun to learn")
    arrays: Arrays = {"learner.last_obs": np.array(learner._last_obs)}
    values: dict[str, Any] = {
        **HEAD,
        "steps": int(learner.num_timesteps),
        "learner": {name.lstrip("_"): getattr(learner, name) for name in _ATTRIBUTES},
        "own": kind.capture(learner, arrays),
        "episodes": [{k: _plain(v) for k, v in e.items()} for e in learner.ep_info_buffer],
        "logged": {
            name: {k: _plain(v) for k, v in getattr(learner.logger, name).items()} for name in _LOGGED
        },
    }
    for name, tensor in learner.policy.state_dict().items():
        arrays[f"policy.{name}"] = tensor.detach().cpu().numpy().copy()
    values["optimisers"] = {
        name: _capture_optimiser(name, optimiser, arrays)
        for name, optimiser in kind.optimisers(learner).items()
    }
    values["environment"] = _capture_environment(learner, arrays)
    values["generators"] = _capture_generators(learner.device, arrays)
    return Checkpoint(arrays, values)


def restore(learner: BaseAlgorithm, kind: Kind[Any, Any], checkpoint: Checkpoint) -> None:
    """Put a state back into a freshly made learner of the same configuration; see `restore_generators`.

    Raises:
        ValueError: If something does not fit the learner; other errors, where values are no state at all.
    """
    arrays, values = checkpoint.arrays, checkpoint.values
    learner.policy.load_state_dict(
        {name: torch.from_numpy(array.copy()) for name, array in _under("policy", arrays).items()}
    )
    for name, optimiser in kind.optimisers(learner).items():
        _restore_optimiser(name, optimiser, values["optimisers"][name], arrays)
    _restore_environment(learner, values["environment"], arrays)
    for name in _ATTRIBUTES:
        setattr(learner, name, values["learner"][name.lstrip("_")])
    learner._last_obs = array_like(arrays, "learner.last_obs", _first_observations(learner))
    kind.restore(learner, values["own"], arrays)
    episodes = [e | {"r": np.float32(e["r"]), "l": np.int32(e["l"])} for e in values["episodes"]]
    learner.ep_info_buffer = deque(episodes, maxlen=learner._stats_window_size)
    learner.ep_success_buffer = deque(maxlen=learner._stats_window_size)
    for name in _LOGGED:
        getattr(learner.logger, name).update(
            {k: tuple(v) if isinstance(v, list) else v for k, v in values["logged"][name].items()}
        )
    restore_generators(checkpoint)  # what cannot be put back shall be found now


def restore_generators(checkpoint: Checkpoint) -> None:
    """Put back the generators of random numbers, once the first rollout starts.

    The library draws the noise of state-dependent exploration just before it tells of a rollout's start.
    """
    _restore_generators(checkpoint.values["generators"], checkpoint.arrays)
    if _ON_DEVICE in checkpoint.arrays:
        torch.cuda.set_rng_state(torch.from_numpy(checkpoint.arrays[_ON_DEVICE].copy()))


def _first_observations(learner: BaseAlgorithm) -> npt.NDArray[Any]:
    """What `_last_obs` is like: normalised observations, of every society one."""
    return np.zeros((learner.n_envs, *(learner.observation_space.shape or ())), np.float32)


def _plain(value: Any) -> Any:
    """A number as Python has it."""
    return value.item() if isinstance(value, np.generic) else value


def _under(prefix: str, arrays: Arrays) -> Arrays:
    return {n.removeprefix(f"{prefix}."): a for n, a in arrays.items() if n.startswith(f"{prefix}.")}


def _capture_optimiser(own_name: str, optimiser: torch.optim.Optimizer, arrays: Arrays) -> dict[str, Any]:
    state = optimiser.state_dict()
    for index, moments in state["state"].items():
        for name, tensor in moments.items():
            arrays[f"optimiser.{own_name}.{index}.{name}"] = tensor.detach().cpu().numpy().copy()
    return {"groups": state["param_groups"]}


def _restore_optimiser(
    own_name: str, optimiser: torch.optim.Optimizer, values: dict[str, Any], arrays: Arrays
) -> None:
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, array in _under(f"optimiser.{own_name}", arrays).items():
        index, _, name = key.partition(".")
        state.setdefault(int(index), {})[name] = torch.from_numpy(array.copy())
    groups = [  # JSON has no tuples; Adam's betas are one
        {k: tuple(v) if k == "betas" else v for k, v in group.items()} for group in values["groups"]
    ]
    own = optimiser.state_dict()["param_groups"]
    if [_shape_of(group) for group in groups] != [_shape_of(group) for group in own]:
        raise ValueError(f"the groups of the optimiser {own_name!r} are not those of this learner")
    for parameter, moments in zip(_parameters(optimiser), state.values(), strict=bool(state)):
        for name, tensor in moments.items():
            if tensor.shape not in (parameter.shape, ()):
                raise ValueError(f"the optimiser {own_name!r} holds {name!r} of shape {tuple(tensor.shape)}")
    optimiser.load_state_dict({"state": state, "param_groups": groups})


def _parameters(optimiser: torch.optim.Optimizer) -> list[torch.Tensor]:
    return [parameter for group in optimiser.param_groups for parameter in group["params"]]


def _shape_of(group: dict[str, Any]) -> dict[str, Any]:
    """What two groups of one optimiser have in common: the parameters, and the type of each setting."""
    return {name: value if name == "params" else _type_of(value) for name, value in group.items()}


def _type_of(value: Any) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return "number" if number else [_type_of(v) for v in value] if isinstance(value, tuple) else type(value)


def _environments(learner: BaseAlgorithm) -> tuple[VecNormalize, VecMonitor, BatchVecEnv]:
    normaliser, _ = normaliser_of(learner)
    monitor, societies = unwrap_vec_wrapper(normaliser, VecMonitor), normaliser.unwrapped
    if monitor is None or not isinstance(societies, BatchVecEnv):
        raise TypeError("the learner's environment is not a BatchVecEnv in a VecMonitor in a VecNormalize")
    return normaliser, monitor, societies


def _moments(learner: BaseAlgorithm) -> dict[str, RunningMeanStd]:
    normaliser, observations = normaliser_of(learner)
    return {"observations": observations, "returns": normaliser.ret_rms}


def _capture_environment(learner: BaseAlgorithm, arrays: Arrays) -> dict[str, Any]:
    normaliser, monitor, societies = _environments(learner)
    counts = {}
    for name, moments in _moments(learner).items():
        arrays[f"normaliser.{name}.mean"] = np.array(moments.mean, np.float64)
        arrays[f"normaliser.{name}.var"] = np.array(moments.var, np.float64)
        counts[name] = float(moments.count)
    arrays["normaliser.running_returns"] = np.array(normaliser.returns)
    arrays["monitor.returns"] = monitor.episode_returns.copy()
    arrays["monitor.lengths"] = monitor.episode_lengths.copy()
    own, generator = societies.capture()
    arrays.update({f"societies.{name}": array for name, array in own.items()})
    return {"counts": counts, "episode_count": monitor.episode_count, "generator": generator}


def _restore_environment(learner: BaseAlgorithm, values: dict[str, Any], arrays: Arrays) -> None:
    normaliser, monitor, societies = _environments(learner)
    for name, moments in _moments(learner).items():
        moments.mean = array_like(arrays, f"normaliser.{name}.mean", np.array(moments.mean, np.float64))
        moments.var = array_like(arrays, f"normaliser.{name}.var", np.array(moments.var, np.float64))
        moments.count = values["counts"][name]
    normaliser.returns = array_like(arrays, "normaliser.running_returns", normaliser.returns)
    monitor.episode_returns = array_like(arrays, "monitor.returns", monitor.episode_returns)
    monitor.episode_lengths = array_like(arrays, "monitor.lengths", monitor.episode_lengths)
    monitor.episode_count = values["episode_count"]
    societies.restore(_under("societies", arrays), values["generator"])


def _capture_generators(device: torch.device, arrays: Arrays) -> dict[str, Any]:
    """The global generators of Python, numpy and torch; stable-baselines3 draws from the last two.

    On an NVIDIA device torch draws from one of its own.
    """
    version, words, gauss = random.getstate()
    arrays["generators.python"] = np.array(words, np.uint64)
    kind, keys, position, has_gauss, cached = np.random.get_state(legacy=True)  # noqa: NPY002 (it is theirs)
    arrays["generators.numpy"] = np.array(keys, np.uint32)
    arrays["generators.torch"] = torch.get_rng_state().numpy().copy()
    if device.type == "cuda":
        arrays[_ON_DEVICE] = torch.cuda.get_rng_state(device).numpy().copy()
    return {
        "python": {"version": version, "gauss": gauss},
        "numpy": {"kind": kind, "position": int(position), "gauss": [int(has_gauss), float(cached)]},
    }


def _restore_generators(values: dict[str, Any], arrays: Arrays) -> None:
    python, numpy_ = values["python"], values["numpy"]
    words = tuple(int(word) for word in arrays["generators.python"])
    random.setstate((python["version"], words, python["gauss"]))
    has_gauss, cached = numpy_["gauss"]
    state = (numpy_["kind"], arrays["generators.numpy"], numpy_["position"], has_gauss, cached)
    np.random.set_state(state)  # noqa: NPY002 (it is theirs)
    torch.set_rng_state(torch.from_numpy(arrays["generators.torch"].copy()))
