"""What an allocator sees in a quarter: every entry is declared once, and all else follows from that.

The hidden draws X, C, Y and rumour are never shown. An entry with a stream of noise is measured with noise
of standard deviation s_obs (1 - shown sat(governance)) and clipped to [0, 1]; all else is what an
administration counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_envs.model import equations
from juguo_envs.model import random as draws
from juguo_envs.model.compiled import expanded, inlined, internal
from juguo_envs.model.state import (
    FUNCTIONS,
    GOVERNANCE,
    N_REQUESTS,
    N_SHARES,
    N_STAGES,
    STAGES,
    Array,
    State,
    Structure,
)

STRATA = ("low", "middle", "high")
EVIDENCE, GIVEN_UP, BUDGETS = 100.0, 2.0, 1.0
"""Scales of amounts: persons or person-quarters, projects, quarterly budgets."""


@dataclass(frozen=True)
class Entry:
    """One entry of an observation, for each community or of the whole programme.

    Attributes:
        name: Its name; of a community's entry without the community.
        meaning: What it is, for the model page.
        value: What is shown, a function of (s, w, P, b, c): state, structure, parameters, place in the batch
            and community (0 for an entry of the programme). It is compiled into the observation.
        low, high: Bounds.
        noise: The purpose of the draws of its noise (`juguo_envs.model.random`), or None where it is exact.
        scale: Where an amount x is shown as x / (x + scale), so that any amount stays in [0, 1), the scale.
    """

    name: str
    meaning: str
    value: Callable[..., Any]
    low: float = 0.0
    high: float = 1.0
    noise: np.uint64 | None = None
    scale: float | None = None


def _adoption(j: int) -> Callable[..., Any]:
    return lambda s, w, P, b, c: s.adopters[b, c, j] / max(1, s.cells[b, c, j])


def _adoption_change(j: int) -> Callable[..., Any]:
    return lambda s, w, P, b, c: (s.adopters[b, c, j] - s.adopters_before[b, c, j]) / max(1, s.cells[b, c, j])


def _stage(j: int) -> Callable[..., Any]:
    return lambda s, w, P, b, c: 1.0 if s.programme[b].stage == j else 0.0


@inlined
def _shown(amount: float, scale: float) -> float:
    return amount / (amount + scale) if amount > 0.0 else 0.0


COMMUNITY_ENTRIES: tuple[Entry, ...] = (
    *(
        Entry(f"adoption_{name}", f"adopting share of the stratum of {name} capability", _adoption(j))
        for j, name in enumerate(STRATA)
    ),
    *(
        Entry(f"adoption_change_{name}", "its change over the quarter", _adoption_change(j), low=-1.0)
        for j, name in enumerate(STRATA)
    ),
    Entry("know_how", "k", lambda s, w, P, b, c: s.community[b, c].k),
    Entry("environment", "E", lambda s, w, P, b, c: s.community[b, c].E),
    Entry("trust", "τ", lambda s, w, P, b, c: s.community[b, c].tau, noise=draws.SEEN_TRUST),
    Entry("crisis", "crisis level", lambda s, w, P, b, c: s.community[b, c].crisis),
    Entry(
        "resilience_mean",
        "mean ρ",
        lambda s, w, P, b, c: s.community[b, c].rho_sum / (w.start[c + 1] - w.start[c]),
        noise=draws.SEEN_RESILIENCE,
    ),
    Entry(
        "resilience_lowest",
        "mean ρ of the lowest `tail_seen` of the persons",
        lambda s, w, P, b, c: s.community[b, c].rho_low,
        noise=draws.SEEN_LOWEST,
    ),
    Entry(
        "excluded",
        "share of persons excluded",
        lambda s, w, P, b, c: s.community[b, c].excluded / (w.start[c + 1] - w.start[c]),
    ),
    Entry(
        "interactors",
        "share of interactors",
        lambda s, w, P, b, c: s.community[b, c].interactors / (w.start[c + 1] - w.start[c]),
    ),
    Entry(
        "capability",
        "mean κ",
        lambda s, w, P, b, c: s.community[b, c].kappa_sum / (w.start[c + 1] - w.start[c]),
    ),
)
"""What is seen of each community."""
PROGRAMME_ENTRIES: tuple[Entry, ...] = (
    Entry("knowledge", "K", lambda s, w, P, b, c: s.programme[b].K),
    Entry(
        "knowledge_change",
        "its change over the quarter",
        lambda s, w, P, b, c: s.programme[b].K - s.programme[b].K_before,
        low=-1.0,
    ),
    Entry("fit", "F", lambda s, w, P, b, c: s.programme[b].F, noise=draws.SEEN_FIT),
    Entry(
        "harm_estimate",
        "min(1, Ĥ)",
        lambda s, w, P, b, c: min(1.0, equations.estimated_harm(P, s.programme[b].D, s.programme[b].W)),
    ),
    Entry("harm_evidence", "D", lambda s, w, P, b, c: _shown(s.programme[b].D, EVIDENCE), scale=EVIDENCE),
    Entry("experience", "W", lambda s, w, P, b, c: _shown(s.programme[b].W, EVIDENCE), scale=EVIDENCE),
    *(Entry(f"stage_{name}", "1 for the present stage, else 0", _stage(j)) for j, name in enumerate(STAGES)),
    Entry(
        "stage_quarters",
        "quarters in the stage, over T, at most 1",
        lambda s, w, P, b, c: min(1.0, s.programme[b].stage_steps / P.T),
    ),
    Entry(
        "project_quarters",
        "quarters of the project, over T, at most 1",
        lambda s, w, P, b, c: min(1.0, s.programme[b].age / P.T),
    ),
    Entry(
        "abandoned",
        "number of projects given up",
        lambda s, w, P, b, c: _shown(s.programme[b].abandoned, GIVEN_UP),
        scale=GIVEN_UP,
    ),
    Entry("time_left", "1 − t/T", lambda s, w, P, b, c: max(0.0, 1.0 - s.programme[b].t / P.T)),
    Entry(
        "reserve",
        "M in quarterly budgets B·N",
        lambda s, w, P, b, c: _shown(s.programme[b].M, P.B * s.rho.shape[1]),
        scale=BUDGETS,
    ),
)
"""What is seen of the whole programme."""
PER_COMMUNITY, SCALARS = (tuple(entry.name for entry in e) for e in (COMMUNITY_ENTRIES, PROGRAMME_ENTRIES))
"""Names of the entries."""
_C, _S = len(PER_COMMUNITY), len(SCALARS)
_LAST = (*FUNCTIONS, "reserve"), ("openness", "advance", "abandon")
"""What the last allocation holds before and after the communities' shares."""


@dataclass(frozen=True)
class ObservationLayout:
    """Where each quantity stands in the observation vector of a world with R communities.

    The vector is R blocks of `COMMUNITY_ENTRIES`, then `PROGRAMME_ENTRIES`, then the last allocation (ten
    shares, R community shares, openness, advance, abandon).
    """

    communities: int

    @property
    def size(self) -> int:
        """Length of the vector."""
        return self.communities * _C + _S + N_SHARES + self.communities + N_REQUESTS

    def names(self, community_names: tuple[str, ...] | None = None) -> list[str]:
        """One name for each entry."""
        places = community_names or tuple(str(c) for c in range(self.communities))
        shares, requests = _LAST
        return [
            *(f"{what}[{place}]" for place in places for what in PER_COMMUNITY),
            *SCALARS,
            *(f"last_{name}" for name in shares),
            *(f"last_share[{place}]" for place in places),
            *(f"last_{name}" for name in requests),
        ]

    def bounds(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Lowest and highest value of each entry."""
        entries = COMMUNITY_ENTRIES * self.communities + PROGRAMME_ENTRIES
        low, high = np.zeros(self.size, np.float32), np.ones(self.size, np.float32)
        low[: len(entries)] = [entry.low for entry in entries]
        high[: len(entries)] = [entry.high for entry in entries]
        return low, high

    def place(self, observation: npt.NDArray[Any], name: str) -> npt.NDArray[np.float64]:
        """A community quantity: (..., size) in, (..., R) out."""
        i = PER_COMMUNITY.index(name)
        return observation[..., i : self.communities * _C : _C].astype(np.float64)

    def adoption(self, observation: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Adopting shares by community and stratum: (..., size) in, (..., R, 3) out."""
        return np.stack([self.place(observation, f"adoption_{name}") for name in STRATA], axis=-1)

    def adoption_change(self, observation: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Their change over the quarter: (..., size) in, (..., R, 3) out."""
        return np.stack([self.place(observation, f"adoption_change_{name}") for name in STRATA], axis=-1)

    def scalar(self, observation: npt.NDArray[Any], name: str) -> npt.NDArray[np.float64]:
        """A quantity of the whole programme: (..., size) in, (...) out."""
        return observation[..., self.communities * _C + SCALARS.index(name)].astype(np.float64)

    def amount(self, observation: npt.NDArray[Any], name: str) -> npt.NDArray[np.float64]:
        """The amount x behind a quantity of the programme that is shown as x / (x + scale).

        Raises:
            ValueError: If the entry has no scale.
        """
        scale = PROGRAMME_ENTRIES[SCALARS.index(name)].scale
        if scale is None:
            raise ValueError(f"{name} is shown as it is; scalar() reads it")
        return unsquash(self.scalar(observation, name), scale)

    def stage(self, observation: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """The stage, 0 to 2: (..., size) in, (...) out."""
        i = self.communities * _C + SCALARS.index(f"stage_{STAGES[0]}")
        return observation[..., i : i + N_STAGES].argmax(-1)


def unsquash(shown: npt.ArrayLike, scale: float) -> npt.NDArray[np.float64]:
    """The amount behind a squashed observation x / (x + scale)."""
    y = np.minimum(np.asarray(shown, np.float64), 1.0 - 1e-9)
    return scale * y / (1.0 - y)


@inlined
def _measured(value: float, sd: float, key: np.uint64, index: int) -> float:
    if sd <= 0.0:
        return value
    return equations.clip01(value + sd * draws.normal(key, index))


def _writer(entries: tuple[Entry, ...]) -> Any:
    """A compiled function that writes entries from `out[first]` on, with noise of standard deviation `sd`.

    Its text is one line for each entry, since numba cannot loop over functions in reasonable time.
    """
    lines, known = [], {"__name__": __name__, "measured": _measured, "stream": draws.stream}
    for i, entry in enumerate(entries):
        known |= {f"value{i}": expanded(entry.value), f"noise{i}": entry.noise}
        value = f"value{i}(s, w, P, b, c)"
        if entry.noise is not None:
            key = f"stream(s.programme[b].seed, s.programme[b].t, noise{i})"
            value = f"measured({value}, sd, {key}, c)"
        lines.append(f"    out[first + {i}] = {value}\n")
    exec(f"def write(s, w, P, b, c, sd, out, first):\n{''.join(lines)}", known)
    return internal(known["write"])


_write_community, _write_programme = _writer(COMMUNITY_ENTRIES), _writer(PROGRAMME_ENTRIES)


@internal
def observe_one(s: State, w: Structure, P: Any, b: int, noisy: bool, out: Array) -> None:
    """Write the observation of society `b` into `out` (float32)."""
    noise, evaluated = P.s_obs if noisy else 0.0, 0.0
    communities = w.share.shape[0]
    for c in range(communities):
        sat_governance = P.shown * equations.sat(P, s.z[b, c, GOVERNANCE])
        evaluated += w.share[c] * sat_governance
        _write_community(s, w, P, b, c, noise * (1.0 - sat_governance), out, c * _C)
    _write_programme(s, w, P, b, 0, noise * (1.0 - evaluated), out, communities * _C)
    for i in range(s.allocation.shape[1]):
        out[communities * _C + _S + i] = s.allocation[b, i]
