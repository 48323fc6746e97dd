"""What entries are read against: returns of rules, of the best closed loop and of the oracle, measured once.

`references.json` holds them episode by episode, with the digest of each world. So an entry runs alone, and
its differences are paired all the same. `tools/references.py` makes the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from juguo_agents.allocators import Allocator, make_rule
from juguo_agents.allocators.parametric import policy_classes
from juguo_agents.array_types import Floats
from juguo_agents.artifacts.identity import (
    CHECKSUM,
    Count,
    Fingerprint,
    Record,
    read_record,
    record_of,
    text_of,
)
from juguo_agents.artifacts.searched import SearchResult
from juguo_agents.benchmark.protocol import (
    CLOSED_LOOP,
    EPISODES,
    NAME,
    NOTHING,
    OBSERVE,
    ORACLE,
    VERSION,
    WORLDS,
    baselines,
    digest_of,
    seeds_of,
    world_of,
)
from juguo_agents.evaluation.rollout import run
from juguo_agents.evaluation.seeds import REFERENCE_SEARCH
from juguo_agents.provenance import versions
from juguo_agents.search.checkpoint import Settings
from juguo_agents.search.conduct import run_or_resume
from juguo_envs.errors import UserError
from juguo_envs.files import write_text
from juguo_envs.names import Name
from juguo_envs.validation import Strict
from juguo_envs.worlds.family import Family

FILE = Path(str(resources.files("juguo_agents"))) / "benchmark" / "references.json"
SAMPLES = {"china31": {"society.persons": 2000}}
"""Worlds whose searches are in a sample of their persons; what is found is measured in all."""
_DIGITS = 5
_VALIDATION = 500


class _Searched(Strict):
    family: str
    budget: Count
    spent: Count
    parameters: dict[str, float]


class WorldReferences(Strict):
    """Of a world: its digest, what was searched, and the (episodes,) returns of everything, by name."""

    digest: Fingerprint
    searched: dict[str, _Searched]
    returns: dict[str, list[float]]

    def is_whole(self, episodes: int) -> bool:
        """Whether each has a return in each episode, and the ends of the scale are there and apart."""
        counts = {len(values) for values in self.returns.values()}
        ends = {NOTHING, ORACLE, CLOSED_LOOP} <= self.returns.keys() and counts == {episodes}
        return ends and self.mean(ORACLE) > self.mean(NOTHING)

    def mean(self, name: str) -> float:
        """The mean return of one of them."""
        return float(np.mean(self.returns[name]))

    def best_rule(self) -> str:
        """The rule with the highest mean return, of those that are no searches."""
        return max((name for name in self.returns if name not in self.searched), key=self.mean)

    def normalised(self, returns: Floats) -> Floats:
        """Returns on the scale on which the mean of no programme is 0 and that of the oracle 1."""
        zero, one = self.mean(NOTHING), self.mean(ORACLE)
        return (returns - zero) / (one - zero)


class ReferencesError(UserError):
    """A file of reference values that cannot be used; the message names the file and what is wrong."""


class References(Record):
    """What the file holds."""

    KIND: ClassVar[str] = "juguo_benchmark_references"
    FORMAT: ClassVar[int] = 1
    WHAT: ClassVar[str] = "the reference values of a benchmark"
    AGAIN: ClassVar[str] = "restore the file as it was written"
    FAULT: ClassVar[type[UserError]] = ReferencesError

    protocol: Name
    version: Count
    episodes: Annotated[int, Field(ge=2)]
    first_seeds: dict[Name, Count]
    worlds: dict[Name, WorldReferences]
    versions: dict[Name, Name]

    @property
    def stale(self) -> list[str]:
        """Worlds that are no longer what they were when the values were measured."""
        return [name for name, world in self.worlds.items() if world.digest != digest_of(name)]


def load_references(path: Path = FILE) -> References:
    """Read reference values.

    Raises:
        ReferencesError: If they cannot be used, are of another protocol, or a world has changed since.
    """
    _, found = read_record(path, References)
    if (found.protocol, found.version) != (NAME, VERSION) or set(found.worlds) != set(WORLDS):
        raise ReferencesError(
            f"{path}: is of {found.protocol} {found.version}; this version has {NAME} {VERSION}: make it "
            "anew by tools/references.py"
        )
    for name, world in found.worlds.items():
        if not world.is_whole(found.episodes):
            raise ReferencesError(f"{path}: the returns in {name} are not whole; {References.AGAIN}")
    if stale := found.stale:
        raise ReferencesError(
            f"{path}: {', '.join(stale)} changed since it was measured (another digest): make it anew by "
            "tools/references.py"
        )
    return found


@dataclass(frozen=True)
class Task:
    """The references of a world, to be made in a folder with searches of `budget` episodes each."""

    world: str
    folder: Path
    budget: int
    episodes: int = EPISODES
    names: tuple[str, ...] = ()


def searched_in(task: Task) -> dict[str, SearchResult]:
    """The best closed loop that a search finds, and the oracle, whose search goes on from there."""
    world = world_of(task.world)
    varies = isinstance(world, Family)
    base = (world.base if isinstance(world, Family) else world).override(SAMPLES.get(task.world, {}))
    found: dict[str, SearchResult] = {}
    for number, (name, family) in enumerate(
        ((CLOSED_LOOP, policy_classes.CLOSED_LOOP.name), (ORACLE, policy_classes.ORACLE.name))
    ):
        begin = dict(found[CLOSED_LOOP].data["parameters"]) if found else None
        settings = Settings(
            family, base, task.budget, REFERENCE_SEARCH.first + number, OBSERVE, _VALIDATION,
            begin=begin, varies=varies,
        )  # fmt: skip
        found[name] = run_or_resume(settings, task.folder / task.world / name)
    return found


def make(task: Task) -> dict[str, Any]:
    """The content of `WorldReferences`."""
    world, seeds, searched = world_of(task.world), seeds_of(task.world, task.episodes), searched_in(task)
    players: list[tuple[str, Allocator]] = [(n, make_rule(n)) for n in task.names or baselines()]
    players += [(name, found.allocator(name)) for name, found in searched.items()]
    told = ("family", "budget", "spent", "parameters")
    return {
        "digest": digest_of(task.world),
        "searched": {name: {key: found.data[key] for key in told} for name, found in searched.items()},
        "returns": {
            name: np.round(run(player, world, seeds, observe=OBSERVE).returns, _DIGITS).tolist()
            for name, player in players
        },
    }


def write_references(worlds: dict[str, dict[str, Any]], path: Path = FILE, episodes: int = EPISODES) -> None:
    """Write what `make` made of each world."""
    content = {
        "protocol": NAME,
        "version": VERSION,
        "episodes": episodes,
        "first_seeds": {name: int(seeds_of(name)[0]) for name in worlds},
        "worlds": worlds,
        "versions": versions(),
    }
    write_text(path, text_of(record_of(References, content, None), None))


def digest(references: References) -> str:
    """What tells reference values from others."""
    return str(getattr(references, CHECKSUM))[:16]
