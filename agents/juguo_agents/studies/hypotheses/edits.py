"""Changes of an allocator's allocations, one at a time, so that two arms differ in one thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.base import Allocator, Bools, Floats, Observed, Setting
from juguo_agents.studies.hypotheses.claims import Edits, MoveFrom, TakeAway, Trial
from juguo_envs.model.state import FUNCTIONS, N_FUNCTIONS, STAGES
from juguo_envs.spaces.action import decode_allocation, encode_allocation

_TOLERANCE = 1e-3


@dataclass
class Plan:
    """The allocations of n environments, to be changed in place."""

    functions: Floats  # (n, 9) shares of the pot
    reserve: Floats  # (n,)
    communities: Floats  # (n, R)
    openness: Floats  # (n,)
    advance: Bools
    abandon: Bools


class Edit(Protocol):
    """One change."""

    def start(self, setting: Setting, n: int) -> None:
        """Begin n episodes."""
        ...

    def change(self, seen: Observed, plan: Plan) -> None:
        """Change the plan, given what is seen."""
        ...


class _Edit:
    """Base of the edits that remember nothing."""

    def start(self, setting: Setting, n: int) -> None:
        """Begin n episodes."""
        self.setting, self.n = setting, n


class Flat(_Edit):
    """What goes to functions is shared alike."""

    def change(self, seen: Observed, plan: Plan) -> None:
        """Nine even shares of it."""
        plan.functions = np.repeat(plan.functions.sum(1, keepdims=True) / N_FUNCTIONS, N_FUNCTIONS, axis=1)


class Move(_Edit):
    """Money moves from functions to the others, pro rata; alike where the others have none."""

    def __init__(self, how: MoveFrom) -> None:
        """Take which functions, and the share that they keep."""
        self.away = np.isin(FUNCTIONS, how.functions)
        self.keep = how.keep

    def change(self, seen: Observed, plan: Plan) -> None:
        """The sum stays."""
        moved = plan.functions[:, self.away].sum(1, keepdims=True) * (1.0 - self.keep)
        others = np.where(self.away, 0.0, plan.functions)
        total = others.sum(1, keepdims=True)
        alike = (~self.away) / (~self.away).sum()
        shares = np.divide(others, total, out=np.tile(alike, (self.n, 1)), where=total > 0.0)
        plan.functions = np.where(self.away, self.keep * plan.functions, plan.functions) + moved * shares


class HubsOnly(_Edit):
    """All money goes to hubs, by population; everywhere, where there are none."""

    def change(self, seen: Observed, plan: Plan) -> None:
        """In every stage."""
        plan.communities = np.tile(places_of(self.setting, "hubs"), (self.n, 1))


class Openness(_Edit):
    """Openness is given by stage."""

    def __init__(self, by_stage: list[float]) -> None:
        """Take the three levels."""
        self.by_stage = np.array(by_stage)

    def change(self, seen: Observed, plan: Plan) -> None:
        """Whatever the allocator asked for."""
        plan.openness = self.by_stage[seen.stage]


class AdvanceAtOnce(_Edit):
    """Moves on as soon as allowed."""

    def change(self, seen: Observed, plan: Plan) -> None:
        """Always asks."""
        plan.advance = np.ones(self.n, bool)


class StayInApplication(_Edit):
    """Asks for the next round only after a share of the programme's quarters in application."""

    def __init__(self, share: float) -> None:
        """Take the share."""
        self.share = share

    def change(self, seen: Observed, plan: Plan) -> None:
        """Then always asks, so that no arm is ahead by when it asks."""
        enough = seen.stage_quarters + 1 >= self.share * self.setting.quarters
        plan.advance = np.where(seen.stage == 2, enough, plan.advance)


class InTrial(_Edit):
    """Before application money goes to the trial's places; diffusion ends when enough have adopted."""

    def __init__(self, how: Trial) -> None:
        """Take the places and the size."""
        self.how = how

    def change(self, seen: Observed, plan: Plan) -> None:
        """Application is left to the allocator."""
        trial = (seen.stage < 2)[:, None]
        plan.communities = np.where(trial, places_of(self.setting, self.how.where), plan.communities)
        plan.advance = np.where(seen.stage == 1, seen.adoption_total >= self.how.size, plan.advance)


class NoExitBefore(_Edit):
    """Gives up only after some quarters of application."""

    def __init__(self, quarters: int) -> None:
        """Take how many."""
        self.quarters = quarters

    def change(self, seen: Observed, plan: Plan) -> None:
        """Nothing is given up before."""
        plan.abandon &= (seen.stage == 2) & (seen.stage_quarters >= self.quarters)


class Taken:
    """Money taken away for good: it goes to the reserve, and what that gives back of it goes there again.

    The allocator spends what it would have spent had it all its money, less what is taken. The reserve must
    pay for no damage (`crisis.cover` 0); its level is reckoned here, and compared with the one that is seen.
    """

    def __init__(self, how: TakeAway) -> None:
        """Take from what, and the share that is kept."""
        self.functions = np.isin(FUNCTIONS, how.functions or FUNCTIONS)
        self.stages = np.isin(STAGES, how.stages or STAGES)
        self.keep = how.keep

    def start(self, setting: Setting, n: int) -> None:
        """Nothing is in the reserve, and nothing is locked there."""
        self.reserve, self.locked = np.zeros(n), np.zeros(n)  # in quarterly budgets

    def change(self, seen: Observed, plan: Plan) -> None:
        """Less for the functions, more for the reserve."""
        shown = seen.setting.layout.scalar(seen.vector, "reserve")
        if np.abs(self.reserve / (1.0 + self.reserve) - shown).max() > _TOLERANCE:
            raise RuntimeError("the reserve is not what was put there; does it pay for damage?")
        release = seen.setting.known.release
        released = np.minimum(self.reserve, release)
        own = 1.0 + np.minimum(self.reserve - self.locked, release)
        wanted = plan.functions * own[:, None]
        cut = self.stages[seen.stage][:, None] & self.functions
        spent = np.where(cut, self.keep * wanted, wanted)
        pot = 1.0 + released
        plan.functions = spent / pot[:, None]
        plan.reserve = np.maximum(0.0, 1.0 - plan.functions.sum(1))
        self.reserve = np.maximum(0.0, self.reserve + 1.0 - spent.sum(1))
        self.locked += (wanted - spent).sum(1)


def places_of(setting: Setting, where: str) -> Floats:
    """(R,) weights of a kind of places: everywhere, hubs, or the largest that is no hub."""
    weights = setting.population
    if where == "hubs" and setting.hubs.any():
        return weights * setting.hubs
    ordinary = weights * (1.0 - setting.hubs)
    if where == "ordinary" and ordinary.any():
        return np.where(np.arange(len(weights)) == int(np.argmax(ordinary)), 1.0, 0.0)
    return weights


def edits_of(spec: Edits) -> list[Edit]:
    """The edits that are asked for, in their order."""
    wanted: list[Edit | None] = [
        Flat() if spec.flat else None,
        Move(spec.move_from) if spec.move_from else None,
        HubsOnly() if spec.places else None,
        Openness(spec.openness) if spec.openness else None,
        AdvanceAtOnce() if spec.advance_at_once else None,
        StayInApplication(spec.stay_in_application) if spec.stay_in_application is not None else None,
        InTrial(spec.trial) if spec.trial else None,
        NoExitBefore(spec.no_exit_before) if spec.no_exit_before is not None else None,
        Taken(spec.take_away) if spec.take_away else None,
    ]
    return [edit for edit in wanted if edit is not None]


class Edited:
    """An allocator whose allocations are changed before they are acted on."""

    def __init__(self, allocator: Allocator, edits: list[Edit], name: str) -> None:
        """Take the allocator, the changes in their order, and the name in tables."""
        self.allocator, self.edits, self._name = allocator, edits, name

    @property
    def name(self) -> str:
        """Name in tables."""
        return self._name

    def start(self, setting: Setting, seeds: npt.NDArray[np.uint64]) -> None:
        """Begin episodes; see `Allocator`."""
        self.setting = setting
        self.allocator.start(setting, seeds)
        for edit in self.edits:
            edit.start(setting, len(seeds))

    def act(self, observation: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The allocator's actions, changed."""
        asked = decode_allocation(self.allocator.act(observation), self.setting.population)
        plan = Plan(
            asked.functions.copy(), asked.reserve.copy(), asked.communities, asked.openness.copy(),
            asked.advance.copy(), asked.abandon.copy(),
        )  # fmt: skip
        seen = Observed(self.setting, observation)
        for edit in self.edits:
            edit.change(seen, plan)
        return encode_allocation(
            plan.functions,
            plan.communities,
            reserve=plan.reserve,
            openness=np.clip(plan.openness, 0.0, 1.0),
            advance=plan.advance,
            abandon=plan.abandon,
        )
