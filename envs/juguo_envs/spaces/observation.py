"""What an allocator sees: names, order, bounds, and the noise that evaluation removes.

The hidden draws X, C, Y and rumour are never shown. Fit, trust and resilience are measured with noise
of standard deviation s_obs (1 - shown sat(governance)), clipped to their bounds; all else is what an
administration counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_envs.model import equations
from juguo_envs.model import random as draws
from juguo_envs.model.compiled import inlined
from juguo_envs.model.state import FUNCTIONS, N_STRATA, STAGES, Array, State, World

PER_COMMUNITY = (
    *(f"adoption_{j}" for j in ("low", "middle", "high")),
    *(f"adoption_change_{j}" for j in ("low", "middle", "high")),
    "know_how", "environment", "trust", "crisis", "resilience_mean", "resilience_lowest",
    "excluded", "interactors", "capability",
)  # fmt: skip
SCALARS = (
    "knowledge", "knowledge_change", "fit", "harm_estimate", "harm_evidence", "experience",
    *(f"stage_{name}" for name in STAGES),
    "stage_quarters", "project_quarters", "abandoned", "time_left", "reserve",
)  # fmt: skip
SIGNED = ("adoption_change_low", "adoption_change_middle", "adoption_change_high", "knowledge_change")
SQUASH_EVIDENCE = 100.0
"""Evidence x is shown as x / (x + 100), so that any amount stays in [0, 1)."""
SQUASH_ABANDONED = 2.0
"""The number of projects given up is shown as n / (n + 2)."""
_C, _S = len(PER_COMMUNITY), len(SCALARS)


def unsquash(shown: npt.ArrayLike, scale: float) -> npt.NDArray[np.float64]:
    """The amount behind a squashed observation x / (x + scale)."""
    y = np.minimum(np.asarray(shown, np.float64), 1.0 - 1e-9)
    return scale * y / (1.0 - y)


@dataclass(frozen=True)
class ObservationLayout:
    """Where each quantity stands in the observation vector of a world with R communities.

    The vector is R blocks of `PER_COMMUNITY`, then `SCALARS`, then the last allocation (ten shares, R
    community shares, openness, advance, abandon).
    """

    communities: int

    @property
    def size(self) -> int:
        """Length of the vector."""
        return self.communities * _C + _S + 10 + self.communities + 3

    def names(self, community_names: tuple[str, ...] | None = None) -> list[str]:
        """One name for each entry."""
        places = community_names or tuple(str(c) for c in range(self.communities))
        return [
            *(f"{what}[{place}]" for place in places for what in PER_COMMUNITY),
            *SCALARS,
            *(f"last_{f}" for f in (*FUNCTIONS, "reserve")),
            *(f"last_share[{place}]" for place in places),
            "last_openness", "last_advance", "last_abandon",
        ]  # fmt: skip

    def bounds(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Lowest and highest value of each entry; everything is in [0, 1], changes in [-1, 1]."""
        low = np.zeros(self.size, np.float32)
        for c in range(self.communities):
            for name in SIGNED[:N_STRATA]:
                low[c * _C + PER_COMMUNITY.index(name)] = -1.0
        low[self.communities * _C + SCALARS.index("knowledge_change")] = -1.0
        return low, np.ones(self.size, np.float32)

    def place(self, observation: npt.NDArray[Any], name: str) -> npt.NDArray[np.float64]:
        """A community quantity: (..., size) in, (..., R) out."""
        i = PER_COMMUNITY.index(name)
        return observation[..., i : self.communities * _C : _C].astype(np.float64)

    def adoption(self, observation: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Adopting shares by community and stratum: (..., size) in, (..., R, 3) out."""
        return np.stack([self.place(observation, n) for n in PER_COMMUNITY[:N_STRATA]], axis=-1)

    def scalar(self, observation: npt.NDArray[Any], name: str) -> npt.NDArray[np.float64]:
        """A quantity of the whole programme: (..., size) in, (...) out."""
        return observation[..., self.communities * _C + SCALARS.index(name)].astype(np.float64)

    def stage(self, observation: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """The stage, 0 to 2: (..., size) in, (...) out."""
        i = self.communities * _C + SCALARS.index("stage_production")
        return observation[..., i : i + 3].argmax(-1)


@inlined
def _seen(value: float, sd: float, key: np.uint64, index: int) -> float:
    if sd <= 0.0:
        return value
    return equations.clip01(value + sd * draws.normal(key, index))


@inlined
def observe_one(s: State, w: World, P: Any, b: int, noisy: bool, out: Array) -> None:
    """Write the observation of society `b` into `out` (float32)."""
    programme = s.programme[b]
    r, n = w.share.shape[0], s.rho.shape[1]
    key_fit = draws.stream(programme.seed, programme.t, draws.SEEN_FIT)
    key_trust = draws.stream(programme.seed, programme.t, draws.SEEN_TRUST)
    key_mean = draws.stream(programme.seed, programme.t, draws.SEEN_RESILIENCE)
    key_low = draws.stream(programme.seed, programme.t, draws.SEEN_LOWEST)
    noise = P.s_obs if noisy else 0.0
    evaluated = 0.0
    for c in range(r):
        com = s.community[b, c]
        size = w.start[c + 1] - w.start[c]
        sat_governance = P.shown * equations.sat(P, s.z[b, c, 4])
        evaluated += w.share[c] * sat_governance
        sd = noise * (1.0 - sat_governance)
        o = c * _C
        for j in range(3):
            cell = max(1, s.cells[b, c, j])
            out[o + j] = s.adopters[b, c, j] / cell
            out[o + 3 + j] = (s.adopters[b, c, j] - s.adopters_before[b, c, j]) / cell
        out[o + 6] = com.k
        out[o + 7] = com.E
        out[o + 8] = _seen(com.tau, sd, key_trust, c)
        out[o + 9] = com.crisis
        out[o + 10] = _seen(com.rho_sum / size, sd, key_mean, c)
        out[o + 11] = _seen(com.rho_low, sd, key_low, c)
        out[o + 12] = com.excluded / size
        out[o + 13] = com.interactors / size
        out[o + 14] = com.kappa_sum / size
    o = r * _C
    out[o] = programme.K
    out[o + 1] = programme.K - programme.K_before
    out[o + 2] = _seen(programme.F, noise * (1.0 - evaluated), key_fit, 0)
    out[o + 3] = min(1.0, equations.estimated_harm(P, programme.D, programme.W))
    out[o + 4] = programme.D / (programme.D + SQUASH_EVIDENCE)
    out[o + 5] = programme.W / (programme.W + SQUASH_EVIDENCE)
    for j in range(3):
        out[o + 6 + j] = 1.0 if programme.stage == j else 0.0
    out[o + 9] = min(1.0, programme.stage_steps / P.T)
    out[o + 10] = min(1.0, programme.age / P.T)
    out[o + 11] = programme.abandoned / (programme.abandoned + SQUASH_ABANDONED)
    out[o + 12] = max(0.0, 1.0 - programme.t / P.T)
    money = P.B * n
    out[o + 13] = programme.M / (programme.M + money) if programme.M > 0.0 else 0.0
    o += _S
    for i in range(s.allocation.shape[1]):
        out[o + i] = s.allocation[b, i]
