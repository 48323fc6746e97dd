"""A tree that allocates: questions about features, and at each leaf an allocation. Needs numpy alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.base import Setting
from juguo_agents.artifacts.place_weights import LOCALS, Local, lean_shares, read_places
from juguo_agents.artifacts.tree_features import Feature, read_features
from juguo_envs.errors import UserError
from juguo_envs.model.state import N_FUNCTIONS
from juguo_envs.spaces.action import SHARES, Allocation, encode_allocation

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LEAF = -1
OPENNESS, ADVANCE, ABANDON = -3, -2, -1


class TreeMisfit(UserError):
    """A tree that does not fit a world; the message says why."""


@dataclass(frozen=True)
class Tree:
    """Nodes in the order of a walk from the root, yes before no; `Tree.leaves` are in that order, too.

    Attributes:
        features: What it looks at.
        feature: (nodes,) index of the feature a node asks about; `LEAF` for a leaf.
        threshold: (nodes,) a node sends to `yes` what is at most this.
        yes, no: (nodes,) the next node; `LEAF` for a leaf.
        wants: (nodes, 13 + R) what a leaf does: shares of nine functions and the reserve, which sum to 1,
            R community shares, which sum to 1, openness, and the shares of quarters in which the learner
            asked to advance and to give up there. The rows of questions are the means of all under them.
        cut: A leaf asks where the learner asked in at least this share of the quarters.
        quarters: (nodes,) quarters from which a node's row is the mean.
        leans: (nodes, L) by how much a place's share of the money rises per unit that it is above the
            society's mean in each of `locals`; its shares in `wants` are those without any difference.
        locals: What money leans by.
    """

    features: tuple[Feature, ...]
    feature: Ints
    threshold: Floats
    yes: Ints
    no: Ints
    wants: Floats
    cut: float
    quarters: Ints
    leans: Floats
    locals: tuple[Local, ...] = LOCALS

    @property
    def leaves(self) -> Ints:
        """Nodes that are leaves, first to last."""
        found: Ints = np.flatnonzero(self.feature == LEAF)
        return found

    @property
    def communities(self) -> int:
        """R, for which the tree was made."""
        return int(self.wants.shape[1]) - SHARES - 3

    def walk(self, node: int = 0, depth: int = 0) -> Iterator[tuple[int, int]]:
        """Every node under one, itself first, with its depth; yes before no."""
        yield node, depth
        if self.feature[node] != LEAF:
            yield from self.walk(int(self.yes[node]), depth + 1)
            yield from self.walk(int(self.no[node]), depth + 1)

    def leaf_of(self, values: npt.NDArray[np.float32]) -> Ints:
        """The leaf (n,) in which feature values (n, features) end."""
        node = np.zeros(len(values), np.int64)
        rows = np.arange(len(values))
        while True:
            asks = self.feature[node] != LEAF
            if not asks.any():
                return node
            here = node[asks]
            at_most = values[rows[asks], self.feature[here]] <= self.threshold[here]
            node[asks] = np.where(at_most, self.yes[here], self.no[here])

    def allocation(self, nodes: Ints, places: npt.NDArray[np.float32]) -> Allocation:
        """What is done at nodes (n,) where places differ so: (n, R, L), see `read_places`."""
        rows = self.wants[nodes].copy()
        rows[:, SHARES:OPENNESS] = lean_shares(rows[:, SHARES:OPENNESS], self.leans[nodes], places)
        return as_allocation(rows, self.cut)


def as_allocation(wants: Floats, cut: float = 0.5) -> Allocation:
    """Flat rows (..., 13 + R) by name."""
    return Allocation(
        functions=wants[..., :N_FUNCTIONS],
        reserve=wants[..., N_FUNCTIONS],
        communities=wants[..., SHARES:OPENNESS],
        openness=wants[..., OPENNESS],
        advance=wants[..., ADVANCE] >= cut,
        abandon=wants[..., ABANDON] >= cut,
    )


def as_row(allocation: Allocation) -> Floats:
    """The inverse: allocations as flat rows (..., 13 + R); what is asked for is 1."""
    last = (allocation.openness, allocation.advance, allocation.abandon)
    row: Floats = np.concatenate(
        [
            allocation.functions,
            allocation.reserve[..., None],
            allocation.communities,
            *(np.asarray(part, np.float64)[..., None] for part in last),
        ],
        axis=-1,
    )
    return row


class TreeAllocator:
    """Does what a tree says; remembers nothing."""

    def __init__(self, tree: Tree, name: str) -> None:
        """Take the tree under a name."""
        self.tree, self._name = tree, name

    @property
    def name(self) -> str:
        """Name in tables."""
        return self._name

    def start(self, setting: Setting, seeds: npt.NDArray[np.uint64]) -> None:
        """Begin episodes.

        Raises:
            TreeMisfit: If the world has another number of communities.
        """
        here = len(setting.population)
        if self.tree.communities != here:
            raise TreeMisfit(
                f"{self.name} divides money among {self.tree.communities} communities; this scenario has "
                f"{here}: evaluate it on its own scenario or one of as many communities"
            )
        self._setting = setting

    def act(self, observation: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Actions for a batch of observations."""
        tree, setting = self.tree, self._setting
        leaf = tree.leaf_of(read_features(setting, observation, tree.features))
        done = tree.allocation(leaf, read_places(setting, observation, tree.locals))
        return encode_allocation(
            done.functions,
            done.communities,
            reserve=done.reserve,
            openness=done.openness,
            advance=done.advance,
            abandon=done.abandon,
        )
