"""Changes of an allocator's allocations, each as data, so that two allocators differ in one thing only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from juguo_agents.allocators.base import Allocator, Observed, Setting
from juguo_agents.array_types import Floats, Seeds, Singles
from juguo_envs.model.state import FUNCTIONS, N_FUNCTIONS, STAGES
from juguo_envs.spaces.action import Allocation, decode_allocation, encode_allocation
from juguo_envs.validation import Strict

Unit = Annotated[float, Field(ge=0.0, le=1.0)]
ByStage = Annotated[list[Unit], Field(min_length=3, max_length=3)]
Change = Callable[[Observed, Allocation], Allocation]
"""Changes the allocations of n environments, given what is seen."""

_TOLERANCE = 1e-3


def check_functions(names: Any) -> None:
    """Raise ValueError for a name that is no function."""
    for name in names:
        if name not in FUNCTIONS:
            raise ValueError(f"function {name!r} is unknown; there are {', '.join(FUNCTIONS)}")


def _known(names: list[str]) -> list[str]:
    check_functions(names)
    return names


Functions = Annotated[list[str], AfterValidator(_known)]
"""A field with names of functions."""


class MoveFrom(Strict):
    """Money moves from functions to the others, pro rata; alike where the others have none."""

    functions: Annotated[Functions, Field(min_length=1, max_length=len(FUNCTIONS) - 1)]
    keep: Unit

    def begin(self, n: int) -> Change:
        """The change for n episodes; the sum of the functions' money stays."""
        away = np.isin(FUNCTIONS, self.functions)
        alike = (~away) / (~away).sum()

        def change(seen: Observed, asked: Allocation) -> Allocation:
            moved = asked.functions[:, away].sum(1, keepdims=True) * (1.0 - self.keep)
            others = np.where(away, 0.0, asked.functions)
            total = others.sum(1, keepdims=True)
            shares = np.divide(others, total, out=np.tile(alike, (n, 1)), where=total > 0.0)
            kept = np.where(away, self.keep * asked.functions, asked.functions)
            return replace(asked, functions=kept + moved * shares)

        return change


class MoveTo(Strict):
    """A share of the money for functions goes to some of them, in even parts, taken from all pro rata."""

    functions: Annotated[Functions, Field(min_length=1)]
    share: Unit

    def begin(self) -> Change:
        """The change; the sum of the functions' money stays."""
        to = np.isin(FUNCTIONS, self.functions) / len(self.functions)

        def change(seen: Observed, asked: Allocation) -> Allocation:
            total = asked.functions.sum(1, keepdims=True)
            return replace(asked, functions=(1.0 - self.share) * asked.functions + self.share * total * to)

        return change


class Divide(Strict):
    """What two functions get together is divided anew between them; the first gets this share of it."""

    functions: Annotated[Functions, Field(min_length=2, max_length=2)]
    first: Unit

    def begin(self) -> Change:
        """The change; the sum of the functions' money stays."""
        two, parts = [FUNCTIONS.index(name) for name in self.functions], (self.first, 1.0 - self.first)

        def change(seen: Observed, asked: Allocation) -> Allocation:
            functions = asked.functions.copy()
            functions[:, two] = functions[:, two].sum(1, keepdims=True) * parts
            return replace(asked, functions=functions)

        return change


class Pilot(Strict):
    """Before application money goes to a share of the places alone, one at least, by population.

    Attributes:
        first: Which come first: those that are no hubs, the largest first; or those whose people are at the
            start the least able ("poor"), or the most able ("strong").
    """

    share: Unit
    first: Literal["ordinary", "poor", "strong"]

    def begin(self, setting: Setting) -> Change:
        """The change; application is left to the allocator."""
        population, count = setting.population, max(1, round(self.share * len(setting.population)))
        chosen: list[Floats] = []

        def change(seen: Observed, asked: Allocation) -> Allocation:
            if not chosen:
                able = seen.capability_by_place
                ordinary = np.tile(setting.hubs - population, (len(able), 1))
                order = {"ordinary": ordinary, "poor": able, "strong": -able}[self.first]
                places = np.argsort(order, 1, kind="stable")[:, :count]
                weights = np.zeros_like(able)
                np.put_along_axis(weights, places, population[places], 1)
                chosen.append(weights)
            before = (seen.stage < 2)[:, None]
            return replace(asked, communities=np.where(before, chosen[0], asked.communities))

        return change


class Trial(Strict):
    """Before application money goes to the trial's places; diffusion ends when enough have adopted."""

    where: Literal["everywhere", "hubs", "ordinary"]
    size: Unit

    def begin(self, places: Floats) -> Change:
        """The change; application is left to the allocator."""

        def change(seen: Observed, asked: Allocation) -> Allocation:
            before = (seen.stage < 2)[:, None]
            return replace(
                asked,
                communities=np.where(before, places, asked.communities),
                advance=np.where(seen.stage == 1, seen.adoption_total >= self.size, asked.advance),
            )

        return change


class TakeAway(Strict):
    """Money taken away for good: of functions, or of all functions while in stages.

    It goes to the reserve, and what that gives back of it goes there again. The allocator spends what it
    would have spent had it all its money, less what is taken. The reserve must pay for no damage
    (`crisis.cover` 0); its level is reckoned here, and compared with the one that is seen.
    """

    functions: Functions | None = None
    stages: list[str] | None = None
    keep: Unit

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.functions is None) == (self.stages is None):
            raise ValueError("give exactly one of functions and stages")
        for name in self.stages or ():
            if name not in STAGES:
                raise ValueError(f"stage {name!r} is unknown; there are {', '.join(STAGES)}")
        return self

    def begin(self, n: int) -> Change:
        """The change for n episodes: less for the functions, more for the reserve."""
        functions = np.isin(FUNCTIONS, self.functions or FUNCTIONS)
        stages = np.isin(STAGES, self.stages or STAGES)
        reserve, locked = np.zeros(n), np.zeros(n)  # in quarterly budgets

        def change(seen: Observed, asked: Allocation) -> Allocation:
            shown = seen.setting.layout.scalar(seen.vector, "reserve")
            if np.abs(reserve / (1.0 + reserve) - shown).max() > _TOLERANCE:
                raise RuntimeError("the reserve is not what was put there; does it pay for damage?")
            release = seen.setting.known.release
            released = np.minimum(reserve, release)
            wanted = asked.functions * (1.0 + np.minimum(reserve - locked, release))[:, None]
            spent = np.where(stages[seen.stage][:, None] & functions, self.keep * wanted, wanted)
            reserve[:] = np.maximum(0.0, reserve + 1.0 - spent.sum(1))
            locked[:] += (wanted - spent).sum(1)
            shares = spent / (1.0 + released)[:, None]
            return replace(asked, functions=shares, reserve=np.maximum(0.0, 1.0 - shares.sum(1)))

        return change


class Edits(Strict):
    """What is changed in an allocator's allocations, in the order of the fields.

    Attributes:
        flat: What goes to functions is shared alike.
        places: All money goes to hubs, by population; everywhere, where there are none.
        openness: By stage, whatever the allocator asks for.
        open_from: Fully open from this quarter of the programme on, and closed before.
        advance_at_once: Moves on as soon as allowed.
        stay_in_application: Asks for the next round after this share of the programme's quarters in
            application and not before, so that no arm is ahead by when it asks.
        no_exit_before: Gives up only after so many quarters of application.
        save: This share of all money goes to the reserve; functions divide the rest as before.
    """

    flat: bool = False
    move_from: MoveFrom | None = None
    move_to: MoveTo | None = None
    divide: Divide | None = None
    places: Literal["hubs"] | None = None
    openness: ByStage | None = None
    open_from: int | None = Field(default=None, ge=0)
    advance_at_once: bool = False
    stay_in_application: Unit | None = None
    pilot: Pilot | None = None
    trial: Trial | None = None
    no_exit_before: int | None = Field(default=None, ge=0)
    save: Unit | None = None
    take_away: TakeAway | None = None

    def begin(self, setting: Setting, n: int) -> list[Change]:
        """The changes for n episodes, in their order."""
        hubs = np.tile(places_of(setting, "hubs"), (n, 1))
        by_stage, stay, quiet = np.array(self.openness), self.stay_in_application, self.no_exit_before

        def share_alike(seen: Observed, asked: Allocation) -> Allocation:
            alike = asked.functions.sum(1, keepdims=True) / N_FUNCTIONS
            return replace(asked, functions=np.repeat(alike, N_FUNCTIONS, axis=1))

        def move_on_late(seen: Observed, asked: Allocation) -> Allocation:
            enough = seen.stage_quarters + 1 >= (stay or 0.0) * setting.quarters
            return replace(asked, advance=np.where(seen.stage == 2, enough, asked.advance))

        def give_up_late(seen: Observed, asked: Allocation) -> Allocation:
            late = (seen.stage == 2) & (seen.stage_quarters >= (quiet or 0))
            return replace(asked, abandon=asked.abandon & late)

        def open_late(seen: Observed, asked: Allocation) -> Allocation:
            return replace(asked, openness=np.where(seen.quarter >= (self.open_from or 0), 1.0, 0.0))

        def put_aside(seen: Observed, asked: Allocation) -> Allocation:
            saved, spent = self.save or 0.0, asked.functions.sum(1)
            rest = np.divide(1.0 - saved, spent, out=np.zeros(n), where=spent > 0.0)
            reserve = np.where(spent > 0.0, saved, 1.0)
            return replace(asked, functions=asked.functions * rest[:, None], reserve=reserve)

        wanted: list[Change | None] = [
            share_alike if self.flat else None,
            self.move_from.begin(n) if self.move_from else None,
            self.move_to.begin() if self.move_to else None,
            self.divide.begin() if self.divide else None,
            (lambda seen, asked: replace(asked, communities=hubs)) if self.places else None,
            (lambda seen, asked: replace(asked, openness=by_stage[seen.stage])) if self.openness else None,
            open_late if self.open_from is not None else None,
            (lambda seen, asked: replace(asked, advance=np.ones(n, bool))) if self.advance_at_once else None,
            move_on_late if stay is not None else None,
            self.pilot.begin(setting) if self.pilot else None,
            self.trial.begin(places_of(setting, self.trial.where)) if self.trial else None,
            give_up_late if quiet is not None else None,
            put_aside if self.save is not None else None,
            self.take_away.begin(n) if self.take_away else None,
        ]
        return [change for change in wanted if change is not None]


def places_of(setting: Setting, where: str) -> Floats:
    """(R,) weights of a kind of places: everywhere, hubs, or the largest that is no hub."""
    weights = setting.population
    if where == "hubs" and setting.hubs.any():
        return weights * setting.hubs
    ordinary = weights * (1.0 - setting.hubs)
    if where == "ordinary" and ordinary.any():
        return np.where(np.arange(len(weights)) == int(np.argmax(ordinary)), 1.0, 0.0)
    return weights


class Edited:
    """An allocator whose allocations are changed before they are acted on."""

    def __init__(self, allocator: Allocator, edits: Edits, name: str) -> None:
        """Take the allocator, the changes, and the name in tables."""
        self.allocator, self.edits, self._name = allocator, edits, name

    @property
    def name(self) -> str:
        """Name in tables."""
        return self._name

    def start(self, setting: Setting, seeds: Seeds) -> None:
        """Begin episodes; see `Allocator`."""
        self.setting = setting
        self.allocator.start(setting, seeds)
        self.changes = self.edits.begin(setting, len(seeds))

    def act(self, observation: Singles) -> Singles:
        """The allocator's actions, changed."""
        allocation = decode_allocation(self.allocator.act(observation), self.setting.population)
        seen = Observed(self.setting, observation)
        for change in self.changes:
            allocation = change(seen, allocation)
        return encode_allocation(
            allocation.functions,
            allocation.communities,
            reserve=allocation.reserve,
            openness=np.clip(allocation.openness, 0.0, 1.0),
            advance=allocation.advance,
            abandon=allocation.abandon,
        )
