"""One figure for each pattern, drawn from what is written of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from juguo_agents.report.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PALE,
    PURPLE,
    headed,
    name_rows,
    readable,
    styled_png,
)
from juguo_agents.report.names import PROPOSAL, label
from juguo_agents.report.texts import say
from juguo_agents.studies.patterns.page import part_words, verdict_words
from juguo_agents.studies.patterns.runs import CARE, CONCENTRATED, CRISIS, KNOWLEDGE, YEAR, Part, Pattern

Drawing = Callable[[Pattern, Figure], None]
_MARKED = {CONCENTRATED: BLACK, PROPOSAL: BLUE, CARE: PURPLE}


def draw(pattern: Pattern, world: str, episodes: int) -> bytes:
    """A pattern's figure as PNG, with the name of the world and the number of episodes under its heading."""
    return styled_png(lambda: _draw(pattern, world, episodes), Software=None)


def _draw(pattern: Pattern, world: str, episodes: int) -> Figure:
    number = pattern.fact.number
    drawing, width, height = _DRAWINGS[number]
    name = say(f"patterns.fact.{number}.name")
    title = say("patterns.fig.title", number=number, name=f"{name[0].upper()}{name[1:]}")
    of = say("figures.world", world=readable(world), episodes=f"{episodes:,}")
    note = say("patterns.fig.note", world=of, verdict=verdict_words(pattern.verdict))
    figure = headed(width, height, title, note)
    drawing(pattern, figure)
    return figure


def _dots(axes: Axes, values: Mapping[str, Mapping[str, float] | None], title: str) -> list[str]:
    """Means with intervals by name, the largest at the top; returns the names in their order."""
    told = {name: value for name, value in values.items() if value is not None}
    names = sorted(told, key=lambda name: -told[name]["mean"])
    for row, name in enumerate(names):
        value, colour = told[name], _MARKED.get(name, GREY)
        axes.plot([value["low"], value["high"]], [row, row], color=colour, linewidth=1.6)
        axes.plot(value["mean"], row, "o", color=colour, markersize=5)
    name_rows(axes, [label(name) for name in names], [_MARKED.get(name) for name in names])
    axes.set_title(title)
    axes.grid(axis="x")
    return names


def _parts(axes: Axes, parts: Sequence[Part], title: str) -> None:
    """Figures with their intervals, the first at the top, and their bands as shades."""
    for row, part in enumerate(parts):
        estimate, colour = part.estimate, BLUE if part.band else GREY
        if part.band:
            low = 0.0 if part.band.least is None else part.band.least
            high = 1.0 if part.band.most is None else part.band.most
            axes.barh(row, high - low, left=low, height=0.8, color=PALE, alpha=0.6)
        axes.plot([estimate.low, estimate.high], [row, row], color=colour, linewidth=1.8)
        axes.plot(estimate.mean, row, "o", color=colour, markersize=5)
    name_rows(axes, [part_words(part.name) for part in parts])
    axes.set_title(title)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.grid(axis="x")


def _curve(axes: Axes, curve: Sequence[float], colour: str, name: str, line: str = "-") -> None:
    axes.plot(np.arange(len(curve)) / YEAR, curve, color=colour, linestyle=line, label=name)


def _over_years(axes: Axes, title: str) -> None:
    axes.set_title(title)
    axes.set_xlabel(say("patterns.fig.years"))
    axes.update_datalim([(0.0, 0.0)])
    axes.margins(x=0.0, y=0.04)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.grid(axis="y")


def _programmes_pay(pattern: Pattern, figure: Figure) -> None:
    left, right = figure.subplots(1, 2)
    _dots(left, pattern.details["gain"], say("patterns.fig.gain"))
    left.axvline(0.0, color=BLACK, linewidth=0.8)
    _dots(right, pattern.details["adoption_end_sound_first"], say("patterns.fig.end"))
    right.axvline(0.1, color=ORANGE, linewidth=1.0, linestyle="--")
    right.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))


def _concentration(pattern: Pattern, figure: Figure) -> None:
    left, middle, right = figure.subplots(1, 3)
    names = _dots(left, pattern.details["knowledge_quarter_12"], say("patterns.fig.knowledge"))
    if KNOWLEDGE in names:
        left.get_yticklabels()[names.index(KNOWLEDGE)].set_style("italic")
        left.set_xlabel(say("patterns.fig.italic"))
    _dots(middle, pattern.details["excluded"], say("patterns.fig.excluded"))
    middle.xaxis.set_major_formatter(PercentFormatter(1.0))
    middle.axhline(2.5, color=ORANGE, linewidth=1.0, linestyle="--")
    curves = pattern.details["adoption"]
    for name, colour in (("hubs", BLACK), ("other places", ORANGE)):
        if name in curves:
            _curve(right, curves[name], colour, say(f"patterns.fig.{name}"))
    _over_years(right, say("patterns.fig.places"))
    if curves:
        right.legend(loc="center right")


def _s_curve(pattern: Pattern, figure: Figure) -> None:
    for axes, (name, told) in zip(figure.subplots(1, 2, sharey=True), pattern.details.items(), strict=True):
        _curve(axes, told["adoption"], _MARKED.get(name, GREEN), say("patterns.fig.mean"))
        _curve(axes, told["fitted"], ORANGE, say("patterns.fig.fitted"), "--")
        p, q, years = (part.estimate.mean for part in pattern.parts if part.name.startswith(f"{name}:"))
        words = say("patterns.fig.rates", p=f"{p:.4f}", q=f"{q:.3f}", years=f"{years:.1f}")
        _over_years(axes, f"{label(name)}\n{words}")
        axes.legend(loc="upper left")


def _divide(pattern: Pattern, figure: Figure) -> None:
    details = pattern.details
    compared = [name for name in details if name not in ("years_ahead", "among")]
    first, *others = figure.subplots(1, 1 + len(compared))
    _dots(first, details["years_ahead"], say("patterns.fig.ahead"))
    first.axvline(1.0, color=ORANGE, linewidth=1.0, linestyle="--")
    for axes, name in zip(others, compared, strict=True):
        for key, line in (("adoption", "-"), ("adoption_without_enablement", ":")):
            for stratum, colour in (("upper", BLUE), ("lower", ORANGE)):
                words = say(f"patterns.fig.{stratum}")
                if line == ":":
                    words = say("patterns.fig.unenabled", stratum=words)
                _curve(axes, details[name][key][stratum], colour, words, line)
        _over_years(axes, say("patterns.fig.strata", name=label(name)))
    others[0].legend(loc="upper left")


def _making_matters(pattern: Pattern, figure: Figure) -> None:
    left, right = figure.subplots(1, 2)
    _parts(left, pattern.parts[:2], say("patterns.fig.lost"))
    right.hist(pattern.details["entering_knowledge"], bins=np.linspace(0.0, 1.0, 41), color=BLUE)
    right.axvline(
        pattern.parts[2].estimate.mean, color=BLACK, linewidth=1.2, label=say("patterns.fig.median")
    )
    right.axvline(0.3, color=ORANGE, linewidth=1.0, linestyle="--", label=say("patterns.fig.least"))
    right.set_title(say("patterns.fig.entering"))
    right.legend()


def _crises(pattern: Pattern, figure: Figure) -> None:
    left, right = figure.subplots(1, 2)
    struck, calm = (pattern.details[key] for key in ("mean_return", "mean_return_without_shocks"))
    for name, value in struck.items():
        left.plot(value, calm[name], "o", color=_MARKED.get(name, GREY), markersize=5)
    ends = [min(*struck.values(), *calm.values()), max(*struck.values(), *calm.values())]
    left.plot(ends, ends, color=PALE, linewidth=0.8, zorder=0)
    tau = pattern.parts[1].estimate.mean
    left.set_title(say("patterns.fig.tau", tau=f"{tau:.2f}"))
    left.set_xlabel(say("patterns.fig.struck"))
    left.set_ylabel(say("patterns.fig.calm"))
    shares = pattern.details["in_crisis"]
    names = sorted(shares, key=lambda name: -shares[name])
    right.barh(range(len(names)), [shares[n] for n in names], color=[_MARKED.get(n, GREY) for n in names])
    name_rows(right, [label(name) for name in names], [_MARKED.get(name) for name in names])
    right.axvline(0.15, color=ORANGE, linewidth=1.0, linestyle="--")
    right.set_title(say("patterns.fig.crises", level=CRISIS))
    right.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))


def _care(pattern: Pattern, figure: Figure) -> None:
    axes = figure.subplots()
    _dots(axes, pattern.details["return"], say("patterns.fig.return"))
    axes.axvline(pattern.details["return"][CARE]["mean"], color=PURPLE, linewidth=1.0, linestyle="--")


def _shares(pattern: Pattern, figure: Figure) -> None:
    _parts(figure.subplots(), pattern.parts, say("patterns.fig.measured"))


def _idle(pattern: Pattern, figure: Figure) -> None:
    axes = figure.subplots()
    _curve(axes, pattern.details["adoption"], BLUE, say("patterns.fig.idle"))
    axes.axhline(0.05, color=ORANGE, linewidth=1.0, linestyle="--", label=say("patterns.fig.most"))
    _over_years(axes, say("patterns.fig.adopters"))
    axes.legend(loc="center left")


_DRAWINGS: dict[int, tuple[Drawing, float, float]] = {
    1: (_programmes_pay, 10.0, 4.4),
    2: (_concentration, 13.0, 4.6),
    3: (_s_curve, 9.0, 4.2),
    4: (_divide, 13.0, 4.4),
    5: (_making_matters, 10.0, 3.6),
    6: (_crises, 10.0, 4.6),
    7: (_care, 7.5, 4.6),
    8: (_shares, 8.0, 2.6),
    9: (_shares, 8.5, 4.0),
    10: (_idle, 6.5, 3.8),
}
