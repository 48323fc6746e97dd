"""A tree to hand on: JSON that people can read, checked by name when it is loaded. No pickle in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from juguo_agents.allocators.base import Allocator
from juguo_agents.artifacts.base import JsonArtifact, read_json, read_scenario
from juguo_agents.artifacts.place_weights import LOCAL_BY_NAME
from juguo_agents.artifacts.tree import LEAF, Tree, TreeAllocator
from juguo_agents.artifacts.tree_features import BY_NAME
from juguo_envs.errors import UserError
from juguo_envs.model.state import FUNCTIONS
from juguo_envs.worlds.scenario import Scenario

KIND, FORMAT = "juguo_tree", 2
TREE_PATTERN = "tree*.json"
USES = (*FUNCTIONS, "reserve")
MOST_NODES = 4095
_TOLERANCE = 1e-6  # of sums of shares
_STEEPEST = 1e4  # lean that a file may hold
_KINDS: dict[type, str] = {dict: "an object", list: "a list", str: "a text"}
_REQUESTS = ("openness", "advance", "abandon")


class TreeFileError(UserError):
    """A file of a tree that cannot be used; the message names the file and what is wrong."""


@dataclass(frozen=True)
class StoredTree(JsonArtifact):
    """A tree with everything that its file tells: `name`, `observe`, `source`, `fidelity` and others."""

    tree: Tree

    def allocator(self, name: str | None = None) -> Allocator:
        """What does as the tree says."""
        return TreeAllocator(self.tree, name or self.name)


def tree_content(tree: Tree, scenario: Scenario) -> dict[str, Any]:
    """A tree and the world that it was distilled in, as JSON values."""
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


def tree_data(about: Mapping[str, Any], content: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a tree's file.

    Args:
        about: What is to be told of it; `name`, `observe`, `source` and `fidelity` must be among it.
        content: Of `tree_content`.
    """
    return {"kind": KIND, "format": FORMAT, **about, **content}


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
        TreeFileError: If the file is missing, is no tree, or anything in it cannot be; it is named.
    """
    return read_tree(read_json(path, KIND, FORMAT, "a tree", TreeFileError), path)


def read_tree(data: dict[str, Any], path: Path) -> StoredTree:
    """Check the content of a file; see `load_tree`."""
    scenario = read_scenario(data, path, TreeFileError)
    try:
        return StoredTree(scenario, data, _tree(data))
    except _Fault as error:
        raise TreeFileError(f"{path}: {error}") from None


class _Fault(ValueError):
    """What is wrong with a file, by name."""


def _tree(data: dict[str, Any]) -> Tree:
    _of(data, "observe", str, "")
    if not _of(data, "name", str, ""):
        raise _Fault("name is ''; allowed is any other text")
    for field in ("source", "fidelity"):
        _of(data, field, dict, "")
    communities, cut = _whole(data, "communities", "", 1, 1000), _number(data, "cut", "", 0.0, 1.0)
    features = []
    for i, told in enumerate(_of(data, "features", list, "")):
        known = _of(_as(told, dict, f"features[{i}]"), "name", str, f"features[{i}].")
        if known not in BY_NAME:
            raise _Fault(
                f"features[{i}].name is {known!r}, which this version does not know; distil the tree anew"
            )
        features.append(BY_NAME[known])
    index = {feature.name: i for i, feature in enumerate(features)}
    locals_ = _locals(data)
    nodes = _of(data, "nodes", list, "")
    if not 1 <= len(nodes) <= MOST_NODES:
        raise _Fault(f"nodes has {len(nodes)} entries; allowed are 1 to {MOST_NODES}")
    rows = [
        _read_node(_as(told, dict, f"nodes[{i}]"), i, len(nodes), index, communities, locals_)
        for i, told in enumerate(nodes)
    ]
    feature, threshold, yes, no, quarters, wants, leans = (list(part) for part in zip(*rows, strict=True))
    reached = sorted(child for pair in (yes, no) for child in pair if child != LEAF)
    if reached != list(range(1, len(nodes))):
        raise _Fault("nodes: each but the first must follow exactly one other by yes or no")
    return Tree(
        features=tuple(features),
        feature=np.array(feature, np.int64),
        threshold=np.array(threshold, np.float64),
        yes=np.array(yes, np.int64),
        no=np.array(no, np.int64),
        wants=np.array(wants, np.float64),
        cut=cut,
        quarters=np.array(quarters, np.int64),
        leans=np.array(leans, np.float64).reshape(len(nodes), len(locals_)),
        locals=tuple(LOCAL_BY_NAME[name] for name in locals_),
    )


def _locals(data: dict[str, Any]) -> tuple[str, ...]:
    """What money leans by, by name."""
    names = _of(data, "locals", list, "")
    for i, name in enumerate(names):
        if name not in LOCAL_BY_NAME or name in names[:i]:
            raise _Fault(
                f"locals[{i}] is {_shown(name)}; allowed are {', '.join(LOCAL_BY_NAME)}, each once at most"
            )
    return tuple(names)


def _read_node(
    told: dict[str, Any],
    i: int,
    nodes: int,
    features: Mapping[str, int],
    communities: int,
    locals_: Sequence[str],
) -> tuple[int, float, int, int, int, list[float], list[float]]:
    """Feature, threshold, yes, no, quarters, the row of an allocation, and leans."""
    at = f"nodes[{i}]."
    feature, threshold, yes, no = LEAF, 0.0, LEAF, LEAF
    if "feature" in told:
        name = _of(told, "feature", str, at)
        if name not in features:
            raise _Fault(f"{at}feature is {name!r}, which is not among features")
        feature, threshold = features[name], _number(told, "at_most", at, -1e12, 1e12)
        yes, no = (_whole(told, which, at, i + 1, nodes - 1) for which in ("yes", "no"))
    shares = _of(told, "shares", dict, at)
    if set(shares) != set(USES):
        odd = sorted(set(shares) ^ set(USES))[0]
        raise _Fault(f"{at}shares: {odd!r} is {'unknown' if odd in shares else 'missing'}")
    uses = [_number(shares, use, f"{at}shares.", 0.0, 1.0) for use in USES]
    places = _of(told, "communities", list, at)
    if len(places) != communities:
        raise _Fault(f"{at}communities has {len(places)} entries; communities is {communities}")
    where = [
        _number({str(c): share}, str(c), f"{at}communities.", 0.0, 1.0) for c, share in enumerate(places)
    ]
    for field, part in (("shares", uses), ("communities", where)):
        if abs(sum(part) - 1.0) > _TOLERANCE:
            raise _Fault(f"{at}{field} sum to {sum(part):g}; they must sum to 1")
    requests = [_number(told, request, at, 0.0, 1.0) for request in _REQUESTS]
    quarters = _whole(told, "quarters", at, 0, 2**53)
    told_leans = _of(told, "leans", dict, at)
    if set(told_leans) != set(locals_):
        odd = sorted(set(told_leans) ^ set(locals_))[0]
        raise _Fault(f"{at}leans: {odd!r} is {'unknown' if odd in told_leans else 'missing'}")
    leans = [_number(told_leans, name, f"{at}leans.", -_STEEPEST, _STEEPEST) for name in locals_]
    return feature, threshold, yes, no, quarters, [*uses, *where, *requests], leans


def _as(value: Any, kind: type, name: str) -> Any:
    if not isinstance(value, kind):
        words = _KINDS[kind]
        raise _Fault(f"{name} is {_shown(value)}; expected {words}")
    return value


def _of(data: Mapping[str, Any], field: str, kind: type, at: str) -> Any:
    if field not in data:
        raise _Fault(f"{at + field!r} is missing")
    return _as(data[field], kind, at + field)


def _number(data: Mapping[str, Any], field: str, at: str, low: float, high: float) -> float:
    if field not in data:
        raise _Fault(f"{at + field!r} is missing")
    value = data[field]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise _Fault(f"{at}{field} is {_shown(value)}; allowed is {low:g} to {high:g}")
    return float(value)


def _whole(data: Mapping[str, Any], field: str, at: str, low: int, high: int) -> int:
    if field not in data:
        raise _Fault(f"{at + field!r} is missing")
    value = data[field]
    if type(value) is not int or not low <= value <= high:
        raise _Fault(f"{at}{field} is {_shown(value)}; allowed are whole numbers from {low} to {high}")
    return int(value)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
