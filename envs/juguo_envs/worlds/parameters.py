"""Every parameter of the model: symbol, default, bounds, sampling range, unit and source.

One class per group of the model page. A field's bounds say what a scenario may hold; its sampling range
(`Meta.sampling` in the field's metadata) says over which values scenarios are drawn when the parameter
space is explored, see `juguo_envs.worlds.sampling`. Where no source is named the value is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import Field
from pydantic.fields import FieldInfo

from juguo_envs.validation import Strict


@dataclass(frozen=True)
class Together:
    """A factor that scales several parameters at once when scenarios are sampled.

    Attributes:
        name: Name of the factor; parameters that hold the same one are scaled together.
        low, high: Range of the factor; 1 leaves the parameters as they are.
        text: What the factor means.
    """

    name: str
    low: float
    high: float
    text: str


HIGHEST_AVERSION = 2.0
"""Upper end of the aversion to inequality; a policy that is told of it sees it over this."""
CRISIS_EFFECTS = Together("crisis.effects", 0.0, 1.0, "factor on the effects of crises")


@dataclass(frozen=True)
class Meta:
    """What is known of a parameter beside its value and bounds.

    Attributes:
        unit: Unit of the value; "1" for a pure number, "1/quarter" for a rate.
        source: Where form or value come from; "assumed" where there is none.
        sampling: Low and high end for scenario sampling, or None when it is held fixed.
        log: Whether the sampling is uniform in the logarithm.
        whole: Whether only whole numbers are sampled, each as likely as another.
        together: The factor by which it is sampled, with others, instead of by a range of its own.
    """

    unit: str
    source: str
    sampling: tuple[float, float] | None
    log: bool
    whole: bool = False
    together: Together | None = None


def par(
    default: float,
    low: float,
    high: float,
    text: str,
    *,
    unit: str = "1",
    source: str = "assumed",
    sampling: tuple[float, float] | None = None,
    log: bool = False,
    whole: bool = False,
    together: Together | None = None,
) -> Any:
    """Declare one parameter of the model as a bounded pydantic field; a whole one needs the type int."""
    if sampling is not None and together is not None:
        raise ValueError(
            f"{text}: sampled by a range of its own and together with others; only one is allowed"
        )
    field: Any = Field(default=default, ge=low, le=high, description=text)
    field.metadata.append(Meta(unit, source, sampling, log, whole, together))
    return field


class Group(Strict):
    """Base of every section of a scenario."""


class Money(Group):
    """What there is to spend and how money becomes delivered capacity."""

    B: float = par(0.8, 0.0, 100.0, "budget", unit="money/person/quarter", sampling=(0.12, 3.0), log=True)
    m0: float = par(0.14, 1e-3, 10.0, "delivery at which a function saturates", unit="money/person/quarter")
    m_exp: float = par(1.5, 1.0, 4.0, "exponent of the saturation: above 1 there is a critical mass")
    mu: float = par(0.5, 0.0, 1.0, "effect of money spent on another stage's function", sampling=(0.5, 1.0))
    r_M: float = par(0.5, 0.0, 100.0, "most that the reserve gives back in a quarter", unit="budgets")


class Knowledge(Group):
    """How the technology is found out."""

    K0: float = par(0.1, 0.0, 1.0, "knowledge at the start", sampling=(0.02, 0.4))
    eta_K: float = par(
        0.12,
        0.0,
        2.0,
        "growth by research",
        unit="1/quarter",
        sampling=(0.05, 0.25),
        source="Duranton and Puga 2004 (form)",
    )
    chi: float = par(0.5, 0.0, 1.0, "loss of research effort to openness", source="Nordhaus 1969 (form)")
    eta_L: float = par(0.08, 0.0, 2.0, "growth by use", unit="1/quarter", source="Rosenberg 1982 (form)")
    delta_K: float = par(0.015, 0.0, 1.0, "decay of knowledge", unit="1/quarter")
    C_lo: float = par(0.6, 0.05, 1.0, "lowest ceiling of knowledge; 1 means no ceiling", sampling=(0.3, 1.0))


class KnowHow(Group):
    """How know-how reaches a community, and how its application environment grows."""

    phi0: float = par(
        0.08,
        0.0,
        1.0,
        "absorption without openness",
        unit="1/quarter",
        source="Cohen and Levinthal 1990 (form)",
    )
    phi1: float = par(0.25, 0.0, 1.0, "absorption added by openness", unit="1/quarter")
    a_P: float = par(12.0, 0.0, 1000.0, "absorptive capacity by active producers")
    a_I: float = par(8.0, 0.0, 1000.0, "absorptive capacity by interactors")
    a_A: float = par(3.0, 0.0, 1000.0, "absorptive capacity by adopters")
    k0: float = par(0.02, 0.0, 1.0, "know-how of a community at the start")
    E0: float = par(0.12, 0.0, 1.0, "application environment at the start")
    E_b: float = par(0.1, 0.0, 1.0, "environment that stays without upkeep")
    eta_E: float = par(0.15, 0.0, 1.0, "growth of the environment", unit="1/quarter")
    delta_E: float = par(0.07, 0.0, 1.0, "decay of the environment without service", unit="1/quarter")


class Trust(Group):
    """How much a community trusts the programme."""

    tau0: float = par(0.5, 0.0, 1.0, "trust at the start")
    eta_tau: float = par(0.1, 0.0, 1.0, "growth by evaluation and explanation", unit="1/quarter")


class Roles(Group):
    """How participants become interactors and lapse back."""

    eta_I: float = par(0.15, 0.0, 0.5, "recruitment", unit="1/quarter")
    iota0: float = par(0.08, 0.0, 1.0, "recruitment without money")
    lambda_I: float = par(
        0.04,
        0.0,
        1.0,
        "lapse of interactors who have no use of the technology and no service",
        unit="1/quarter",
    )


class Adoption(Group):
    """Who adopts, and who leaves."""

    p: float = par(0.06, 0.0, 5.0, "external adoption hazard", unit="1/quarter", source="Bass 1969 (form)")
    q: float = par(0.8, 0.0, 20.0, "adoption hazard by peers", unit="1/quarter", source="Bass 1969 (form)")
    gamma: float = par(2.0, 0.0, 20.0, "how much explanation and evaluation raise p")
    p_tr: float = par(2.5, 0.0, 5.0, "hazard of taking part in a trial, per theta", unit="1/quarter")
    alpha_k: float = par(1.2, 0.0, 3.0, "exponent of know-how in theta", sampling=(0.5, 2.0))
    alpha_s: float = par(0.35, 0.0, 3.0, "exponent of the social conditions in theta", sampling=(0.0, 0.5))
    d0: float = par(0.5, -10.0, 2.0, "difficulty of use", sampling=(0.2, 0.7))
    d_F: float = par(0.5, 0.0, 1.0, "share of the difficulty that full fit takes away")
    d_E: float = par(0.3, 0.0, 1.0, "share of the difficulty that a full environment takes away")
    width: float = par(0.12, 1e-3, 10.0, "width of the acceptance over capability")
    delta_A: float = par(0.06, 0.0, 1.0, "leaving", unit="1/quarter")


class Defect(Group):
    """What may be wrong with a technology, and how it is found out and repaired."""

    h0: float = par(
        0.6,
        0.0,
        1.0,
        "harm per quarter of a fully defective technology",
        unit="1/quarter",
        sampling=(0.1, 0.8),
    )
    p_X: float = par(0.6, 0.0, 1.0, "share of technologies that are seriously defective", sampling=(0.0, 0.9))
    X_lo: float = par(0.5, 0.0, 1.0, "lowest serious defect", sampling=(0.3, 0.7))
    X_mild: float = par(0.1, 0.0, 1.0, "highest defect of the technologies that are not seriously defective")
    eta_X: float = par(0.5, 0.0, 2.0, "repair", unit="1/quarter", sampling=(0.2, 1.5))
    p_Y: float = par(
        0.25, 0.0, 1.0, "share of technologies whose defect can be repaired", sampling=(0.0, 0.8)
    )
    n1: float = par(5.0, 1e-3, 1e6, "evidence at which repair is half informed", unit="persons")
    damage_h: float = par(0.3, 0.0, 1.0, "mean resilience lost by a harmed adopter")
    damage_lo: float = par(0.5, 0.0, 1.0, "least resilience lost by a harmed adopter, relative to the mean")
    rumour: float = par(
        0.6,
        0.0,
        1.0,
        "most adopters that a technology is wrongly blamed by, where nothing is evaluated",
        unit="1/quarter",
        sampling=(0.0, 1.0),
    )
    n0: float = par(
        10.0,
        1e-3,
        1e6,
        "experience at which the estimate of harm is half of what was seen",
        unit="person-quarters",
    )


class Crisis(Group):
    """Shocks that strike a community, and the crises that follow."""

    shock_rate: float = par(
        0.015, 0.0, 1.0, "probability of a shock in a community", unit="1/quarter", sampling=(0.0, 0.06)
    )
    severity: float = par(0.15, 0.0, 2.0, "mean severity (exponential)")
    claim: float = par(10.0, 0.0, 1e4, "what the reserve pays per unit of damage", unit="money")
    cover: float = par(0.5, 0.0, 1.0, "largest share of a damage that the reserve pays")
    cr0: float = par(0.08, 0.0, 1.0, "end of a crisis by itself", unit="1/quarter")
    cr1: float = par(0.95, 0.0, 1.0, "end of a crisis by money", unit="1/quarter")
    cr2: float = par(
        0.05, 0.0, 1.0, "spread of crises over the society", unit="1/quarter", sampling=(0.0, 0.5)
    )
    crs: float = par(5.0, 0.0, 100.0, "crisis level per severity")
    crT: float = par(0.6, 0.0, 1.0, "trust lost in a crisis", unit="1/quarter", together=CRISIS_EFFECTS)
    crL: float = par(20.0, 0.0, 100.0, "how much more adopters leave in a crisis", together=CRISIS_EFFECTS)


class Resilience(Group):
    """A person's ability to take part: resilience, its floor, and capability."""

    r0: float = par(0.06, 0.0, 1.0, "resilience rebuilt per capability", unit="1/quarter")
    eta_R: float = par(0.15, 0.0, 1.0, "restoring by money", unit="1/quarter")
    rho_n: float = par(0.5, 0.0, 1.0, "level up to which money restores")
    ben: float = par(0.08, 0.0, 1.0, "gain from a technology in use", unit="1/quarter")
    delta_rho: float = par(0.03, 0.0, 1.0, "decay", unit="1/quarter")
    floor: float = par(0.15, 0.0, 1.0, "resilience under which a person is excluded")
    margin: float = par(0.1, 0.0, 1.0, "how far above the floor a person must come to take part again")
    eta_kappa: float = par(0.06, 0.0, 1.0, "capability by enablement", unit="1/quarter")
    delta_kappa: float = par(0.03, 0.0, 1.0, "return to a person's own capability", unit="1/quarter")


class Fit(Group):
    """How the technology comes to fit the society that uses it."""

    F0: float = par(0.1, 0.0, 1.0, "social fit at the start")
    eta_F: float = par(1.0, 0.0, 20.0, "growth by exposure", unit="1/quarter", sampling=(0.3, 2.5))
    g0: float = par(0.15, 0.0, 1.0, "share of it that needs no evaluation")
    div0: float = par(0.3, 0.0, 1.0, "share of it that needs no diversity")


class Observation(Group):
    """What an allocator sees."""

    s_obs: float = par(0.1, 0.0, 1.0, "noise on fit, trust and resilience where nothing is evaluated")
    shown: float = par(1.0, 0.0, 1.0, "share of what governance finds out that the allocator is shown")
    tail_seen: float = par(
        0.1, 0.01, 1.0, "share of a community's persons whose resilience is seen as lowest"
    )


class Reward(Group):
    """What is valued: weights of the three goals in the scalar reward, and what inequality costs."""

    w_b: float = par(1.0, 0.0, 100.0, "weight of breadth", sampling=(0.2, 2.0), log=True)
    w_r: float = par(0.2, 0.0, 100.0, "weight of resilience", sampling=(0.05, 2.0), log=True)
    w_x: float = par(1.0, 0.0, 100.0, "weight of the excluded", sampling=(0.2, 5.0), log=True)
    w_l: float = par(0.5, 0.0, 1.0, "share of the worst off in the measure of resilience, not the mean")
    tail: float = par(0.2, 0.01, 1.0, "share of the persons who are the worst off in resilience")
    aversion: float = par(
        0.5,
        0.0,
        HIGHEST_AVERSION,
        "aversion to inequality of breadth: 0 counts heads",
        sampling=(0.0, HIGHEST_AVERSION),
        source="Atkinson 1970 (form)",
    )


def parameter_meta(field: FieldInfo) -> Meta | None:
    """The `Meta` of a parameter's field, or None for a field that is no parameter."""
    return next((m for m in field.metadata if isinstance(m, Meta)), None)
