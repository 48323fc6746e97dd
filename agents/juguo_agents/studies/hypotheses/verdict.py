"""From effects by scenario and episode to a verdict: holds, fails or depends; see docs/hypotheses.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

from juguo_agents.studies.hypotheses.claims import Verdict as Rules

Floats = npt.NDArray[np.float64]
Word = Literal["holds", "fails", "depends"]
RESAMPLES = 50_000
FOR, AGAINST, SMALL, UNDECIDED = "for", "against", "small", "undecided"


@dataclass(frozen=True)
class Interval:
    """A mean with its interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Judged:
    """A part's verdict and what it rests on, all in the outcome's unit.

    Attributes:
        verdict: What the part comes to.
        reason: Why, in words.
        effect: Mean over scenarios, with its corrected interval.
        means, lows, highs: (S,) of every scenario, with its own interval.
        sides: (S,) "for", "against", "small" (shown to be smaller than counts) or "undecided".
        standardised: The mean in standard deviations over scenarios; NaN where there is no spread.
    """

    verdict: Word
    reason: str
    effect: Interval
    means: Floats
    lows: Floats
    highs: Floats
    sides: tuple[str, ...]
    standardised: float

    def share(self, side: str) -> float:
        """Share of the scenarios on a side."""
        return self.sides.count(side) / len(self.sides)


def judge(effects: Floats, direction: str, counts: float, rules: Rules, tested: int) -> Judged:
    """Judge a part.

    Args:
        effects: (S, E) effect of every scenario and episode.
        direction: "above" where the claim says that the effect is more than `counts`; "at_most": less.
        counts: The smallest effect that counts.
        rules: Confidence and shares.
        tested: Number of parts that the confidence is corrected for.
    """
    means = effects.mean(1)
    lows, highs = scenario_intervals(effects, rules.scenario_confidence)
    error = (1.0 - rules.confidence) / tested
    effect = mean_over_scenarios(means, 1.0 - error)
    sides = tuple(
        side_of(m, low, high, direction, counts) for m, low, high in zip(means, lows, highs, strict=True)
    )
    chance = (1.0 - rules.scenario_confidence) / 2.0
    many_for = _many(sides.count(FOR), len(sides), rules.some, chance, error)
    many_against = _many(sides.count(AGAINST), len(sides), rules.some, chance, error)
    most_for = sides.count(FOR) >= rules.most * len(sides)
    verdict, reason = _verdict(effect, direction, counts, most_for, many_for, many_against)
    spread = float(means.std(ddof=1)) if len(means) > 1 else 0.0
    standardised = effect.mean / spread if spread > 0.0 else float("nan")
    return Judged(verdict, reason, effect, means, lows, highs, sides, standardised)


def _verdict(
    effect: Interval, direction: str, counts: float, most_for: bool, many_for: bool, many_against: bool
) -> tuple[Word, str]:
    if many_for and many_against:
        return "depends", "true beyond noise in some scenarios and the opposite in others"
    if direction == "above":
        enough, shown = effect.low > counts, effect.low > 0.0
    else:
        enough = shown = effect.high < counts
    if enough and most_for:
        return "holds", "the effect counts on average, and beyond noise in most scenarios"
    if shown and many_for:
        return (
            "depends",
            "true beyond noise in some scenarios, and not shown to count in the others",
        )
    if enough:
        return "fails", "not shown: the average counts, but too few scenarios show it beyond noise"
    if direction == "at_most":
        if effect.low > counts:
            return "fails", "refuted: the effect is larger than the claim allows"
        return "fails", "not shown: the interval includes effects that are larger than the claim allows"
    if effect.high < 0.0:
        return "fails", "refuted: the effect goes the other way"
    if effect.high < counts:
        return "fails", "refuted: no effect that counts"
    return "fails", "not shown: the interval includes effects that do not count"


def _support(judged: Judged) -> float:
    return judged.share(FOR) - judged.share(AGAINST)


def _many(count: int, scenarios: int, some: float, chance: float, error: float) -> bool:
    """Whether a count is a share that matters and more than chance would give."""
    return count >= some * scenarios and bool(stats.binom.sf(count - 1, scenarios, chance) < error)


def side_of(mean: float, low: float, high: float, direction: str, counts: float) -> str:
    """On which side a scenario is.

    "above": for or against where the interval excludes zero and the mean is an effect that counts. "at_most":
    for or against where the interval excludes `counts`.
    """
    if direction == "at_most":
        return FOR if high < counts else AGAINST if low > counts else UNDECIDED
    if low > 0.0 and mean >= counts:
        return FOR
    if high < 0.0 and mean <= -counts:
        return AGAINST
    return SMALL if -counts < low and high < counts else UNDECIDED


def scenario_intervals(effects: Floats, confidence: float) -> tuple[Floats, Floats]:
    """(S,) low and high ends: Student's t over the episodes of each scenario."""
    episodes = effects.shape[1]
    half = stats.t.ppf(0.5 + confidence / 2.0, episodes - 1) * effects.std(1, ddof=1) / np.sqrt(episodes)
    means = effects.mean(1)
    return means - half, means + half


def mean_over_scenarios(means: Floats, confidence: float) -> Interval:
    """The mean with its bootstrap interval; scenarios are what is resampled.

    A scenario's mean carries the noise of its episodes already: resampling them as well would count it twice.
    The percentiles are expanded (Hesterberg 2015, section 5.3): plain ones are too narrow for few scenarios.
    """
    mean, n = float(means.mean()), len(means)
    if n < 2 or np.ptp(means) < 1e-12:
        return Interval(mean, mean, mean)
    rng = np.random.default_rng(0)
    resampled = np.concatenate([means[rng.integers(0, n, (RESAMPLES // 20, n))].mean(1) for _ in range(20)])
    tail = stats.norm.cdf(np.sqrt(n / (n - 1)) * stats.t.ppf((1.0 - confidence) / 2.0, n - 1))
    low, high = np.quantile(resampled, (tail, 1.0 - tail))
    return Interval(mean, float(low), float(high))


def together(parts: Sequence[Judged]) -> tuple[Word, int]:
    """A claim's verdict and the part that decides it: the weakest. A claim holds if all of its parts do.

    Of parts with the same verdict the one with the least support among scenarios decides.
    """
    order = ("fails", "depends", "holds")
    place = min(range(len(parts)), key=lambda i: (order.index(parts[i].verdict), _support(parts[i])))
    return parts[place].verdict, place
