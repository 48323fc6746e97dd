"""The figures of a calibration as PNG. Only this module of the package imports matplotlib."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, PercentFormatter
from scipy.stats import chi2

from juguo_agents.calibration.data import Diffusion
from juguo_agents.calibration.fit import LEVEL
from juguo_agents.calibration.hindcast import BAND, Hindcast
from juguo_agents.calibration.results import Calibration
from juguo_agents.report.figures.style import BLACK, BLUE, DPI, GREY, ORANGE, VERMILION, parameters, readable

_MOST_PLACES = 20
_MEANINGS = (
    "p: adopting by oneself",
    "q_peers: by those whom one named",
    "q_community: by the whole community",
)


def draw_figures(found: Calibration) -> Iterator[tuple[str, bytes]]:
    """File name and PNG of each figure. matplotlib's settings are as before when it is done."""
    for name, draw in FIGURES.items():
        with rc_context(parameters()):
            out = io.BytesIO()
            draw(found).savefig(out, format="png", dpi=DPI)
        yield name, out.getvalue()


def _figure(found: Calibration, width: float, height: float, title: str, note: str) -> Figure:
    d = found.diffusion
    subtitle = f"{readable(found.name)}: {len(d):,} persons, {d.periods} {d.step}s; {note}"
    figure = Figure(figsize=(width, height), layout="constrained")
    # matplotlib types the base of all layout engines, which has no pads
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.06)  # type: ignore[union-attr, call-arg]
    figure.suptitle(f"{title}\n", x=0.012, ha="left", va="top", fontsize=12.0, fontweight="bold", color=BLACK)
    figure.text(0.012, 1.0 - 0.36 / height, subtitle, ha="left", va="top", fontsize=9.0, color="#555555")
    return figure


def _axis(diffusion: Diffusion) -> str:
    """What the axis of time counts."""
    return diffusion.step + (f" (1 is {diffusion.start})" if diffusion.start else "")


def _draw_hindcast(found: Calibration) -> Figure:
    """Adopters over time: the data, the fit, and what each model predicted from the first half."""
    d, told = found.diffusion, found.hindcast
    figure = _figure(
        found,
        10.0,
        5.6,
        "How many had adopted, and what the first half of the data predicted",
        "bands hold 90 %",
    )
    axes = figure.subplots()
    periods = np.arange(d.periods + 1)
    low, high = np.percentile(found.fitted.sum(axis=2), BAND, axis=0)
    axes.fill_between(periods, low, high, color=BLUE, alpha=0.15, lw=0)
    axes.plot(periods, found.fitted.sum(axis=2).mean(axis=0), color=BLUE, lw=1.6)
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=BLACK, marker="o", ms=4, lw=1.0, label="what happened"),
        Line2D([], [], color=BLUE, lw=1.6, label=f"simulated, coefficients fitted to all {d.step}s"),
    ]
    if isinstance(told, Hindcast):
        ahead = periods[told.half :]
        axes.fill_between(ahead, told.low, told.high, color=VERMILION, alpha=0.25, lw=0)
        axes.plot(ahead, told.predicted, color=VERMILION, lw=2.0)
        axes.plot(ahead, told.bass_predicted, color=ORANGE, lw=2.0, ls=(0, (4, 2)))
        axes.axvline(told.half, color=GREY, lw=0.8, ls=":")
        for side, text in (("right", "fitted here  "), ("left", "  predicted here")):
            axes.text(
                told.half, 1.0, text, ha=side, va="top", color=GREY, transform=axes.get_xaxis_transform()
            )
        handles += [
            Line2D(
                [], [], color=VERMILION, lw=2.0,
                label=f"this model, {d.step}s 1 to {told.half} known (error {told.error:.1f} persons)",
            ),
            Line2D(
                [], [], color=ORANGE, lw=2.0, ls=(0, (4, 2)),
                label=f"Bass curve, the same known (error {told.bass_error:.1f} persons)",
            ),
        ]  # fmt: skip
    axes.plot(periods, d.adopters().sum(axis=1), color=BLACK, marker="o", ms=4, lw=1.0, zorder=4)
    axes.set_xlim(0, d.periods)
    axes.set_ylim(0, None)
    axes.set_xlabel(_axis(d))
    axes.set_ylabel("persons who have adopted")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y")
    shares = axes.twinx()
    shares.set_ylim(0.0, axes.get_ylim()[1] / len(d))
    shares.spines["right"].set_visible(True)
    shares.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    shares.set_ylabel("share of all persons")
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


def _draw_profiles(found: Calibration) -> Figure:
    """How much worse the data fit when a coefficient is held elsewhere, the others adapting."""
    cut = float(chi2.ppf(LEVEL, 1))
    figure = _figure(
        found,
        10.0,
        4.0,
        "How well the data fix each coefficient",
        f"curve: loss of fit at other values; shaded: {LEVEL:.0%} interval, where it is under the line",
    )
    panels = figure.subplots(1, 3, sharey=True)
    for j, (axes, (values, loss)) in enumerate(zip(panels, found.profiles, strict=True)):
        estimate, ends = found.fit.full.coefficients[j], found.fit.intervals[j]
        shown = loss <= 4.0 * cut
        axes.axvspan(*ends, color=BLUE, alpha=0.12, lw=0)
        axes.axhline(cut, color=GREY, lw=0.8, ls="--")
        axes.plot(values[shown], loss[shown], color=BLUE, lw=1.8)
        axes.plot([estimate], [0.0], "o", color=BLACK, ms=5, clip_on=False, zorder=5)
        axes.set_title(f"{_MEANINGS[j]}\n{estimate:.4f}  ({ends[0]:.4f} to {ends[1]:.4f})")
        axes.set_xlabel(f"hazard per {found.diffusion.step}")
        axes.set_xlim(max(0.0, values[0]), values[-1])
        axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    panels[0].set_ylim(0.0, 3.0 * cut)
    panels[0].set_ylabel("twice the log-likelihood lost")
    return figure


def _draw_places(found: Calibration) -> Figure:
    """Adopting share of each community: the data beside simulations with the fitted coefficients."""
    d = found.diffusion
    sizes = np.bincount(d.community, minlength=len(d.places))
    chosen = np.sort(np.argsort(-sizes, kind="stable")[:_MOST_PLACES])
    columns = min(4, len(chosen))
    rows = math.ceil(len(chosen) / columns)
    left_out = f"; the {len(chosen)} largest of {len(sizes)}" if len(chosen) < len(sizes) else ""
    figure = _figure(
        found,
        10.0,
        1.4 + 1.75 * rows,
        "Adoption community by community",
        f"black: what happened; blue: simulated with the fitted coefficients, band of 90 %{left_out}",
    )
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    periods = np.arange(d.periods + 1)
    happened = d.adopters()
    for axes, c in zip(panels, chosen, strict=False):
        simulated = found.fitted[:, :, c] / sizes[c]
        axes.fill_between(periods, *np.percentile(simulated, BAND, axis=0), color=BLUE, alpha=0.15, lw=0)
        axes.plot(periods, simulated.mean(axis=0), color=BLUE, lw=1.4)
        axes.plot(periods, happened[:, c] / sizes[c], color=BLACK, lw=1.6)
        axes.set_title(f"{readable(d.places[c])} ({sizes[c]:,} persons)", fontsize=8.8)
        axes.grid(axis="y")
    panels[0].set_xlim(0, d.periods)
    panels[0].set_ylim(0.0, 1.0)
    panels[0].yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    panels[0].xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    for axes in panels[max(len(chosen) - columns, 0) : len(chosen)]:
        axes.tick_params(labelbottom=True)
    for axes in panels[len(chosen) :]:
        axes.remove()
    figure.supxlabel(_axis(d), fontsize=9.0)
    figure.supylabel("share that has adopted", fontsize=9.0)
    return figure


FIGURES = {
    "hindcast.png": _draw_hindcast,
    "profiles.png": _draw_profiles,
    "communities.png": _draw_places,
}
"""How each is drawn, by the name of its file."""
