"""Allocators by what a user names: a rule, a class of a Python file, or the file or folder of a policy, a
search, a tree, a front or a play.

A kind of artifact is a line in `KINDS`.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from juguo_agents.allocators.base import Allocator
from juguo_agents.allocators.registry import (
    NamedTwice,
    UnknownAllocator,
    all_rule_names,
    make_rule,
    refuse_twice,
    variant_of,
)
from juguo_agents.artifacts.base import Artifact, World
from juguo_agents.artifacts.front import FRONT_PATTERN, FrontRecord, load_front
from juguo_agents.artifacts.identity import kind_of
from juguo_agents.artifacts.own import is_own, load_own, own_digest
from juguo_agents.artifacts.panel import load_panel, panel_files
from juguo_agents.artifacts.play_file import PLAY_PATTERN, PlayRecord, load_play
from juguo_agents.artifacts.policy_file import POLICY_PATTERN, load_policy
from juguo_agents.artifacts.sb3_model import is_model, load_model, model_digest
from juguo_agents.artifacts.searched import PARTS, RESULT_FILE, SearchRecord, load_result
from juguo_agents.artifacts.tree_file import TREE_PATTERN, TreeRecord, load_tree
from juguo_agents.artifacts.zoo import PREFIX, is_of_zoo, zoo_file
from juguo_agents.provenance import MODEL
from juguo_envs.errors import UserError
from juguo_envs.worlds.family import Family, load_world

ALL = "all"


@dataclass(frozen=True)
class Kind:
    """A kind of artifact.

    Attributes:
        word: What its JSON file says that it is; none for a file of another suffix, or a folder of files.
        patterns: Of its files in a folder; the first that fits one counts.
        load: Reads and checks a file.
        all_or_none: Whether all allocators of a comparison get their folder's name where two would share one.
    """

    word: str | None
    patterns: tuple[str, ...]
    load: Callable[[Path], Artifact]
    all_or_none: bool = False

    def files_in(self, folder: Path) -> list[Path]:
        """Its files in a folder, those with smaller numbers first."""
        for pattern in self.patterns:
            if found := sorted(folder.glob(pattern), key=lambda p: (len(p.as_posix()), p.as_posix())):
                return found
        return []

    def allocators(self, files: Sequence[Path]) -> list[Allocator]:
        """The allocators of files, with their folder's name where two would share one.

        Raises:
            UserError: If a file cannot be used.
        """
        loaded = [self.load(file) for file in files]
        _refuse_copies(files, loaded)
        names = [
            f"learned_zoo_{file.stem}" if is_of_zoo(file) else artifact.name
            for file, artifact in zip(files, loaded, strict=True)
        ]
        shared = {name for name in names if names.count(name) > 1}
        if shared and self.all_or_none:
            shared = set(names)
        folders = [file.resolve().parent for file in files]
        told = folder_names({f for f, name in zip(folders, names, strict=True) if name in shared})
        return [
            artifact.allocator(artifact.name_in(told[folder]) if name in shared else name)
            for artifact, name, folder in zip(loaded, names, folders, strict=True)
        ]


def folder_names(folders: Collection[Path]) -> dict[Path, str]:
    """Names that tell folders apart: the last part of each path, and as many before it as that takes."""
    names = {}
    for folder in folders:
        parts = folder.relative_to(folder.anchor).parts
        others = [other.relative_to(other.anchor).parts for other in folders if other != folder]
        count = next(n for n in itertools.count(1) if all(other[-n:] != parts[-n:] for other in others))
        names[folder] = "_".join(parts[-count:])
    return names


SEARCHED = Kind(SearchRecord.KIND, (RESULT_FILE,), load_result)
TREE = Kind(TreeRecord.KIND, (TREE_PATTERN,), load_tree)
FRONT = Kind(FrontRecord.KIND, (FRONT_PATTERN,), load_front)
PLAY = Kind(PlayRecord.KIND, (PLAY_PATTERN,), load_play)
POLICY = Kind(None, (POLICY_PATTERN,), load_policy, all_or_none=True)
PANEL = Kind(None, (PARTS,), load_panel)
KINDS = (SEARCHED, TREE, FRONT, PLAY, POLICY, PANEL)
"""In this order allocators are listed, and looked for in a folder."""
_SUFFIXES = (".json", POLICY_SUFFIX := Path(POLICY_PATTERN).suffix)


class DifferentWorlds(UserError):
    """Allocators that were made for different worlds; the message names two of them."""


def find_allocators(names: Sequence[str]) -> list[Allocator]:
    """The allocators behind names.

    Args:
        names: Each the name of a rule, `all` for every rule, `FILE.py:CLASS` or `MODULE:CLASS` for one's own,
            `FILE.zip:ALGORITHM` for a model of stable-baselines3, the folder of a trained run, of a search or
            of an explanation (which holds trees), of a comparison of fronts or of plays, a policy file, the
            `.json` file of a search, of a tree, of a front or of a play, or `zoo:NAME`.

    Raises:
        UnknownAllocator: If a name is none of these.
        NamedTwice: If two of them are one and the same, or would have one name.
        UserError: If a file cannot be used; it is named.
    """
    rules: list[str] = []
    own: list[Allocator] = []
    files: list[Path] = []
    for name in names:
        if name == ALL:
            rules += all_rule_names()
        elif is_own(name):
            own.append(load_own(name))
        elif is_model(name):
            own.append(load_model(name))
        elif found := files_of(name):
            files += found
        else:
            rules.append(name)
    refuse_twice(rules)
    kinds = [kind_of_file(file) for file in files]
    stored = [
        kind.allocators([file for file, its in zip(files, kinds, strict=True) if its is kind])
        for kind in KINDS
    ]
    everyone: list[Allocator] = [*map(make_rule, rules), *own, *itertools.chain(*stored)]
    called = [allocator.name for allocator in everyone]
    for name in called:
        if called.count(name) > 1:
            raise NamedTwice(f"two allocators are called {name!r}; rename one, or its folder")
    return everyone


def named_one_by_one(names: Sequence[str], allocators: Sequence[Allocator]) -> list[str]:
    """What those of the allocators behind some names are called that `all` did not bring, nor a training."""
    return [
        allocator.name
        for allocator in allocators
        if (allocator.name in names or variant_of(allocator.name) is None)
        and not allocator.name.startswith("learned")
    ]


def in_tables(name: str) -> str:
    """An allocator's name in tables, of one that may be code, which is called otherwise than it is named.

    Raises:
        UserError: If that is no allocator.
    """
    return find_allocator(name, "allocator").name if is_own(name) or is_model(name) else name


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


def files_of(name: str) -> list[Path]:
    """The files that hold what a name stands for; none where it can only be a rule's.

    Raises:
        UnknownAllocator: If it is a folder that holds no allocator, or no policy of the zoo.
    """
    if name.startswith(PREFIX):
        return [zoo_file(name)]
    path = Path(name)
    if path.suffix in _SUFFIXES:
        return [path]
    if not path.is_dir():
        return []
    for kind in KINDS:
        if found := kind.files_in(path):
            return found
    *patterns, last = (kind.patterns[0] for kind in KINDS)
    raise UnknownAllocator(
        f"{name}: a folder without {', '.join(patterns)} or {last}; no training finished there, no search, "
        "no explanation and no play"
    )


def kind_of_file(file: Path) -> Kind:
    """The kind of a file. What says nothing that is known is taken for a search, which then refuses it."""
    if file.suffix == POLICY_SUFFIX:
        return POLICY
    if file.name == PARTS:
        return PANEL
    word = kind_of(file)
    return next((kind for kind in KINDS if kind.word is not None and kind.word == word), SEARCHED)


def load_artifact(file: Path) -> Artifact:
    """What a file holds.

    Raises:
        UserError: If it cannot be used.
    """
    return kind_of_file(file).load(file)


def _refuse_copies(files: Sequence[Path], loaded: Sequence[Artifact]) -> None:
    """Refuse files that hold the same: one would count as two.

    Raises:
        NamedTwice: Naming two of them.
    """
    seen: dict[str, Path] = {}
    for file, artifact in zip(files, loaded, strict=True):
        other = seen.setdefault(artifact.acts_by, file)
        if other is not file:
            raise NamedTwice(f"{other} and {file} hold the same allocator; name one of them")


def digest_of(name: str) -> str | None:
    """SHA-256 of what is behind a name, of files in their order; None where there are none, as for a rule."""
    if is_own(name):
        return own_digest(name)
    if is_model(name):
        return model_digest(name)
    found = files_of(name)
    files = [f for path in found for f in (panel_files(path) if path.is_dir() else [path]) if f.is_file()]
    if not files:
        return None
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def of_other_models(names: Sequence[str]) -> list[Path]:
    """Those of the files behind some names that were made with another model than this.

    Args:
        names: As `find_allocators` takes them.

    Raises:
        UserError: If a file cannot be used.
    """
    return [file for name in names for file in files_of(name) if load_artifact(file).model != MODEL]


def common_world(names: Sequence[str]) -> World | None:
    """The one world for which everything behind some names was made; None where they are all rules.

    Args:
        names: As `find_allocators` takes them.

    Raises:
        DifferentWorlds: If there is more than one world.
        UserError: If a file cannot be used.
    """
    worlds = {file: load_artifact(file).world for name in names for file in files_of(name)}
    if not worlds:
        return None
    (first, world), *others = worlds.items()
    for file, other in others:
        if _identity(other) != _identity(world):
            raise DifferentWorlds(
                f"{first} was made for {_in_words(world)}, {file} for {_in_words(other)}: say by --scenario "
                "where to compare them"
            )
    return world


def world_for(names: Sequence[str], scenario: str | None) -> World:
    """Where allocators act: in the scenario or family of a name, or in the world that they were made for.

    Args:
        names: As `find_allocators` takes them.
        scenario: The name; without one, and for rules alone, it is `default`.

    Raises:
        UserError: If there is none of that name; and as `common_world` does.
    """
    return (None if scenario else common_world(names)) or load_world(scenario or "default")


def _identity(world: World) -> tuple[object, ...]:
    if isinstance(world, Family):
        return True, world.base.digest(), world.ranges
    return False, world.digest(), ()


def _in_words(world: World) -> str:
    if not isinstance(world, Family):
        return world.name
    part = "".join(f", {name} {low:.3g} to {high:.3g}" for name, low, high in world.ranges)
    return f"a family around {world.base.name}{part}"
