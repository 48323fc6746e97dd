"""Effects by scenario and episode: verdicts on them (holds, depends, undecided, refuted), and regions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field
from scipy import stats
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier

from juguo_agents.array_types import Floats
from juguo_agents.evaluation.statistics import Estimate
from juguo_envs.validation import Strict
from juguo_envs.worlds.sampling import Axis


class Rules(Strict):
    """The rules by which a verdict is reached."""

    confidence: Annotated[float, Field(gt=0.5, lt=1.0)]
    scenario_confidence: Annotated[float, Field(gt=0.5, lt=1.0)]
    most: Annotated[float, Field(gt=0.0, le=1.0)]
    some: Annotated[float, Field(gt=0.0, le=0.5)]


Word = Literal["holds", "depends", "undecided", "refuted"]
RESAMPLES = 50_000
DEPTH, LEAST, LEAST_SHARE, FOLDS = 2, 4, 0.1, 5
"""Of the tree that tells where a claim is true: depth, scenarios in a leaf, and folds that check it."""
FOR, AGAINST, SMALL, UNDECIDED = "for", "against", "small", "undecided"


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
    effect: Estimate
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


REASONS = {
    "opposite": "true beyond noise in some scenarios and the opposite in others",
    "counts": "the effect counts on average, and beyond noise in most scenarios",
    "some": "true beyond noise in some scenarios, and not shown to count in the others",
    "few": "the average counts, but too few scenarios show it beyond noise",
    "larger": "the effect is larger than the claim allows",
    "perhaps larger": "the interval includes effects that are larger than the claim allows",
    "other way": "the effect goes the other way",
    "none": "no effect that counts",
    "perhaps none": "the interval includes effects that do not count",
}
"""Why a part comes to its verdict."""


def _verdict(
    effect: Estimate, direction: str, counts: float, most_for: bool, many_for: bool, many_against: bool
) -> tuple[Word, str]:
    if many_for and many_against:
        return "depends", REASONS["opposite"]
    if direction == "above":
        enough, shown = effect.low > counts, effect.low > 0.0
    else:
        enough = shown = effect.high < counts
    if enough and most_for:
        return "holds", REASONS["counts"]
    if shown and many_for:
        return "depends", REASONS["some"]
    if enough:
        return "undecided", REASONS["few"]
    if direction == "at_most":
        if effect.low > counts:
            return "refuted", REASONS["larger"]
        return "undecided", REASONS["perhaps larger"]
    if effect.high < 0.0:
        return "refuted", REASONS["other way"]
    if effect.high < counts:
        return "refuted", REASONS["none"]
    return "undecided", REASONS["perhaps none"]


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


def mean_over_scenarios(means: Floats, confidence: float) -> Estimate:
    """The mean with its bootstrap interval; scenarios are what is resampled.

    A scenario's mean carries the noise of its episodes already: resampling them as well would count it twice.
    The percentiles are expanded (Hesterberg 2015, section 5.3): plain ones are too narrow for few scenarios.
    """
    mean, n = float(means.mean()), len(means)
    if n < 2 or np.ptp(means) < 1e-12:
        return Estimate(mean, mean, mean)
    rng = np.random.default_rng(0)
    resampled = np.concatenate([means[rng.integers(0, n, (RESAMPLES // 20, n))].mean(1) for _ in range(20)])
    tail = stats.norm.cdf(np.sqrt(n / (n - 1)) * stats.t.ppf((1.0 - confidence) / 2.0, n - 1))
    low, high = np.quantile(resampled, (tail, 1.0 - tail))
    return Estimate(mean, float(low), float(high))


def together(parts: Sequence[Judged]) -> tuple[Word, int]:
    """A claim's verdict and the part that decides it: the weakest. A claim holds if all of its parts do.

    Of parts with the same verdict the one with the least support among scenarios decides.
    """
    order = ("refuted", "undecided", "depends", "holds")
    place = min(range(len(parts)), key=lambda i: (order.index(parts[i].verdict), _support(parts[i])))
    return parts[place].verdict, place


@dataclass(frozen=True)
class Bound:
    """A half of an axis: the values above `value`, or those up to it."""

    axis: Axis
    above: bool
    value: float


@dataclass(frozen=True)
class Leaf:
    """A region: its bounds, and what the scenarios in it say."""

    bounds: tuple[Bound, ...]
    scenarios: int
    share_for: float
    share_against: float
    mean: float

    @property
    def where(self) -> str:
        """Its bounds in words."""
        return " and ".join(
            f"{b.axis.text} ({b.axis.short}) {'above' if b.above else 'up to'} {b.value:.3g}"
            for b in self.bounds
        )


@dataclass(frozen=True)
class Region:
    """The leaves of a tree, how often it tells right where it was not fitted, and who says "always the same".

    Attributes:
        leaves: The regions.
        accuracy: Share of scenarios that the tree tells right, cross-validated.
        majority: Share of the most frequent side.
        axis: Index of the axis of the first split.
    """

    leaves: tuple[Leaf, ...]
    accuracy: float
    majority: float
    axis: int

    @property
    def tells(self) -> bool:
        """Whether the tree is of any use."""
        return self.accuracy > self.majority


def find_region(
    places: Floats, sides: tuple[str, ...], means: Floats, axes: tuple[Axis, ...]
) -> Region | None:
    """The region, or None where there are too few scenarios of two sides to tell.

    Args:
        places: (S, axes) in the unit cube.
        sides: (S,) as judged.
        means: (S,) effects.
        axes: The axes.
    """
    labels = np.array([side if side in (FOR, AGAINST) else "neither" for side in sides])
    counts = np.sort(np.unique(labels, return_counts=True)[1])[::-1]
    if len(counts) < 2 or counts[1] < LEAST:
        return None
    tree = DecisionTreeClassifier(
        max_depth=DEPTH, min_samples_leaf=max(LEAST, math.ceil(LEAST_SHARE * len(labels))), random_state=0
    )
    rare = np.isin(labels, [c for c, k in zip(*np.unique(labels, return_counts=True), strict=True) if k < 2])
    folds = StratifiedKFold(int(min(FOLDS, counts[counts >= 2].min())), shuffle=True, random_state=0)
    told = cross_val_predict(tree, places[~rare], labels[~rare], cv=folds)
    accuracy = float((told == labels[~rare]).mean())
    tree.fit(places, labels)
    inner = tree.tree_
    if inner.node_count == 1:
        return None
    ends = tree.apply(places)
    leaves = []
    for node, bounds in _walk(inner, axes, 0, ()):
        here = ends == node
        leaves.append(
            Leaf(
                bounds,
                int(here.sum()),
                float((labels[here] == FOR).mean()),
                float((labels[here] == AGAINST).mean()),
                float(means[here].mean()),
            )
        )
    leaves.sort(key=lambda leaf: -leaf.mean)
    return Region(tuple(leaves), accuracy, float(counts[0] / len(labels)), int(inner.feature[0]))


def _walk(
    inner: object, axes: tuple[Axis, ...], node: int, bounds: tuple[Bound, ...]
) -> Iterator[tuple[int, tuple[Bound, ...]]]:
    """Every leaf with the bounds that lead to it."""
    left, right = inner.children_left[node], inner.children_right[node]  # type: ignore[attr-defined]  # sklearn has no types
    if left < 0:
        yield node, bounds
        return
    axis = axes[int(inner.feature[node])]  # type: ignore[attr-defined]  # sklearn has no types
    value = axis.value(float(inner.threshold[node]))  # type: ignore[attr-defined]  # sklearn has no types
    yield from _walk(inner, axes, int(left), (*bounds, Bound(axis, False, value)))
    yield from _walk(inner, axes, int(right), (*bounds, Bound(axis, True, value)))


def telling_axis(places: Floats, means: Floats, region: Region | None) -> int:
    """The axis to draw the effect against: the first split, or else the one it is most correlated with."""
    if region is not None:
        return region.axis
    if np.ptp(means) < 1e-12:
        return 0
    ranks = [abs(float(stats.spearmanr(places[:, i], means).statistic)) for i in range(places.shape[1])]
    return int(np.argmax(ranks))
