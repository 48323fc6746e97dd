"""The world that a trained, searched or distilled allocator was made for, as its file tells."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from juguo_agents.artifacts.load import FRONT_KIND, POLICY_SUFFIX, TREE_KIND, files_of, kind_told
from juguo_envs.errors import UserError
from juguo_envs.worlds.family import Family, names_family
from juguo_envs.worlds.scenario import Scenario

if TYPE_CHECKING:
    from juguo_agents.artifacts.front import StoredFront
    from juguo_agents.artifacts.searched import Found
    from juguo_agents.artifacts.tree_file import StoredTree

World = Scenario | Family


class NoCommonHome(UserError):
    """Allocators that were made for different worlds; the message names two of them."""


def common_home(names: Sequence[str]) -> World | None:
    """The one world for which everything behind some names was made; None where they are all rules.

    Args:
        names: As `find_allocators` takes them.

    Raises:
        NoCommonHome: If there is more than one world.
        UserError: If a file cannot be used.
    """
    homes = [(file, home) for name in names for file in files_of(name) if (home := home_of(file)) is not None]
    if not homes:
        return None
    first, world = homes[0]
    for file, other in homes[1:]:
        if _identity(other) != _identity(world):
            raise NoCommonHome(
                f"{first} was made for {_told(world)}, {file} for {_told(other)}: say by --scenario where to "
                "compare them"
            )
    return world


def home_of(file: Path) -> World | None:
    """The world of a policy, a search, a tree or a front; None for a policy whose file does not tell.

    Raises:
        UserError: If the file cannot be used.
    """
    if file.suffix == POLICY_SUFFIX:
        return _home_of_policy(file)
    stored = load_stored(file)
    return Family(stored.scenario) if stored.data.get("varies") else stored.scenario


def load_stored(file: Path) -> StoredTree | StoredFront | Found:
    """What the JSON file of a tree, a front or a search holds; each has its `scenario` and all its `data`.

    Raises:
        UserError: If the file cannot be used.
    """
    from juguo_agents.artifacts.front import load_front
    from juguo_agents.artifacts.searched import load_found
    from juguo_agents.artifacts.tree_file import load_tree

    kind = kind_told(file)
    return (
        load_tree(file) if kind == TREE_KIND else load_front(file) if kind == FRONT_KIND else load_found(file)
    )


def _home_of_policy(file: Path) -> World | None:
    from juguo_agents.artifacts.policy import load_policy

    metadata = load_policy(file).metadata
    if "scenario" not in metadata:
        return None
    scenario = Scenario.parse(metadata["scenario"], str(file))
    varies = names_family(metadata["training"].get("config", {}).get("scenario"))
    return Family(scenario) if varies else scenario


def _identity(world: World) -> tuple[bool, str]:
    return isinstance(world, Family), (world.base if isinstance(world, Family) else world).digest()


def _told(world: World) -> str:
    return f"a family around {world.base.name}" if isinstance(world, Family) else world.name
