"""What is to be explained: an allocator by what a user names, with the world it is at home in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from juguo_agents.allocators import Allocator
from juguo_agents.artifacts.load import (
    POLICY_PATTERN,
    POLICY_SUFFIX,
    SEARCHED_FILE,
    digest_of,
    files_of,
    find_allocators,
)
from juguo_agents.artifacts.origin import load_stored
from juguo_agents.training.run import SCENARIO, policy_path
from juguo_envs.errors import UserError
from juguo_envs.worlds.scenario import Scenario

DEFAULT_SCENARIO = "default"


@dataclass(frozen=True)
class Source:
    """An allocator, its own world, and where it comes from.

    Attributes:
        allocator: What is explained.
        scenario: The world it was made for; `default` for a rule.
        observe: With noise on what is seen ("noisy"), or without ("true").
        label: A name for folders.
        digest: SHA-256 of its file; None for a rule.
        others: Training seeds of the same run that are not explained, each with its selection return.
    """

    allocator: Allocator
    scenario: Scenario
    observe: str
    label: str
    digest: str | None
    others: dict[int, float | None]

    def as_json(self) -> dict[str, Any]:
        """Plain values, for files."""
        return {
            "name": self.allocator.name,
            "sha256": self.digest,
            "other_seeds": {str(seed): value for seed, value in self.others.items()},
        }


def find_source(name: str, seed: int | None = None) -> Source:
    """The allocator that a user named.

    Args:
        name: The folder of a run, a policy file, a rule, the folder or file of a search or of a tree.
        seed: Which training seed of a run; by default the best by its return on the selection episodes.

    Raises:
        UserError: If there is no such allocator, or more than one; files that cannot be used are named.
    """
    path = Path(name)
    is_run = path.is_dir() and not (path / SEARCHED_FILE).is_file() and any(path.glob(POLICY_PATTERN))
    if is_run:
        return _of_run(path, seed)
    if seed is not None:
        raise UserError(f"--seed is {seed}, but {name} is no folder of a run; leave it out")
    if path.suffix == POLICY_SUFFIX:
        return _of_policy(path, {})
    found = find_allocators([name])
    if len(found) > 1:
        names = ", ".join(a.name for a in found[:4])
        raise UserError(f"{name} stands for {len(found)} allocators ({names} ...); name one of them")
    files = files_of(name)
    if not files:
        return Source(found[0], Scenario.load(DEFAULT_SCENARIO), "noisy", found[0].name, None, {})
    scenario, observe = _home(files[0])
    return Source(found[0], scenario, observe, found[0].name, digest_of(name), {})


def _of_run(folder: Path, seed: int | None) -> Source:
    from juguo_agents.artifacts.policy import load_policy  # rules alone need no safetensors

    returns = {
        policy.seed: _selection_return(policy.metadata)
        for policy in (load_policy(path) for path in folder.glob(POLICY_PATTERN))
    }
    if seed is None:
        seed = max(returns, key=lambda s: (returns[s] if returns[s] is not None else float("-inf"), -s))
    elif seed not in returns:
        raise UserError(f"--seed is {seed}; {folder} has {', '.join(map(str, sorted(returns)))}")
    others = {other: returns[other] for other in sorted(returns) if other != seed}
    return _of_policy(policy_path(folder, seed), others)


def _of_policy(path: Path, others: dict[int, float | None]) -> Source:
    from juguo_agents.artifacts.policy import load_policy

    (allocator,) = find_allocators([str(path)])
    metadata = load_policy(path).metadata
    beside = path.parent / SCENARIO
    if beside.is_file():
        scenario = Scenario.load(str(beside))
    elif "scenario" in metadata:
        scenario = Scenario.parse(metadata["scenario"], str(path))
    else:
        raise UserError(f"{path}: tells no scenario; name one by --scenario")
    home = path.resolve().parent.name
    label = f"{home}-{path.stem.removeprefix('policy-')}"
    return Source(
        allocator, scenario, str(metadata.get("observe", "noisy")), label, digest_of(str(path)), others
    )


def _selection_return(metadata: dict[str, Any]) -> float | None:
    """What a policy earned on the selection episodes, where its file tells."""
    value = metadata.get("evaluation", {}).get("selection", {}).get("return")
    return float(value) if isinstance(value, int | float) else None


def _home(file: Path) -> tuple[Scenario, str]:
    stored = load_stored(file)
    return stored.scenario, str(stored.data.get("observe", "noisy"))
