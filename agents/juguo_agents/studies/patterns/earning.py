"""Patterns 1, 7 and 10: what a programme brings at all."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import numpy.typing as npt

from juguo_agents.evaluation.statistics import composite_interval, mean_interval, paired_difference
from juguo_agents.studies.patterns.facts import FACTS
from juguo_agents.studies.patterns.pattern import UNKNOWN, Band, Part, Pattern
from juguo_agents.studies.patterns.runs import YEAR, Runs
from juguo_agents.studies.patterns.systems import CARE, NOTHING, System, bringing, doctrines, like_for_like

REACHED = 0.10
"""Adopting share from which a technology is said to have reached people."""
YEARS = 15


def programmes_pay_systems() -> list[System]:
    """Who is run for pattern 1."""
    return [System(NOTHING), *(System(like_for_like(name)) for name in bringing())]


def programmes_pay(runs: Runs) -> Pattern:
    """Pattern 1: bringing a technology to people earns more than no programme."""
    idle = runs.at(NOTHING).record
    gains = {
        name: paired_difference(runs.at(like_for_like(name)).record.returns, idle.returns)
        for name in bringing()
    }
    least = min(gains, key=lambda name: gains[name].low)
    sound = runs.sound
    ends = np.array([runs.at(like_for_like(name)).record.adoption[:, -1] for name in bringing()])

    def reaching(drawn: npt.NDArray[np.int64]) -> float:
        return float((ends[:, sound[drawn]].mean(1) >= REACHED).sum())

    count = composite_interval(reaching, len(sound)) if len(sound) else UNKNOWN
    return Pattern(
        FACTS[1],
        (
            Part(
                f"least gain over `{NOTHING}` ({least})",
                gains[least],
                Band(0.0, above=True, beyond_noise=True),
            ),
            Part("doctrines with 10 % adopters or more", count, Band(8)),
        ),
        {
            "gain": {name: asdict(gain) for name, gain in gains.items()},
            "adoption_end_sound_first": {
                name: asdict(mean_interval(end[sound])) if len(sound) else None
                for name, end in zip(bringing(), ends, strict=True)
            },
            "episodes_sound_first": len(sound),
        },
    )


def care_systems() -> list[System]:
    """Who is run for pattern 7."""
    return [System(like_for_like(name)) for name in doctrines()]


def care_is_not_enough(runs: Runs) -> Pattern:
    """Pattern 7: care without a technology earns less than at least half of the doctrines."""
    names = doctrines()
    returns = np.array([runs.at(like_for_like(name)).record.returns for name in names])
    care = returns[names.index(CARE)]

    def ahead(drawn: npt.NDArray[np.int64]) -> float:
        return float((returns[:, drawn].mean(1) > care[drawn].mean()).sum())

    return Pattern(
        FACTS[7],
        (
            Part(
                f"doctrines of {len(names)} that earn more than `{CARE}`",
                composite_interval(ahead, runs.episodes),
                Band(np.ceil(len(names) / 2)),
            ),
        ),
        {"return": {name: asdict(mean_interval(own)) for name, own in zip(names, returns, strict=True)}},
    )


def idle_systems() -> list[System]:
    """Who is run for pattern 10."""
    return [System(NOTHING)]


def no_programme_no_diffusion(runs: Runs) -> Pattern:
    """Pattern 10: without a programme hardly anybody uses the technology."""
    adoption = runs.at(NOTHING).record.adoption
    after = adoption[:, min(YEARS * YEAR, adoption.shape[1] - 1)]
    return Pattern(
        FACTS[10],
        (Part("adopting share after 15 years", mean_interval(after), Band(most=0.05)),),
        {"adoption": adoption.mean(0).tolist()},
    )
