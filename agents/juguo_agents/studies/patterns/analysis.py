"""How each pattern is measured: who is run for it, and what is reckoned from the runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import stats

from juguo_agents.allocators import rule_names
from juguo_agents.array_types import Bools, Floats, Ints
from juguo_agents.evaluation.adoption import Bass, crossing, fit_bass
from juguo_agents.evaluation.statistics import (
    Estimate,
    composite_interval,
    mean_interval,
    median_interval,
    paired_difference,
)
from juguo_agents.report.names import PROPOSAL
from juguo_agents.report.texts import say
from juguo_agents.studies.patterns.runs import (
    AS_IS,
    CALM,
    CARE,
    CONCENTRATED,
    FACTS,
    FLAT,
    KNOWLEDGE,
    MARKET,
    NOTHING,
    SOUND,
    UNKNOWN,
    YEAR,
    Band,
    Part,
    Pattern,
    Run,
    Runs,
    System,
    alike,
    bringing,
)

Drawn = Ints
"""Indices of resampled episodes."""

REACHED = 0.10
"""Adopting share from which a technology is said to have reached people."""
YEARS = 15
CURVES = (MARKET, PROPOSAL)
NARROWED = (FLAT, PROPOSAL)
FITS = 500
"""Resamples of episodes to which a curve is fitted."""
LOW, HIGH = 0, 2
CRISES_ON_PURPOSE = "crisis"
"""The scenario that is about crises: there pattern 6 is not meant to hold."""
RESEARCH = "research"

PUBLISHED_P = (4.7551e-06, 0.090551)
PUBLISHED_Q = (0.004157, 0.985125)
"""`QUANTILES` of p and of q, per year, over 22 products in C. Van den Bulte's compilation of published fits.
They are read off by linear interpolation between the sorted values, numpy's default."""
QUANTILES = (0.05, 0.95)


def programmes_pay(runs: Runs) -> Pattern:
    """Pattern 1: bringing a technology to people earns more than no programme."""
    idle, names, sound = runs.at(NOTHING), bringing(), runs.sound
    gains = {name: paired_difference(runs.alike(name).returns, idle.returns) for name in names}
    least = min(gains, key=lambda name: gains[name].low)
    ends = np.array([runs.alike(name).adoption[:, -1] for name in names])

    def reaching(drawn: Drawn) -> float:
        return float((ends[:, sound[drawn]].mean(1) >= REACHED).sum())

    count = composite_interval(reaching, len(sound)) if len(sound) else UNKNOWN
    gained = Band(0.0, above=True, beyond_noise=True)
    return Pattern(
        FACTS[1],
        (
            _part("gain", gains[least], gained, least=least),
            _part("reaching", count, Band(8)),
        ),
        {
            "gain": {name: asdict(gain) for name, gain in gains.items()},
            "adoption_end_sound_first": {
                name: asdict(mean_interval(end[sound])) if len(sound) else None
                for name, end in zip(names, ends, strict=True)
            },
            "episodes_sound_first": len(sound),
        },
    )


def concentration(runs: Runs) -> Pattern:
    """Pattern 2: most knowledge early, adoption in the hubs, many excluded."""
    names = rule_names()
    systems = {name: runs.alike(name) for name in names}
    own = systems[CONCENTRATED]
    leads = {
        name: paired_difference(own.early_knowledge, run.early_knowledge)
        for name, run in systems.items()
        if name not in (CONCENTRATED, KNOWLEDGE)
    }
    closest = min(leads, key=lambda name: leads[name].mean)
    excluded = np.array([systems[name].excluded for name in names])
    me = names.index(CONCENTRATED)

    def rank(drawn: Drawn) -> float:
        means = excluded[:, drawn].mean(1)
        return float(1 + (means > means[me]).sum())

    sound = own.places[runs.sound]
    curves = sound.mean(0).T.tolist() if len(sound) and np.isfinite(sound).all() else []
    ranked = composite_interval(rank, runs.episodes)
    return Pattern(
        FACTS[2],
        (
            _part("lead", leads[closest], Band(0.0, above=True), closest=closest),
            _part("hubs", _others_over_hubs(sound), Band(most=0.5)),
            _part("rank", ranked, Band(most=3), count=len(names)),
        ),
        {
            "knowledge_quarter_12": {n: asdict(mean_interval(r.early_knowledge)) for n, r in systems.items()},
            "excluded": {name: asdict(mean_interval(run.excluded)) for name, run in systems.items()},
            "adoption": dict(zip(("hubs", "other places"), curves, strict=False)),
        },
    )


def _others_over_hubs(places: Floats) -> Estimate:
    """Ratio of adopting shares of the last year, each a mean over persons.

    The hubs' adoption, which is the larger one, stands below: outside them there may be none.
    """
    last = places[:, -YEAR:].mean(1)

    def ratio(drawn: Drawn) -> float:
        hubs, others = last[drawn].mean(0)
        return float(others / hubs) if hubs > 0.0 else float("nan")

    return composite_interval(ratio, len(last)) if len(last) else UNKNOWN


def s_curve(runs: Runs) -> Pattern:
    """Pattern 3: the mean curve is that of Bass, with rates as published."""
    parts: list[Part] = []
    details: dict[str, Any] = {}
    for name in CURVES:
        adoption = runs.alike(name, SOUND).adoption
        years, curve = np.arange(adoption.shape[1]) / YEAR, adoption.mean(0)
        whole = fit_bass(years, curve)
        p, q = _rates(years, adoption, whole)
        duration = _duration(years, adoption)
        parts += [
            _part("p", p, Band(*PUBLISHED_P), name=name),
            _part("q", q, Band(*PUBLISHED_Q), name=name),
            _part("duration", duration, Band(4.0, 15.0), name=name),
        ]
        fitted = whole.at(years)
        details[name] = {
            "ceiling": whole.m,
            "root_mean_square_misfit": float(np.sqrt(((curve - fitted) ** 2).mean())),
            "adoption": curve.tolist(),
            "fitted": fitted.tolist(),
        }
    return Pattern(FACTS[3], tuple(parts), details)


def _rates(years: Floats, adoption: Floats, whole: Bass) -> tuple[Estimate, Estimate]:
    """p and q of the mean curve; resamples are fitted once for both."""
    fitted: dict[bytes, Bass] = {}

    def refit(drawn: Drawn) -> Bass:
        key = drawn.tobytes()
        if key not in fitted:
            near = whole if np.isfinite(whole.p) else None
            fitted[key] = fit_bass(years, adoption[drawn].mean(0), near)
        return fitted[key]

    return (
        composite_interval(lambda drawn: refit(drawn).p, len(adoption), FITS),
        composite_interval(lambda drawn: refit(drawn).q, len(adoption), FITS),
    )


def _duration(years: Floats, adoption: Floats) -> Estimate:
    """From 10 % to 90 % of the level of the last year, on the mean curve."""

    def duration(drawn: Drawn) -> float:
        curve = adoption[drawn].mean(0)
        final = curve[-YEAR:].mean()
        if final <= 0.0:
            return float("nan")
        return crossing(years, curve, 0.9 * final) - crossing(years, curve, 0.1 * final)

    return composite_interval(duration, len(adoption))


def divide(runs: Runs) -> Pattern:
    """Pattern 4: the upper stratum is years ahead of the lower, less so where people are enabled."""
    episodes = runs.episodes
    systems = {name: runs.alike(name, SOUND) for name in bringing()}
    reach = [name for name, run in systems.items() if run.adoption[:, -1].mean() >= REACHED]

    def of(figure: Callable[[Run, Drawn], float], run: Run) -> Estimate:
        return composite_interval(lambda drawn: figure(run, drawn), episodes)

    def change(figure: Callable[[Run, Drawn], float], run: Run, without: Run) -> Estimate:
        return composite_interval(lambda drawn: figure(without, drawn) - figure(run, drawn), episodes)

    def mean_lag(drawn: Drawn) -> float:
        return float(np.mean([lag(systems[name], drawn) for name in reach])) if reach else float("nan")

    parts = [_part("lag", composite_interval(mean_lag, episodes), Band(1.0), count=len(reach))]
    parts += [_part("ahead", of(lag, systems[name]), name=name) for name in NARROWED]
    details: dict[str, Any] = {
        "years_ahead": {name: asdict(of(lag, run)) for name, run in systems.items()},
        "among": reach,
    }
    for name in NARROWED:
        run, without = systems[name], runs.alike(name, SOUND, "enablement")
        wider, further = change(gap, run, without), change(lag, run, without)
        parts += [
            _part("wider", wider, Band(0.0, above=True), name=name),
            _part("further", further, name=name),
        ]
        details[name] = {
            "gap": asdict(of(gap, run)),
            "gap_without_enablement": asdict(of(gap, without)),
            "adoption": _by_stratum(run),
            "adoption_without_enablement": _by_stratum(without),
        }
    return Pattern(FACTS[4], tuple(parts), details)


def lag(run: Run, drawn: Drawn) -> float:
    """Years by which the upper stratum's mean curve reaches half of its level of the last year first."""
    halves = []
    for stratum in (LOW, HIGH):
        curve = run.strata[drawn, :, stratum].mean(0)
        final = curve[-YEAR:].mean()
        years = np.arange(len(curve)) / YEAR
        halves.append(crossing(years, curve, 0.5 * final) if final > 0.0 else float("nan"))
    return halves[0] - halves[1]


def gap(run: Run, drawn: Drawn) -> float:
    """Share by which the lower stratum's adoption of the last year is below the upper's.

    It has no unit, so that it can be compared between levels of adoption.
    """
    low, _, high = run.strata[drawn, -YEAR:].mean((0, 1))
    return float(1.0 - low / high) if high > 0.0 else float("nan")


def _by_stratum(run: Run) -> dict[str, list[float]]:
    """Mean adopting share of the lower and the upper stratum by quarter."""
    means = run.strata.mean(0)
    return {"lower": means[:, LOW].tolist(), "upper": means[:, HIGH].tolist()}


def crises_are_exceptions(runs: Runs) -> Pattern:
    """Pattern 6: few crises under the proposal, and the same ranking without shocks."""
    names = rule_names()
    struck, calm = (np.array([runs.alike(name, world).returns for name in names]) for world in (AS_IS, CALM))

    def agreement(drawn: Drawn) -> float:
        return kendall(struck[:, drawn].mean(1), calm[:, drawn].mean(1))

    crises = mean_interval(runs.alike(PROPOSAL).crises)
    tau = composite_interval(agreement, runs.episodes)
    return Pattern(
        FACTS[6],
        (
            _part("crises", crises, Band(most=0.15)),
            _part("tau", tau, Band(0.8)),
        ),
        {
            "mean_return": dict(zip(names, struck.mean(1).tolist(), strict=True)),
            "mean_return_without_shocks": dict(zip(names, calm.mean(1).tolist(), strict=True)),
            "in_crisis": {name: float(runs.alike(name).crises.mean()) for name in names},
        },
        expected=runs.scenario.name != CRISES_ON_PURPOSE,
    )


def kendall(first: Floats, second: Floats) -> float:
    """Kendall's tau-b of two rankings."""
    return float(stats.kendalltau(first, second).statistic)


def care_is_not_enough(runs: Runs) -> Pattern:
    """Pattern 7: care without a technology earns less than at least half of the doctrines."""
    names = rule_names()
    returns = np.array([runs.alike(name).returns for name in names])
    care = returns[names.index(CARE)]

    def ahead(drawn: Drawn) -> float:
        return float((returns[:, drawn].mean(1) > care[drawn].mean()).sum())

    half = Band(np.ceil(len(names) / 2))
    return Pattern(
        FACTS[7],
        (_part("care", composite_interval(ahead, runs.episodes), half, count=len(names)),),
        {"return": {name: asdict(mean_interval(own)) for name, own in zip(names, returns, strict=True)}},
    )


def no_programme_no_diffusion(runs: Runs) -> Pattern:
    """Pattern 10: without a programme hardly anybody uses the technology."""
    adoption = runs.at(NOTHING).adoption
    after = adoption[:, min(YEARS * YEAR, adoption.shape[1] - 1)]
    return Pattern(
        FACTS[10],
        (_part("idle", mean_interval(after), Band(most=0.05)),),
        {"adoption": adoption.mean(0).tolist()},
    )


@dataclass(frozen=True)
class Measure:
    """How a pattern that needs no search is measured: who is run, and what is reckoned from it."""

    systems: Callable[[], list[System]]
    pattern: Callable[[Runs], Pattern]


MEASURES: dict[int, Measure] = {
    1: Measure(lambda: [System(NOTHING), *alike(bringing())], programmes_pay),
    2: Measure(lambda: alike(rule_names()), concentration),
    3: Measure(lambda: alike(list(CURVES), SOUND), s_curve),
    4: Measure(lambda: [*alike(bringing(), SOUND), *alike(list(NARROWED), SOUND, "enablement")], divide),
    6: Measure(lambda: [*alike(rule_names()), *alike(rule_names(), CALM)], crises_are_exceptions),
    7: Measure(lambda: alike(rule_names()), care_is_not_enough),
    10: Measure(lambda: [System(NOTHING)], no_programme_no_diffusion),
}
"""The patterns that need no search."""
SEARCHED = (5, 8, 9)
"""The patterns that need searches."""


def making_matters(ablated: Mapping[str, Any], run: Run, searches: Mapping[str, Any]) -> Pattern:
    """Pattern 5.

    Args:
        ablated: The numbers of the study `ablation` with research at zero.
        run: Of the best closed loop.
        searches: What to say of the searches.
    """
    entered = run.entering_knowledge[np.isfinite(run.entering_knowledge)]
    research = ablated["levers"][RESEARCH]
    median = median_interval(entered) if len(entered) else UNKNOWN
    return Pattern(
        FACTS[5],
        (
            _part("research", _share(research["searched"]), Band(0.2)),
            _part("control", _share(ablated["control"]["searched"])),
            _part("entering", median, Band(0.3)),
        ),
        {
            **searches,
            "gap": ablated["gap"],
            "at_once": research["at_once"],
            "entering_knowledge": entered.tolist(),
            "episodes_never_in_diffusion": len(run.entering_knowledge) - len(entered),
        },
    )


def giving_up(run: Run, defective: Bools, searches: Mapping[str, Any]) -> Pattern:
    """Pattern 8, from the best closed loop's run and from which first technologies are defective."""

    def share(among: Bools) -> Estimate:
        return mean_interval(run.given_up[among].astype(np.float64)) if among.any() else UNKNOWN

    return Pattern(
        FACTS[8],
        (
            _part("defective", share(defective), Band(0.7)),
            _part("sound", share(~defective), Band(most=0.3)),
        ),
        {**searches, "defective": int(defective.sum()), "sound": int((~defective).sum())},
    )


def feedback_pays(valued: Mapping[str, Any], searches: Mapping[str, Any]) -> Pattern:
    """Pattern 9, from the numbers of the study `value` with one doubling."""
    worth, kinds = valued["worth_searched_on"], valued["kinds_searched_on"]
    return Pattern(
        FACTS[9],
        (
            _part("feedback", _share(worth["feedback"]), Band(0.2)),
            _part("shows", _share(worth["evaluation"]), Band(0.08)),
            *(_part("kind", _share(kind), name=name) for name, kind in kinds.items()),
        ),
        {
            **searches,
            "gap": valued["gap"],
            "closed_loop": f"searches/{valued['searches'][valued['last']['closed loop']]}",
        },
    )


def _share(worth: Mapping[str, float]) -> Estimate:
    return Estimate(worth["share"], worth["share_low"], worth["share_high"])


def _part(key: str, estimate: Estimate, band: Band | None = None, **values: object) -> Part:
    """A part by the text that names it."""
    return Part(say(f"patterns.part.{key}", "en", **values), estimate, band)
