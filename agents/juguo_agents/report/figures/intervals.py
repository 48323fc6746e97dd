"""Estimates by name with their intervals, for studies that show one number a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from juguo_agents.report.figures.style import BLACK, BLUE, PALE, VERMILION, headed, name_rows


@dataclass(frozen=True)
class Estimate:
    """A row.

    Attributes:
        name: Of it.
        value: The estimate.
        low, high: Ends of its interval.
        stands_out: Whether it is drawn in the colour that stands out.
    """

    name: str
    value: float
    low: float
    high: float
    stands_out: bool = False


def draw(title: str, note: str, axis: str, rows: Sequence[Estimate], line: float | None = None) -> Figure:
    """A dot with its interval for each row, from the top; at `line` a line across."""
    fig, axes = _panel(title, note, axis, rows)
    for y, row in enumerate(rows):
        axes.plot((row.low, row.high), (y, y), color=_colour(row), lw=1.6, solid_capstyle="butt")
        axes.plot(row.value, y, "o", color=_colour(row), ms=5.0)
    if line is not None:
        axes.axvline(line, color=BLACK, lw=0.8)
    return fig


def draw_beside_chance(title: str, note: str, axis: str, rows: Sequence[Estimate]) -> Figure:
    """A dot for each row, from the top, over a pale band: what chance alone brings, from low to high."""
    fig, axes = _panel(title, note, axis, rows)
    for y, row in enumerate(rows):
        axes.barh(y, row.high - row.low, 0.6, left=row.low, color=PALE)
        axes.plot(row.value, y, "o", color=_colour(row), ms=5.0)
    axes.set_xlim(left=0.0)
    return fig


def _panel(title: str, note: str, axis: str, rows: Sequence[Estimate]) -> tuple[Figure, Axes]:
    fig = headed(8.6, 1.9 + 0.27 * len(rows), title, note)
    axes = fig.subplots()
    name_rows(axes, [row.name for row in rows], [_colour(row) if row.stands_out else None for row in rows])
    axes.set_xlabel(axis)
    axes.grid(axis="x")
    return fig, axes


def _colour(row: Estimate) -> str:
    return VERMILION if row.stands_out else BLUE
