"""A scorecard: what an entry earns in each world of the protocol, on one scale, and beyond every baseline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from juguo_agents.allocators import Allocator
from juguo_agents.allocators.base import Clairvoyant
from juguo_agents.array_types import Floats
from juguo_agents.artifacts.identity import (
    Count,
    Fingerprint,
    Identity,
    Record,
    read_record,
    record_of,
    text_of,
)
from juguo_agents.artifacts.load import files_of, find_allocators, load_artifact
from juguo_agents.artifacts.panel import Panel
from juguo_agents.artifacts.policy import Policy
from juguo_agents.artifacts.searched import RESULT_FILE, SearchResult, load_result
from juguo_agents.benchmark.protocol import (
    CLOSED_LOOP,
    NAME,
    NOTHING,
    OBSERVE,
    VERSION,
    digest_of,
    seeds_of,
    world_of,
)
from juguo_agents.benchmark.references import References, WorldReferences, digest
from juguo_agents.evaluation.bootstrap import crossed_iqm, crossed_mean, difference
from juguo_agents.evaluation.rollout import run, setting_of
from juguo_agents.evaluation.statistics import spread_out
from juguo_agents.provenance import versions
from juguo_agents.report.texts import say
from juguo_agents.tables import terminal_table
from juguo_agents.training.experts import IMITATED
from juguo_agents.training.run import experiment_of, steps_taken
from juguo_envs.errors import UserError
from juguo_envs.names import Name, Text
from juguo_envs.validation import Strict
from juguo_envs.worlds.family import Family

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,59}$"


class CardError(UserError):
    """A scorecard that cannot be used; the message names the file and what is wrong."""


class _Told(Strict):
    mean: float
    low: float
    high: float


class _World(Strict):
    digest: Fingerprint
    by: Text | None
    seeds: Count
    return_: _Told | None = Field(alias="return")
    score: _Told
    over: dict[Name, _Told]


class Scorecard(Record):
    """What a scorecard holds.

    Attributes:
        entry: Its name on the leaderboard.
        steps: Environment steps that it was made with, searches and selection included; None: not told.
        complete: Whether it could act in every world.
        references: What tells the reference values.
        iqm: Interquartile mean of the normalised returns of all worlds together; each weighs the same.
        worlds: Of each world by which part it was played (`by`), from how many training `seeds`, the mean
            return, the normalised `score`, and how much more than each baseline (`over`), paired.
    """

    KIND: ClassVar[str] = "juguo_scorecard"
    FORMAT: ClassVar[int] = 1
    WHAT: ClassVar[str] = "a scorecard"
    AGAIN: ClassVar[str] = "score the entry again by juguo benchmark"
    FAULT: ClassVar[type[UserError]] = CardError

    protocol: Name
    version: Count
    entry: Annotated[str, Field(pattern=NAME_PATTERN)]
    parts: Annotated[list[Text], Field(min_length=1)]
    steps: Count | None
    complete: bool
    references: Identity
    episodes: Count
    iqm: _Told
    mean: _Told
    worlds: dict[Name, _World]
    versions: dict[Name, Name]


def score(
    entry: str,
    parts: Sequence[str],
    references: References,
    steps: int | None = None,
    progress: Callable[[str], None] = lambda world: None,
) -> dict[str, Any]:
    """Play all worlds and make the scorecard.

    Args:
        entry: Its name.
        parts: What it consists of, each as `juguo evaluate` takes it.
        references: What it is read against.
        steps: That it was trained for, where its files do not tell.
        progress: Told of each world that is played.

    Raises:
        UserError: If a part cannot be found, or sees what is hidden.
    """
    found = {part: find_allocators([part]) for part in parts}
    for part, allocators in found.items():
        if any(isinstance(one, Clairvoyant) for one in allocators):
            raise UserError(f"{part}: sees what is hidden from entries, so it cannot be one")
    told = [steps_behind(part) for part in parts]
    worlds, scores = {}, []
    for name, known in references.worlds.items():
        by, returns = _play(name, found, references.episodes)
        worlds[name] = _of_world(name, known, by, returns)
        scores.append(np.zeros((1, references.episodes)) if returns is None else known.normalised(returns))
        progress(name)
    rows = max(len(one) for one in scores)
    # an entry of one seed in some worlds has that one in all seeds' places there
    together = np.concatenate([np.resize(one, (rows, one.shape[1])) for one in scores], 1)
    known_steps = [one for one in told if one is not None]
    content = {
        "protocol": NAME,
        "version": VERSION,
        "entry": entry,
        "parts": list(parts),
        "steps": sum(known_steps) if len(known_steps) == len(told) else steps,
        "complete": all(one["return"] is not None for one in worlds.values()),
        "references": digest(references),
        "episodes": references.episodes,
        "iqm": spread_of(crossed_iqm(together)),
        "mean": spread_of(crossed_mean(together)),
        "worlds": worlds,
        "versions": versions(),
    }
    return record_of(Scorecard, content, None)


def spread_of(estimate: Any) -> dict[str, float]:
    """An estimate as a card holds it."""
    return {name.removeprefix("_") or "mean": value for name, value in spread_out("", estimate).items()}


def _play(world: str, found: dict[str, list[Allocator]], episodes: int) -> tuple[str | None, Floats | None]:
    """By which part a world is played, and the (seeds, episodes) returns; None where none can act there."""
    own = [part for part in found if _made_for(part, world)]
    there, seeds = world_of(world), seeds_of(world, episodes)
    for part in dict.fromkeys([*own, next(iter(found))]):
        try:
            for one in found[part]:
                one.start(setting_of(there, seeds), seeds)
        except UserError:  # it is for another number of places
            continue
        return part, np.array([run(one, there, seeds, observe=OBSERVE).returns for one in found[part]])
    return None, None


def _made_for(part: str, world: str) -> bool:
    """Whether the files of a part were made for this very world."""
    files = files_of(part)
    if not files:
        return False
    made = load_artifact(files[0]).world
    there = world_of(world)
    base = made.base if isinstance(made, Family) else made
    return isinstance(made, Family) == isinstance(there, Family) and base.digest() == digest_of(world)


def _of_world(name: str, known: WorldReferences, by: str | None, returns: Floats | None) -> dict[str, Any]:
    if returns is None:
        zero = {"mean": 0.0, "low": 0.0, "high": 0.0}
        return {"digest": known.digest, "by": None, "seeds": 0, "return": None, "score": zero, "over": {}}
    return {
        "digest": known.digest,
        "by": by,
        "seeds": len(returns),
        "return": spread_of(crossed_mean(returns)),
        "score": spread_of(crossed_mean(known.normalised(returns))),
        "over": {
            other: spread_of(difference(returns, np.array(values))) for other, values in known.returns.items()
        },
    }


def steps_behind(part: str) -> int | None:
    """Environment steps behind a part, over all training seeds; 0 for a rule, None where nothing tells."""
    files = files_of(part)
    if not files:
        return None if ":" in part else 0
    artifacts = [load_artifact(file) for file in files]
    policies = [one for one in artifacts if isinstance(one, Policy)]
    total = 0
    for file, one in zip(files, artifacts, strict=True):
        if isinstance(one, SearchResult | Panel):
            # the searches that it began at lie in its folder, as those of juguo train do
            every = [load_result(path).data for path in file.parent.rglob(RESULT_FILE)]
            if all(data["begun"] for data in every):
                return None
            total += sum(data["spent"] * _quarters(data) for data in every)
    for policy in policies:
        training = experiment_of(policy.metadata, part).training
        if training.expert is not None:
            return None  # what it imitated had steps of its own
        if policy.metadata["training"].get("curve"):  # an imitation has not learned yet
            total += steps_taken(policy.metadata)
        total += IMITATED * _quarters(policy.metadata) if training.search else 0
    if policies:  # the seeds of a run have one search
        first = policies[0].metadata
        total += (experiment_of(first, part).training.search or 0) * _quarters(first)
    known = len(policies) + sum(isinstance(one, SearchResult | Panel) for one in artifacts)
    return total if known == len(artifacts) else None


def _quarters(data: dict[str, Any]) -> int:
    return int(data["scenario"]["programme"]["T"])


def beaten(card: Scorecard) -> int:
    """Worlds in which the entry earns more than every rule, beyond luck."""
    rules = [
        {other: gain for other, gain in world.over.items() if other not in (CLOSED_LOOP, "oracle")}
        for world in card.worlds.values()
    ]
    return sum(bool(over) and all(gain.low > 0.0 for gain in over.values()) for over in rules)


def read_card(path: Path) -> Scorecard:
    """Read a scorecard.

    Raises:
        CardError: If it cannot be used.
    """
    return read_record(path, Scorecard)[1]


def card_text(card: Scorecard) -> str:
    """The scorecard as a table for the terminal, in the language that is spoken."""
    rows = [
        (
            name,
            ranged(world.score),
            say("benchmark.absent") if world.return_ is None else f"{world.return_.mean:.3f}",
            *(_over(world, other) for other in (CLOSED_LOOP, NOTHING)),
            str(world.by or ""),
        )
        for name, world in card.worlds.items()
    ]
    world, earned, returned, by = (say(f"benchmark.{head}") for head in ("world", "score", "return", "by"))
    over = (say("benchmark.over", other=other) for other in (CLOSED_LOOP, NOTHING))
    heading = say(
        "benchmark.heading",
        entry=card.entry,
        protocol=card.protocol,
        version=card.version,
        episodes=card.episodes,
        taken=say("benchmark.untold") if card.steps is None else f"{card.steps:,}",
    )
    means = {"iqm": ranged(card.iqm), "mean": ranged(card.mean)}
    return "\n".join(
        [
            heading,
            terminal_table((world, earned, returned, *over, by), rows, "lrrrrl"),
            say("benchmark.means", beaten=beaten(card), count=len(card.worlds), **means),
            say("benchmark.scale"),
        ]
    )


def ranged(told: _Told) -> str:
    """An estimate with its interval."""
    return f"{told.mean:.3f} [{told.low:.3f}, {told.high:.3f}]"


def _over(world: _World, other: str) -> str:
    gain = world.over.get(other)
    return "" if gain is None else f"{gain.mean:+.3f}"


def text(card: dict[str, Any]) -> str:
    """The text of a scorecard's file."""
    return text_of(card, 1)
