"""Allocators by what a user names: a rule, the folder of a trained run, or a policy file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from juguo_agents.allocators.base import Allocator
from juguo_agents.allocators.registry import UnknownAllocator, all_rule_names, make_rule

if TYPE_CHECKING:
    from juguo_agents.policy_file import Policy

ALL = "all"
POLICY_PATTERN = "policy-seed*.safetensors"


def find_allocators(names: Sequence[str]) -> list[Allocator]:
    """The allocators behind names.

    Args:
        names: Each the name of a rule, `all` for every rule, the folder of a trained run, or a policy file.

    Raises:
        UnknownAllocator: If a name is none of these.
        PolicyFileError: If a policy file cannot be used.
    """
    rules: list[Allocator] = []
    files: list[Path] = []
    for name in names:
        path = Path(name)
        if name == ALL:
            rules += [make_rule(rule) for rule in all_rule_names()]
        elif path.is_dir():
            found = sorted(path.glob(POLICY_PATTERN), key=lambda p: (len(p.name), p.name))
            if not found:
                raise UnknownAllocator(
                    f"{name}: a folder without {POLICY_PATTERN}; no training finished there"
                )
            files += found
        elif path.suffix == ".safetensors":
            files.append(path)
        else:
            rules.append(make_rule(name))
    return [*rules, *load_learned(files)]


def load_learned(files: Sequence[Path]) -> list[Allocator]:
    """Trained allocators, named `learned_seed<k>`, or with their folder's name where two would share one.

    Raises:
        PolicyFileError: If a file cannot be used.
    """
    if not files:
        return []
    from juguo_agents.allocators.learned import Learned  # rules alone need no safetensors
    from juguo_agents.policy_file import load_policy

    policies = [load_policy(path) for path in files]
    seeds = [policy.seed for policy in policies]
    alone = len(set(seeds)) == len(seeds)

    def name(path: Path, policy: Policy) -> str:
        return f"learned_seed{policy.seed}" if alone else f"learned_{path.parent.name}_seed{policy.seed}"

    return [Learned(policy, name(path, policy)) for path, policy in zip(files, policies, strict=True)]
