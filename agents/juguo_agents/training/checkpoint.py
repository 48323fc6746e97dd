"""Checkpoints of a training: one file each, whole or detected as torn, and no pickle.

The newest two are kept: where the newest is torn, the one before it is used. One that is whole, but of
another training, is no torn one: it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, ValidationError

from juguo_agents.artifacts.archive import Arrays as Arrays
from juguo_agents.artifacts.archive import TornArchive, from_bytes, to_bytes
from juguo_agents.artifacts.identity import Count
from juguo_agents.folders import sweep
from juguo_envs.errors import UserError
from juguo_envs.files import write_bytes
from juguo_envs.validation import EXACT, Strict, explain

KEPT = 2
HEAD = {"kind": "juguo_checkpoint", "format": 1}
_SUFFIX = ".ckpt"


class CheckpointMisfit(UserError):
    """A whole checkpoint that cannot be gone on from; the message names the file and what is wrong."""


class _Diverging(Strict):
    model_config = ConfigDict(allow_inf_nan=True)  # a diverged training's NaN is its state, too


class _Selection(_Diverging):
    next: Count
    curve: list[tuple[Count, float, float]]
    best_return: float
    best_kept: bool
    best: dict[str, Any] | None
    seconds: float


class _Learner(_Diverging):
    num_timesteps: Count
    n_updates: Count
    episode_num: Count
    current_progress_remaining: float


class _Logged(_Diverging):
    name_to_value: dict[str, float | str]
    name_to_count: dict[str, Count]
    name_to_excluded: dict[str, list[str] | str | None]


class _Optimiser(_Diverging):
    groups: list[dict[str, Any]]


class _Environment(_Diverging):
    counts: dict[str, float]
    episode_count: Count
    generator: dict[str, Any]


class _Generators(_Diverging):
    python: dict[str, int | float | None]
    numpy: dict[str, Any]


class Values(_Diverging):
    """What a checkpoint holds beside arrays.

    Attributes:
        seed: Training seed.
        run: What the checkpoint belongs to; see `provenance.identity`.
        steps: Environment steps done.
        own: What this kind of learner keeps.
        learner, episodes, logged, optimisers, environment, generators: See `learners.state`.
        selection: See `train`.
    """

    kind: Literal["juguo_checkpoint"]
    format: Literal[1]
    seed: Count
    run: dict[str, Any]
    steps: Count
    learner: _Learner
    own: dict[str, Any]
    episodes: list[dict[str, float]]
    logged: _Logged
    optimisers: dict[str, _Optimiser]
    environment: _Environment
    generators: _Generators
    selection: _Selection


@dataclass(frozen=True)
class Checkpoint:
    """What is needed to go on.

    Attributes:
        arrays: Arrays by name, of any dtype but object.
        values: Everything else, as JSON knows it; see `Values`.
    """

    arrays: Arrays
    values: dict[str, Any]

    @property
    def steps(self) -> int:
        """Environment steps done."""
        return int(self.values["steps"])


class CheckpointFolder:
    """The checkpoints of one training seed, named by the steps done."""

    def __init__(self, path: Path) -> None:
        """Use a folder, which need not exist yet."""
        self.path = path

    def files(self) -> list[Path]:
        """The checkpoints, the newest first."""
        return sorted((p for p in self.path.glob(f"*{_SUFFIX}") if p.stem.isdecimal()), reverse=True)

    def file(self, steps: int) -> Path:
        """The file of so many steps."""
        return self.path / f"{steps:015d}{_SUFFIX}"

    def write(self, checkpoint: Checkpoint) -> Path:
        """Write one, then remove all but the newest `KEPT`."""
        self.path.mkdir(parents=True, exist_ok=True)
        target = self.file(checkpoint.steps)
        write_bytes(target, to_bytes(checkpoint.arrays, checkpoint.values))
        for old in self.files()[KEPT:]:
            old.unlink(missing_ok=True)
        return target

    def latest(self) -> tuple[Checkpoint | None, dict[Path, str]]:
        """The newest whole checkpoint, or None; and what is wrong with newer files, which are torn.

        Raises:
            CheckpointMisfit: If it is whole and not what a training writes, or its name is another's.
        """
        torn: dict[Path, str] = {}
        for path in self.files():
            try:
                found = Checkpoint(*from_bytes(path.read_bytes(), str(path)))
            except TornArchive as error:
                torn[path] = str(error)
            except OSError as error:
                torn[path] = f"{path}: cannot be read ({error})"
            else:
                self._check(found, path)
                return found, torn
        return None, torn

    def _check(self, found: Checkpoint, path: Path) -> None:
        try:
            Values.model_validate(found.values, context=EXACT)
        except ValidationError as error:
            raise CheckpointMisfit(f"{explain(error, Values, str(path))}; {_AGAIN}") from None
        if path != self.file(found.steps):
            raise CheckpointMisfit(f"{path}: is of step {found.steps}; it was copied or renamed; {_AGAIN}")

    def take_up(self) -> Checkpoint | None:
        """The newest whole checkpoint, or None; torn ones and what a kill left half written are removed.

        Raises:
            CheckpointMisfit: See `latest`.
        """
        found, torn = self.latest()
        for path in torn:
            path.unlink(missing_ok=True)
        sweep(self.path)
        return found

    @contextmanager
    def blamed(self, checkpoint: Checkpoint) -> Iterator[None]:
        """What goes wrong while a checkpoint is put back is the checkpoint's fault.

        Raises:
            CheckpointMisfit: Naming its file.
        """
        try:
            yield
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError) as error:
            told = " ".join(str(error).split())[:200]
            path = self.file(checkpoint.steps)
            raise CheckpointMisfit(f"{path}: no state of this training ({told}); {_AGAIN}") from None


_AGAIN = "remove the file, and the one before it is used, or else the seed begins anew"
