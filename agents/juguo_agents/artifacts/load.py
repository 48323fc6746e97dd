"""Allocators by what a user names: a rule, the folder or file of a trained run, of a search or of trees."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from juguo_agents.allocators.base import Allocator
from juguo_agents.allocators.registry import UnknownAllocator, all_rule_names, make_rule
from juguo_envs.errors import UserError

if TYPE_CHECKING:
    from juguo_agents.artifacts.policy import Policy

ALL = "all"
POLICY_SUFFIX = ".safetensors"
POLICY_PATTERN = f"policy-seed*{POLICY_SUFFIX}"
SEARCHED_FILE = "searched.json"
TREE_PATTERN = "tree*.json"
FRONT_PATTERN = "front-seed*.json"
PANEL_PATTERN = f"searches/world-*/{SEARCHED_FILE}"
"""Experts, each of a world of its own; see `juguo_agents.studies.experts`."""
TREE_KIND, FRONT_KIND = "juguo_tree", "juguo_front"
"""What files of trees and of fronts say that they are."""


def find_allocators(names: Sequence[str]) -> list[Allocator]:
    """The allocators behind names.

    Args:
        names: Each the name of a rule, `all` for every rule, the folder of a trained run, of a search or of
            an explanation (which holds trees) or of a comparison of fronts, a policy file, or the `.json`
            file of a search, of a tree or of a front.

    Raises:
        UnknownAllocator: If a name is none of these.
        PolicyFileError: If a policy file cannot be used.
        SearchedFileError: If the file of a search cannot be used.
        TreeFileError: If the file of a tree cannot be used.
        FrontFileError: If the file of a front cannot be used.
    """
    rules: list[Allocator] = []
    files: list[Path] = []
    for name in names:
        if name == ALL:
            rules += [make_rule(rule) for rule in all_rule_names()]
            continue
        found = files_of(name)
        files += found
        if not found:
            rules.append(make_rule(name))
    policies = [path for path in files if path.suffix == POLICY_SUFFIX]
    told = [(path, kind_told(path)) for path in files if path.suffix != POLICY_SUFFIX]
    trees, fronts = ([path for path, kind in told if kind == k] for k in (TREE_KIND, FRONT_KIND))
    searched = [path for path, kind in told if kind not in (TREE_KIND, FRONT_KIND)]
    return [
        *rules,
        *_load_searched(searched),
        *_load_trees(trees),
        *_load_fronts(fronts),
        *load_learned(policies),
    ]


def files_of(name: str) -> list[Path]:
    """The files that hold what a name stands for; none where it can only be a rule's.

    Raises:
        UnknownAllocator: If it is a folder that holds no allocator.
    """
    path = Path(name)
    if path.suffix in (".json", POLICY_SUFFIX):
        return [path]
    if not path.is_dir():
        return []
    if (path / SEARCHED_FILE).is_file():
        return [path / SEARCHED_FILE]
    for pattern in (POLICY_PATTERN, TREE_PATTERN, FRONT_PATTERN, PANEL_PATTERN):
        if found := _in_order(path, pattern):
            return found
    raise UnknownAllocator(
        f"{name}: a folder without {POLICY_PATTERN}, {SEARCHED_FILE}, {TREE_PATTERN} or {FRONT_PATTERN}; "
        "no training finished there, no search and no explanation"
    )


def read_told(
    file: Path, kind: str, formats: Sequence[int], what: str, fault: type[UserError]
) -> dict[str, Any]:
    """The content of a JSON file that says that it is of a kind, in a format that is read.

    Raises:
        UserError: As `fault`, with the file's name, if it cannot be read, is of another kind or format.
    """
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise fault(f"{file}: cannot be read ({error})") from None
    except (ValueError, RecursionError) as error:
        raise fault(f"{file}: no JSON ({error})") from None
    if not isinstance(data, dict) or data.get("kind") != kind:
        raise fault(f"{file}: not {what} (kind is not {kind!r})")
    if data.get("format") not in formats:
        readable = " and ".join(map(str, formats))
        raise fault(f"{file}: format is {data.get('format')!r}; this version reads {readable}")
    return data


def kind_told(file: Path) -> str | None:
    """What a JSON file says that it is; None where it cannot be read or does not say."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    kind = data.get("kind") if isinstance(data, dict) else None
    return kind if isinstance(kind, str) else None


def find_allocator(name: str, field: str) -> Allocator:
    """The one allocator behind a name that stands in a field.

    Raises:
        UnknownAllocator: If there is none, or more than one; see also `find_allocators`.
    """
    try:
        found = find_allocators([name])
    except UnknownAllocator as error:
        raise UnknownAllocator(f"{field}: {error}") from None
    if len(found) != 1:
        raise UnknownAllocator(f"{field} is {name!r}, which stands for {len(found)} allocators; name one")
    return found[0]


def digest_of(name: str) -> str | None:
    """SHA-256 of the files behind a name, in their order; None where there are none, as for a rule."""
    files = [path for path in files_of(name) if path.is_file()]
    if not files:
        return None
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _in_order(folder: Path, pattern: str) -> list[Path]:
    """Files of a folder, those with smaller numbers first."""
    return sorted(folder.glob(pattern), key=lambda p: (len(p.as_posix()), p.as_posix()))


def _load_trees(files: Sequence[Path]) -> list[Allocator]:
    if not files:
        return []
    from juguo_agents.artifacts.tree_file import load_trees

    return load_trees(files)


def _load_fronts(files: Sequence[Path]) -> list[Allocator]:
    if not files:
        return []
    from juguo_agents.artifacts.front import load_fronts

    return load_fronts(files)


def _load_searched(files: Sequence[Path]) -> list[Allocator]:
    if not files:
        return []
    from juguo_agents.artifacts.searched import load_searched  # rules alone need no search

    return load_searched(files)


def load_learned(files: Sequence[Path]) -> list[Allocator]:
    """Trained allocators, named `learned_seed<k>`, or with their folder's name where two would share one.

    Raises:
        PolicyFileError: If a file cannot be used.
    """
    if not files:
        return []
    from juguo_agents.artifacts.learned import Learned  # rules alone need no safetensors
    from juguo_agents.artifacts.policy import load_policy

    policies = [load_policy(path) for path in files]
    seeds = [policy.seed for policy in policies]
    alone = len(set(seeds)) == len(seeds)

    def name(path: Path, policy: Policy) -> str:
        return f"learned_seed{policy.seed}" if alone else f"learned_{path.parent.name}_seed{policy.seed}"

    return [Learned(policy, name(path, policy)) for path, policy in zip(files, policies, strict=True)]
