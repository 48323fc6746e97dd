"""A tree to hand on: JSON that people can read, checked by name when it is loaded. No pickle in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from juguo_agents.allocators.base import Allocator
from juguo_agents.artifacts.base import JsonArtifact
from juguo_agents.artifacts.identity import (
    STUDY,
    Fingerprint,
    Record,
    check_record,
    check_scenario,
    read_record,
)
from juguo_agents.artifacts.place_weights import LOCAL_BY_NAME
from juguo_agents.artifacts.tree import LEAF, Tree, TreeAllocator
from juguo_agents.artifacts.tree_features import BY_NAME
from juguo_envs.errors import UserError
from juguo_envs.model.state import FUNCTIONS
from juguo_envs.names import Name
from juguo_envs.validation import Strict
from juguo_envs.worlds.scenario import Scenario

TREE_PATTERN = "tree*.json"
USES = (*FUNCTIONS, "reserve")
MOST_NODES = 4095
_TOLERANCE = 1e-6  # of sums of shares
_STEEPEST = 1e4  # lean that a file may hold
_REQUESTS = ("openness", "advance", "abandon")
_NAME = re.compile(r"tree\d+_of_.+")  # so it can stand for nothing else, such as a rule
_FILE = re.compile(r"tree\d+")


class TreeFileError(UserError):
    """A file of a tree that cannot be used; the message names the file and what is wrong."""


@dataclass(frozen=True)
class StoredTree(JsonArtifact):
    """A tree with everything that its file tells: `name`, `observe`, `source`, `fidelity` and others."""

    tree: Tree

    decisive = ("communities", "cut", "features", "locals", "nodes")

    def allocator(self, name: str | None = None) -> Allocator:
        """What does as the tree says."""
        return TreeAllocator(self.tree, name or self.name)


def tree_content(tree: Tree, scenario: Scenario) -> dict[str, Any]:
    """A tree and the world that it was distilled in, as JSON values.

    In the record of a tree there stand besides: `name`, `observe`, `source`, `fidelity` and how it was made.
    """
    return {
        "communities": tree.communities,
        "cut": tree.cut,
        "features": [
            {"name": feature.name, "words": feature.words, "unit": feature.unit} for feature in tree.features
        ],
        "locals": [local.name for local in tree.locals],
        "nodes": [_node(tree, node) for node in range(len(tree.feature))],
        "scenario_digest": scenario.digest(),
        "scenario": scenario.model_dump(mode="json"),
    }


def _node(tree: Tree, node: int) -> dict[str, Any]:
    row = tree.wants[node]
    told: dict[str, Any] = {"quarters": int(tree.quarters[node])}
    if tree.feature[node] != LEAF:
        told |= {
            "feature": tree.features[tree.feature[node]].name,
            "at_most": float(tree.threshold[node]),
            "yes": int(tree.yes[node]),
            "no": int(tree.no[node]),
        }
    shares = len(USES)
    return told | {
        "shares": dict(zip(USES, row[:shares].tolist(), strict=True)),
        "communities": row[shares : -len(_REQUESTS)].tolist(),
        **dict(zip(_REQUESTS, row[-len(_REQUESTS) :].tolist(), strict=True)),
        "leans": {local.name: float(x) for local, x in zip(tree.locals, tree.leans[node], strict=True)},
    }


def load_tree(path: Path) -> StoredTree:
    """Read and check a tree.

    Raises:
        TreeFileError: If the file is missing, is no tree, lies where another belongs, or anything in it
            cannot be; it is named.
    """
    data, record = read_record(path, TreeRecord)
    STUDY.check(path, record.of, TreeFileError)
    if _FILE.fullmatch(path.stem) and not record.name.startswith(f"{path.stem}_of_"):
        raise TreeFileError(
            f"{path}: holds {record.name}; it was copied or renamed: give it back its name, or one that does "
            "not begin with tree"
        )
    return _stored(data, record, path)


def read_tree(data: dict[str, Any], path: Path) -> StoredTree:
    """Check the content of a file; see `load_tree`."""
    return _stored(data, check_record(data, TreeRecord, str(path)), path)


def _stored(data: dict[str, Any], record: TreeRecord, path: Path) -> StoredTree:
    scenario = check_scenario(record.scenario, record.scenario_digest, str(path), TreeFileError)
    try:
        return StoredTree(scenario, data, _tree(record))
    except ValueError as error:
        raise TreeFileError(f"{path}: {error}") from None


Share = Annotated[float, Field(ge=0.0, le=1.0)]
Whole = Annotated[int, Field(ge=0, lt=2**53)]


class _Feature(Strict):
    name: str
    words: str
    unit: str


class _Node(Strict):
    feature: str | None = None
    at_most: float = 0.0
    yes: Whole = 0
    no: Whole = 0
    quarters: Whole
    shares: dict[str, Share]
    communities: list[Share]
    openness: Share
    advance: Share
    abandon: Share
    leans: dict[str, Annotated[float, Field(ge=-_STEEPEST, le=_STEEPEST)]]

    @model_validator(mode="after")
    def _asks_whole(self) -> Self:
        lacking = {"at_most", "yes", "no"} - self.model_fields_set
        if self.feature is not None and lacking:
            raise ValueError(f"{min(lacking)!r} is missing")
        return self


class TreeRecord(Record):
    """What a tree's file holds."""

    KIND: ClassVar[str] = "juguo_tree"
    FORMAT: ClassVar[int] = 3
    WHAT: ClassVar[str] = "a tree"
    FAULT: ClassVar[type[UserError]] = TreeFileError

    name: Name
    observe: Literal["noisy", "true"]
    source: dict[str, Any]
    fidelity: dict[str, Any]
    measured: dict[str, Any] = Field(default_factory=dict)
    distilled: dict[str, Any] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    communities: Annotated[int, Field(ge=1, le=1000)]
    cut: Share
    features: list[_Feature]
    locals: list[str]
    nodes: Annotated[list[_Node], Field(min_length=1, max_length=MOST_NODES)]
    scenario_digest: Fingerprint
    scenario: dict[str, Any]

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"name is {self.name!r}; a tree is named tree<n>_of_<what it explains>")
        return self


def _tree(file: TreeRecord) -> Tree:
    """The tree in a file.

    Raises:
        ValueError: If its parts do not belong together; they are named.
    """
    names, count = [feature.name for feature in file.features], len(file.nodes)
    _known("features", names, BY_NAME)
    _known("locals", file.locals, LOCAL_BY_NAME)
    for i, node in enumerate(file.nodes):
        at = f"nodes.{i}."
        if node.feature is not None:
            if node.feature not in names:
                raise ValueError(f"{at}feature is {node.feature!r}, which is not among features")
            for which, child in (("yes", node.yes), ("no", node.no)):
                if not i < child < count:
                    raise ValueError(f"{at}{which} is {child}; allowed is {i + 1} to {count - 1}")
        _same_names(f"{at}shares", node.shares, USES)
        _same_names(f"{at}leans", node.leans, file.locals)
        if len(node.communities) != file.communities:
            raise ValueError(
                f"{at}communities has {len(node.communities)} entries; allowed is {file.communities}"
            )
        for field, part in (("shares", node.shares.values()), ("communities", node.communities)):
            if abs(sum(part) - 1.0) > _TOLERANCE:
                raise ValueError(f"{at}{field} sum to {sum(part):g}; they must sum to 1")
    asking = [node for node in file.nodes if node.feature is not None]
    if sorted(child for node in asking for child in (node.yes, node.no)) != list(range(1, count)):
        raise ValueError("nodes: each but the first must follow exactly one other by yes or no")
    wants = [
        [*(n.shares[use] for use in USES), *n.communities, n.openness, n.advance, n.abandon]
        for n in file.nodes
    ]
    leans = [[node.leans[name] for name in file.locals] for node in file.nodes]
    leaf = [node.feature is None for node in file.nodes]
    return Tree(
        features=tuple(BY_NAME[name] for name in names),
        feature=np.array(
            [LEAF if n.feature is None else names.index(n.feature) for n in file.nodes], np.int64
        ),
        threshold=np.array([node.at_most for node in file.nodes], np.float64),
        yes=np.where(leaf, LEAF, [node.yes for node in file.nodes]),
        no=np.where(leaf, LEAF, [node.no for node in file.nodes]),
        wants=np.array(wants, np.float64),
        cut=file.cut,
        quarters=np.array([node.quarters for node in file.nodes], np.int64),
        leans=np.array(leans, np.float64).reshape(count, len(file.locals)),
        locals=tuple(LOCAL_BY_NAME[name] for name in file.locals),
    )


def _known(field: str, names: Sequence[str], known: Collection[str]) -> None:
    for i, name in enumerate(names):
        if name not in known or name in names[:i]:
            raise ValueError(f"{field}.{i} is {name!r}; allowed are {', '.join(known)}, each once at most")


def _same_names(field: str, names: Collection[str], wanted: Collection[str]) -> None:
    for odd in sorted(set(names) ^ set(wanted)):
        raise ValueError(f"{field}: {odd!r} is {'unknown' if odd in names else 'missing'}")
