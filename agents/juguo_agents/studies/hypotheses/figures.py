"""One figure for each claim: every scenario's effect, and the effect against the axis that tells most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from juguo_agents.array_types import Floats
from juguo_agents.evaluation.effects import AGAINST, FOR, SMALL, UNDECIDED, telling_axis
from juguo_agents.evaluation.outcomes import OUTCOMES
from juguo_agents.report.figures.style import BLACK, BLUE, GREY, VERMILION, headed, log_axis, styled_png
from juguo_agents.report.texts import say, translated
from juguo_agents.studies.hypotheses.analysis import ClaimResult, PartResult, axis_words
from juguo_agents.studies.hypotheses.claims import ChosenClaims
from juguo_agents.tables import wrapped
from juguo_envs.worlds.sampling import axes

LOOKS = {FOR: (BLUE, "o"), AGAINST: (VERMILION, "s"), SMALL: (GREY, "d"), UNDECIDED: ("#a8a8a8", "x")}
_BAND = "#dbe9f3"


def draw(result: ClaimResult, test: ChosenClaims) -> bytes:
    """The figure of a claim as PNG."""
    return styled_png(lambda: _draw(result, test))


def _draw(result: ClaimResult, test: ChosenClaims) -> Figure:
    rows, also = len(result.parts), len(result.also)
    below = 0.75 + 0.3 * also if also else 0.0
    text = wrapped(translated(result.claim.claim), 118)
    subtitle = "\n".join([*text, translated(result.deciding.judged.reason)])
    title = say(
        "hypotheses.figure.title",
        number=result.claim.id,
        name=translated(result.claim.name).capitalize(),
        verdict=say(f"hypotheses.verdict.{result.verdict}"),
    )
    fig = headed(
        10.0,
        1.45 + 0.17 * len(text) + 2.9 * rows + below,
        title,
        subtitle,
    )
    heights = [2.9 * rows, below] if also else [2.9 * rows]
    # a figure of its own for what does not count, or its long labels would push the panels aside
    figures: Any = fig.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    panels = figures[0].subplots(rows, 2, sharey="row", squeeze=False, width_ratios=(1.25, 1.0))
    for (left, right), part in zip(panels, result.parts, strict=True):
        _scenarios(left, part)
        _against_axis(right, part)
    if also:
        _others(figures[1].subplots(), result)
    sides = [s for s in LOOKS if any(s in p.judged.sides for p in result.parts)]
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=LOOKS[s][0], marker=LOOKS[s][1], ms=5, lw=1.2, label=say(f"hypotheses.side.{s}"))
        for s in sides
    ]
    handles.append(
        Patch(color=_BAND, label=say("hypotheses.figure.mean", confidence=f"{1.0 - test.error:.1%}"))
    )
    handles.append(Line2D([], [], color=BLACK, lw=0.9, ls=(0, (4, 3)), label=say("hypotheses.figure.counts")))
    fig.legend(handles=handles, loc="outside lower left", ncols=3)
    return fig


def _scenarios(panel: Axes, result: PartResult) -> None:
    """Scenarios from the lowest to the highest effect, each with its interval."""
    judged = result.judged
    count = len(judged.means)
    _levels(panel, result)
    size = float(np.clip(150.0 / count, 2.5, 5.5))
    by_effect(panel, judged.means, judged.lows, judged.highs, judged.sides, size=size, lw=0.9, alpha=0.75)
    panel.set_title("\n".join(wrapped(translated(result.part.says), 56)))
    words = translated(OUTCOMES[result.part.outcome].words)
    panel.set_ylabel("\n".join(wrapped(say("hypotheses.figure.effect", outcome=words), 44)))
    panel.set_xlabel(say("hypotheses.figure.scenarios", count=count))
    panel.set_xticks([])
    panel.set_xlim(-1.0, float(count))


def by_effect(
    panel: Axes,
    means: Sequence[float] | Floats,
    lows: Sequence[float] | Floats,
    highs: Sequence[float] | Floats,
    sides: Sequence[str],
    size: float,
    **interval: Any,
) -> None:
    """A mark for each scenario from the lowest to the highest effect, with its interval; a label a side."""
    seen = set()
    for x, i in enumerate(np.argsort(means, kind="stable")):
        colour, marker = LOOKS[sides[i]]
        label = None if sides[i] in seen else say(f"hypotheses.side.{sides[i]}")
        seen.add(sides[i])
        panel.plot((x, x), (lows[i], highs[i]), color=colour, **interval)
        panel.plot(x, means[i], marker, ms=size, color=colour, label=label)


def _against_axis(panel: Axes, result: PartResult) -> None:
    """The effect against the axis that tells most about it."""
    judged = result.judged
    axis = axes()[telling_axis(result.places, judged.means, result.region)]
    values = np.array([axis.value(u) for u in result.places[:, axes().index(axis)]])
    _levels(panel, result)
    for side, (colour, marker) in LOOKS.items():
        some = np.array([s == side for s in judged.sides])
        panel.plot(values[some], judged.means[some], marker, ms=4.5, color=colour, alpha=0.85)
    if axis.log:
        panel.set_xscale("log")
        log_axis(panel.xaxis)
    how = "first" if result.region else "correlated"
    panel.set_title(say(f"hypotheses.figure.{how}"), fontweight="normal")
    panel.set_xlabel("\n".join(wrapped(axis_words(axis), 46)))
    panel.tick_params(axis="y", labelleft=False)


def _levels(panel: Axes, result: PartResult) -> None:
    """Zero, what counts, and the mean with its interval."""
    effect, part = result.judged.effect, result.part
    panel.axhspan(effect.low, effect.high, color=_BAND, zorder=0)
    panel.axhline(effect.mean, color=BLUE, lw=1.0, zorder=1)
    panel.axhline(0.0, color=BLACK, lw=0.8, zorder=1)
    panel.axhline(part.counts, color=BLACK, lw=0.9, ls=(0, (4, 3)), zorder=1)
    panel.grid(axis="y")


def _others(panel: Axes, result: ClaimResult) -> None:
    """Means and intervals of what does not count for the verdict."""
    for y, other in enumerate(result.also):
        effect = other.judged.effect
        panel.plot((effect.low, effect.high), (y, y), color=GREY, lw=2.0)
        panel.plot(effect.mean, y, "o", ms=5, color=BLACK)
        panel.plot((other.part.counts,) * 2, (y - 0.3, y + 0.3), color=BLACK, lw=0.9, ls=(0, (4, 3)))
    panel.axvline(0.0, color=BLACK, lw=0.8)
    panel.set_yticks(range(len(result.also)), [_short(p) for p in result.also])
    panel.set_ylim(len(result.also) - 0.5, -0.5)
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="x")
    panel.set_title(say("hypotheses.figure.also"))


def _short(result: PartResult) -> str:
    return f"{translated(result.part.name)} [{translated(OUTCOMES[result.part.outcome].unit)}]"
