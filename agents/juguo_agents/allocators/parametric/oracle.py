"""The closed loop that knows what no allocator sees: the yardstick of what knowing is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.base import Observed
from juguo_agents.allocators.parametric.schedules import ClosedLoop
from juguo_agents.array_types import Bools, Floats, Singles
from juguo_envs.model.state import State


@dataclass(frozen=True)
class Revealed(Observed):
    """What is seen, but harm and fit are the true ones, and known from the first quarter."""

    programme: npt.NDArray[Any]
    """(n,) records of the model's state."""
    hazard: Floats
    """(n,) harm per quarter of a fully defective technology."""

    @property
    def fit(self) -> Floats:
        """F, without noise."""
        return np.array(self.programme["F"])

    @property
    def harm(self) -> Floats:
        """True probability that an adopter is harmed."""
        true: Floats = self.hazard * self.programme["X"]
        return true

    @property
    def experience(self) -> Floats:
        """No experience is needed."""
        return np.full(len(self.programme), np.inf)


class Oracle(ClosedLoop):
    """The closed loop that is shown the defect, its repairability and the ceiling of each technology."""

    def reveal(self, state: State, hazard: Floats) -> None:
        """Take the live state of the societies that it acts for, and the harm of a full defect."""
        self.programme, self.hazard = state.programme, hazard

    def see(self, observation: Singles) -> Observed:
        """What is seen, and what is hidden."""
        return Revealed(self.setting, observation, self.programme, self.hazard)

    def _limit(self, seen: Observed) -> Floats:
        """More patience with a defect that can be repaired."""
        repairable = self.programme["Y"] >= 0.5
        return super()._limit(seen) * np.where(repairable, self.each("exit.repairable"), 1.0)

    def _abandon(self, seen: Observed) -> Bools:
        """Also where the technology will never be good enough, as long as enough time remains."""
        worthwhile = self.setting.quarters - seen.quarter >= self.each("exit.time_left")
        hopeless = (self.programme["C"] < self.each("exit.ceiling")) & worthwhile
        leave: Bools = super()._abandon(seen) | hopeless
        return leave
