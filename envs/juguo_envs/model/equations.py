"""One small scalar function per equation of the model, in the order of the model page, with its symbols.

`P` is a record of parameters (`juguo_envs.worlds.parameters`); `sat_*` are saturated deliveries in [0, 1].
Each function is pure and, through its attribute `py_func`, plain Python.
"""

from __future__ import annotations

import math
from typing import Any

from juguo_envs.model.compiled import inlined

PRODUCER, INTERACTOR, PARTICIPANT = 0, 1, 2
PRODUCTION, DIFFUSION, APPLICATION = 0, 1, 2

_THREE_HALVES = 1.5
_HALF, _SIXTH, _TWENTY_FOURTH = 1.0 / 2.0, 1.0 / 6.0, 1.0 / 24.0
_ROUNDING = 1.000000001  # more than what rounding takes from a bound


@inlined
def clip01(x: float) -> float:
    """Keep a stock in [0, 1]."""
    return min(1.0, max(0.0, x))


# --- money and delivery ------------------------------------------------------------------------------------


@inlined
def release(P: Any, M: float, N: int) -> float:
    """What the reserve gives back in a quarter."""
    return min(M, P.r_M * P.B * N)


@inlined
def delivery(P: Any, w: float, pot: float, v: float, n: int, stage: int, own_stage: int) -> float:
    """Money per person that a function delivers in a community."""
    return w * pot * v / n * (1.0 if stage == own_stage else P.mu)


@inlined
def power(x: float, exponent: float) -> float:
    """x ** exponent; a square root is quicker where the exponent is 1.5, the default of the saturation."""
    return x * math.sqrt(x) if exponent == _THREE_HALVES else x**exponent


@inlined
def sat(P: Any, z: float) -> float:
    """Saturation of a delivery: a critical mass, then diminishing returns."""
    return 1.0 - math.exp(-power(max(0.0, z) / P.m0, P.m_exp))


# --- knowledge ---------------------------------------------------------------------------------------------


@inlined
def knowledge_rate(
    P: Any, sat_research: float, openness: float, sat_iteration: float, exposure: float
) -> float:
    """Rate of knowledge growth (Duranton and Puga 2004; Nordhaus 1969; Rosenberg 1982)."""
    return P.eta_K * sat_research * (1.0 - P.chi * openness) + P.eta_L * sat_iteration * math.sqrt(exposure)


@inlined
def knowledge(P: Any, K: float, C: float, rate: float) -> float:
    """Knowledge after growth towards its ceiling and decay."""
    if K < C:
        K += (C - K) * (1.0 - math.exp(-rate))
    return clip01(K - P.delta_K * K)


# --- know-how, crisis, environment, trust ------------------------------------------------------------------


@inlined
def absorb(P: Any, kappa_mean: float, producers: float, interactors: float, adopters: float) -> float:
    """Absorptive capacity of a community from its mean capability and shares (Cohen and Levinthal 1990)."""
    return 1.0 - math.exp(-kappa_mean * (P.a_P * producers + P.a_I * interactors + P.a_A * adopters))


@inlined
def know_how(P: Any, k: float, K: float, openness: float, absorption: float) -> float:
    """Know-how of a community after moving towards knowledge."""
    return clip01(k + (P.phi0 + P.phi1 * openness) * absorption * (K - k))


@inlined
def crisis_course(P: Any, crisis: float, relief: float, elsewhere: float) -> float:
    """Level of a crisis after a quarter of (saturated) relief; it spreads from the society's mean level."""
    return clip01(crisis * (1.0 - P.cr0 - P.cr1 * relief) + P.cr2 * elsewhere * (1.0 - crisis))


@inlined
def crisis_shock(P: Any, crisis: float, severity: float) -> float:
    """Level of a crisis after a shock; `severity` is net of what the reserve paid for."""
    return max(crisis, min(1.0, P.crs * severity))


@inlined
def environment(P: Any, E: float, sat_scenarios: float, sat_service: float) -> float:
    """Application environment of a community."""
    grown = P.eta_E * sat_scenarios * (1.0 - E)
    return clip01(E + grown - P.delta_E * (1.0 - sat_service) * max(0.0, E - P.E_b))


@inlined
def trust(P: Any, tau: float, sat_guidance: float, crisis: float) -> float:
    """Trust of a community."""
    return clip01(tau + P.eta_tau * sat_guidance * (1.0 - tau) - P.crT * crisis * tau)


# --- roles, adoption, leaving ------------------------------------------------------------------------------


@inlined
def recruitment(P: Any, sat_engagement: float, kappa: float) -> float:
    """Probability that a participant becomes an interactor."""
    return P.eta_I * (sat_engagement + P.iota0) * kappa


@inlined
def lapse(P: Any, value: float) -> float:
    """Probability that an interactor becomes a participant; it falls with the value that one sees."""
    return P.lambda_I * (1.0 - value)


@inlined
def seen_value(adopted: float, theta_: float, sat_service: float) -> float:
    """Value that an interactor sees: the technology in one's own use, or being served."""
    return 1.0 - (1.0 - adopted * theta_) * (1.0 - sat_service)


@inlined
def theta(P: Any, k: float, F: float, E: float, tau: float) -> float:
    """How usable the technology is in a community."""
    return k**P.alpha_k * (F * E * tau) ** P.alpha_s


@inlined
def difficulty(P: Any, F: float, E: float) -> float:
    """Capability at which half the people can accept the technology."""
    return P.d0 * (1.0 - P.d_F * F) * (1.0 - P.d_E * E)


@inlined
def shortfall(kappa: float, diff: float, width: float) -> float:
    """By how many widths a capability falls short of the difficulty."""
    return (diff - kappa) / width


@inlined
def accept(P: Any, kappa: float, diff: float) -> float:
    """Acceptance by a person of capability `kappa`."""
    return 1.0 / (1.0 + math.exp(shortfall(kappa, diff, P.width)))


@inlined
def accept_bound(P: Any, kappa: float, diff: float) -> float:
    """An upper bound of `accept` without an exponential: e^y is at least the beginning of its series."""
    y = shortfall(kappa, diff, P.width)
    series = 1.0 + y * (1.0 + y * (_HALF + y * (_SIXTH + y * _TWENTY_FOURTH)))
    return _ROUNDING / (1.0 + (series if y > 0.0 else 0.0))


@inlined
def guidance(P: Any, sat_guidance: float) -> float:
    """Factor on the external hazard by evaluation and explanation."""
    return 1.0 + P.gamma * sat_guidance


@inlined
def external_hazard(P: Any, theta_: float, guidance_: float, cap: float, trial: float) -> float:
    """External adoption hazard of who accepts; `trial` is what trials add to it."""
    return theta_ * (P.p * guidance_ * cap + trial)


@inlined
def peer_hazard(P: Any, theta_: float, cap: float) -> float:
    """Adoption hazard of who accepts, where all peers have adopted."""
    return theta_ * P.q * cap


@inlined
def adoption_hazard(p: float, q: float, s: float) -> float:
    """Hazard of adopting at the start of a quarter: external hazard, hazard by peers, share of peers."""
    return p + q * s


@inlined
def adoption(p: float, q: float, s: float) -> float:
    """Probability of adopting within a quarter, exact over the step (Bass 1969).

    Args:
        p: External hazard.
        q: Hazard by peers.
        s: Adopting share of the peers at the start of the quarter.
    """
    e = math.exp(-p - q)
    hazard = adoption_hazard(p, q, s)
    denominator = hazard + q * (1.0 - s) * e
    if denominator <= 0.0:
        return 0.0
    return min(1.0, hazard * (1.0 - e) / denominator)


@inlined
def leaving(P: Any, sat_service: float, theta_: float, crisis: float) -> float:
    """Probability that an adopter leaves."""
    return min(1.0, P.delta_A * (1.0 - sat_service) * (1.0 - theta_) * (1.0 + P.crL * crisis))


# --- defect, harm, evidence, repair ------------------------------------------------------------------------


@inlined
def latent_defect(P: Any, u: float) -> float:
    """Hidden defect of a technology from a uniform draw."""
    if u < P.p_X:
        return P.X_lo + (1.0 - P.X_lo) * u / P.p_X
    return P.X_mild * (u - P.p_X) / (1.0 - P.p_X)


@inlined
def ceiling(P: Any, u: float) -> float:
    """Hidden ceiling of a technology's knowledge from a uniform draw."""
    return P.C_lo + (1.0 - P.C_lo) * u


@inlined
def repairability(P: Any, u: float) -> float:
    """Hidden repairability of a technology from a uniform draw: 1 if it can be repaired, 0 if not."""
    return 1.0 if u < P.p_Y else 0.0


@inlined
def harm(P: Any, X: float) -> float:
    """Probability that an adopter is harmed."""
    return P.h0 * X


@inlined
def harm_damage(P: Any, u: float) -> float:
    """Resilience lost by a harmed adopter, from a uniform draw."""
    return P.damage_h * (P.damage_lo + 2.0 * (1.0 - P.damage_lo) * u)


@inlined
def reported_harm(harmed: float, adopters: float, rumour: float, sat_governance: float) -> float:
    """Reports of harm: the harmed, and unharmed adopters who blame the technology until it is evaluated."""
    return harmed + rumour * (1.0 - sat_governance) * (adopters - harmed)


@inlined
def estimated_harm(P: Any, D: float, W: float) -> float:
    """Harm per adopter and quarter as the evidence shows it, from a prior of none."""
    return D / (W + P.n0)


@inlined
def repair(P: Any, X: float, Y: float, sat_redesign: float, D_true: float) -> float:
    """Defect after repair by adaptation and iteration: no harm seen, no repair."""
    return X * math.exp(-P.eta_X * Y * sat_redesign * math.sqrt(D_true / (D_true + P.n1)))


# --- resilience, capability, exclusion, fit ----------------------------------------------------------------


@inlined
def resilience(
    P: Any, rho: float, kappa: float, adopted: float, theta_: float, sat_resilience: float, damage: float
) -> float:
    """Resilience of a person."""
    rho = (
        rho
        + (P.r0 * kappa + P.ben * adopted * theta_) * (1.0 - rho)
        + P.eta_R * sat_resilience * max(0.0, P.rho_n - rho)
        - P.delta_rho * rho
        - damage
    )
    return clip01(rho)


@inlined
def capability(P: Any, kappa: float, kappa0: float, sat_enablement: float) -> float:
    """Capability of a person."""
    return clip01(kappa + P.eta_kappa * sat_enablement * (1.0 - kappa) - P.delta_kappa * (kappa - kappa0))


@inlined
def excluded(P: Any, was: bool, rho: float) -> bool:
    """Whether a person is excluded: under the floor, and until well above it again."""
    return rho < (P.floor + P.margin if was else P.floor)


@inlined
def fit_rate(P: Any, sat_adaptation: float, sat_governance: float, exposure: float, div: float) -> float:
    """Rate at which social fit grows from real and diverse exposure."""
    return (
        P.eta_F
        * math.sqrt(sat_adaptation * (P.g0 + (1.0 - P.g0) * sat_governance))
        * math.sqrt(exposure)
        * (P.div0 + (1.0 - P.div0) * div)
    )


@inlined
def fit(F: float, rate: float) -> float:
    """Social fit after growth."""
    return 1.0 - (1.0 - F) * math.exp(-rate)


@inlined
def carried(start: float, level: float, share: float) -> float:
    """What of a stock above its start is carried over to another technology."""
    return start + share * max(0.0, level - start)
