"""What is to be explained: an allocator by what a user names, with the world it was made for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from juguo_agents.allocators import Allocator
from juguo_agents.artifacts.load import POLICY_SUFFIX, digest_of, files_of, find_allocators, load_artifact
from juguo_agents.artifacts.policy import load_policy
from juguo_agents.studies.measurement import Named, named
from juguo_agents.training.run import policy_path
from juguo_envs.errors import UserError
from juguo_envs.worlds.scenario import Scenario


@dataclass(frozen=True)
class Source:
    """An allocator, its own world, and where it comes from.

    Attributes:
        allocator: What is explained.
        named: The same by its file, for points of a study.
        scenario: The world it was made for; `default` for a rule.
        observe: With noise on what is seen ("noisy"), or without ("true").
        label: A name for folders.
        digest: SHA-256 of its file; None for a rule.
        others: Training seeds of the same run that are not explained, each with its selection return.
    """

    allocator: Allocator
    named: Named
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
    path, files = Path(name), files_of(name)
    policies = [file for file in files if file.suffix == POLICY_SUFFIX]
    if policies and path.is_dir():
        return _of_run(path, policies, seed)
    if seed is not None:
        raise UserError(f"seed is {seed}, but {name} is no folder of a run; leave it out")
    if policies:
        return _of_policy(path, {})
    found = find_allocators([name])
    if len(found) > 1:
        names = ", ".join(a.name for a in found[:4])
        raise UserError(f"{name} stands for {len(found)} allocators ({names} ...); name one of them")
    if not files:
        world = Scenario.load("default")
        return Source(found[0], named(name), world, "noisy", found[0].name, None, {})
    stored = load_artifact(files[0])
    world = stored.world if isinstance(stored.world, Scenario) else stored.world.base
    return Source(found[0], named(name), world, stored.observe, found[0].name, digest_of(name), {})


def _of_run(folder: Path, files: list[Path], seed: int | None) -> Source:
    returns = {policy.seed: _selection_return(policy.metadata) for policy in map(load_policy, files)}
    if seed is None:
        seed = max(returns, key=lambda s: (returns[s] if returns[s] is not None else float("-inf"), -s))
    elif seed not in returns:
        raise UserError(f"seed is {seed}; {folder} has {', '.join(map(str, sorted(returns)))}")
    others = {other: returns[other] for other in sorted(returns) if other != seed}
    return _of_policy(policy_path(folder, seed), others)


def _of_policy(path: Path, others: dict[int, float | None]) -> Source:
    policy = load_policy(path)
    scenario = policy.world if isinstance(policy.world, Scenario) else policy.world.base
    label = f"{path.resolve().parent.name}-{path.stem.removeprefix('policy-')}"
    digest = digest_of(str(path))
    return Source(policy.allocator(), named(str(path)), scenario, policy.observe, label, digest, others)


def _selection_return(metadata: dict[str, Any]) -> float | None:
    """What a policy earned on the selection episodes, where its file tells."""
    value = metadata.get("evaluation", {}).get("selection", {}).get("return")
    return float(value) if isinstance(value, int | float) else None
