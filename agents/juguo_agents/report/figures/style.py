"""What all figures share: fonts, a palette that the colour-blind can tell apart, headings and labels."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np
from matplotlib import font_manager, rc_context
from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from PIL import Image

from juguo_agents.array_types import Bools, Floats
from juguo_agents.evaluation.record import Comparison
from juguo_agents.progress import say as tell
from juguo_agents.report.figures.series import Series
from juguo_agents.report.names import PROPOSAL
from juguo_agents.report.texts import language, say, speaking

DPI = 150
# Okabe and Ito (2008)
BLACK, GREY, PALE = "#222222", "#7f7f7f", "#c9c9c9"
BLUE, SKY, GREEN, ORANGE, VERMILION, PURPLE = (
    "#0072B2", "#56B4E9", "#009E73", "#E69F00", "#D55E00", "#CC79A7",
)  # fmt: skip
LEARNED = VERMILION
STAGE_COLOURS = (SKY, BLUE, ORANGE)
ACTOR_COLOURS = (BLUE, ORANGE, GREEN)
RESERVE_COLOUR = PALE
_OTHERS = (ORANGE, SKY, "#8C510A", "#5E3C99", "#C51B7D", "#4D7C0F", "#01665E", "#B8860B", "#7F0000")
COLOURS = {
    "learned": LEARNED,
    PROPOSAL: BLUE,
    "concentrated": BLACK,
    "flat": GREEN,
    "nothing": GREY,
    "care_only": PURPLE,
}
_CHINESE = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "PingFang SC",
    "Microsoft YaHei", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "HarmonyOS Sans SC", "Hiragino Sans GB",
    "Heiti SC", "STHeiti", "SimHei", "Droid Sans Fallback", "Noto Serif CJK SC", "Source Han Serif SC",
    "Songti SC", "SimSun", "Arial Unicode MS", "Noto Sans CJK JP", "Noto Serif CJK JP",
)  # fmt: skip
"""Fonts that draw Chinese, the best first; some versions of matplotlib see one of a collection alone."""
_CHINESE_FILES = re.compile(
    r"(noto|source).*(cjk|han|sc)|pingfang|msyh|wqy|harmonyos.*sc|hiragino.*gb|heiti|simhei|droidsansfallback"
    r"|songti|simsun|arial unicode",
    re.IGNORECASE,
)


@cache
def chinese() -> str | None:
    """The family of an installed font that draws Chinese; None where there is none."""
    if (found := _first_known()) is None:  # matplotlib remembers the fonts of its first start
        for path in filter(_CHINESE_FILES.search, font_manager.findSystemFonts()):
            with suppress(OSError, RuntimeError):  # a file that is no font
                font_manager.fontManager.addfont(path)
        found = _first_known()
    return found


def _first_known() -> str | None:
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in _CHINESE if name in installed), None)


def families() -> list[str]:
    """matplotlib's own sans-serif, then one with Chinese characters where one is installed."""
    return ["DejaVu Sans", *filter(None, [chinese()])]


@cache
def _characters() -> frozenset[int]:
    """Code points that the fonts can show."""
    known: set[int] = set()
    for family in families():
        known |= set(font_manager.get_font(font_manager.findfont(family)).get_charmap())
    return frozenset(known)


def lacking(text: str) -> bool:
    """Whether the fonts lack one of the characters."""
    return any(ord(c) not in _characters() for c in text)


def readable(text: str, otherwise: str | None = None) -> str:
    """`text`, or `otherwise` where the fonts lack a character; what they lack of it by number: U+4E2D."""
    shown = otherwise if otherwise is not None and lacking(text) else text
    return "".join(f"U+{ord(c):04X}" if lacking(c) else c for c in shown)


def parameters() -> Any:
    """Settings under which the figures are drawn."""
    return {
        "font.family": families(),
        "font.size": 9.0,
        "text.parse_math": False,  # names may hold a dollar sign
        "axes.titlesize": 9.5,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.labelsize": 9.0,
        "axes.labelcolor": BLACK,
        "axes.edgecolor": GREY,
        "axes.linewidth": 0.7,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.grid": False,
        "grid.color": "#e4e4e4",
        "grid.linewidth": 0.7,
        "xtick.color": BLACK,
        "ytick.color": BLACK,
        "xtick.labelsize": 8.5,
        "ytick.labelsize": 8.5,
        "legend.frameon": False,
        "legend.fontsize": 8.5,
        "hatch.linewidth": 0.6,
        "figure.facecolor": "white",
    }


def figure(comparison: Comparison, width: float, height: float, title: str, note: str = "") -> Figure:
    """A figure with a heading at the top left, which names the world; sizes in inches."""
    episodes = comparison.episodes
    world = say(
        "figures.world.one" if episodes == 1 else "figures.world",
        world=readable(comparison.scenario.name),
        episodes=f"{episodes:,}",
    )
    return headed(width, height, title, say("semicolon").join([world, note]) if note else world)


def labelled(name: str, reference: bool) -> str:
    """An allocator's name, and where it is a reference that."""
    return say("table.reference.long", name=name) if reference else name


def png(figure: Figure, **metadata: str | None) -> bytes:
    """A figure as PNG; `Software=None` leaves out which matplotlib drew it."""
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=DPI, metadata=metadata)
    return out.getvalue()


def drawn_in(*labels: str) -> str:
    """The language of figures: the one that is spoken, or English where the fonts lack it or a label."""
    if not any(map(lacking, [say("figure.return"), *labels])):
        return language()
    _say_what_to_install()
    return "en"


@cache
def _say_what_to_install() -> None:
    tell(say("figures.font", "en"))


def styled_png(draw: Callable[[], Figure], **metadata: str | None) -> bytes:
    """A figure drawn in the project's style, as PNG; matplotlib's settings are then as before."""
    with rc_context(parameters()), speaking(drawn_in()):
        return png(draw(), **metadata)


def small_png(draw: Callable[[], Figure]) -> bytes:
    """A figure drawn in the project's style, as PNG of 32 colours: a third of the bytes, for a guide."""
    out = io.BytesIO()
    drawn = Image.open(io.BytesIO(styled_png(draw, Software=None))).convert("RGB")
    drawn.quantize(32, dither=Image.Dither.NONE).save(out, "png", optimize=True)
    return out.getvalue()


def headed(width: float, height: float, title: str, subtitle: str) -> Figure:
    """A figure with a heading and a line or two under it at the top left; sizes in inches."""
    fig = Figure(figsize=(width, height), layout="constrained")
    # matplotlib types the base of all layout engines, which has no pads
    fig.get_layout_engine().set(w_pad=0.08, h_pad=0.06)  # type: ignore[union-attr, call-arg]
    lines = 1 + subtitle.count("\n")
    fig.suptitle(
        title + "\n" * lines, x=0.012, ha="left", va="top", fontsize=12.0, fontweight="bold", color=BLACK
    )
    fig.text(0.012, 1.0 - 0.36 / height, subtitle, ha="left", va="top", fontsize=9.0, color="#555555")
    return fig


def colour(series: Series) -> str:
    """The colour of a highlighted allocator, the same in all figures."""
    return _OTHERS[(series.number - 1) % len(_OTHERS)] if series.number else COLOURS[series.kind]


def name_rows(axes: Axes, names: Sequence[str], accents: Sequence[str | None] = ()) -> None:
    """Allocators' names down the y axis, the first at the top; an accent colours a name and makes it bold."""
    axes.set_yticks(range(len(names)), [readable(name) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    for tick, accent in zip(axes.get_yticklabels(), accents, strict=False):
        if accent:
            tick.set_color(accent)
            tick.set_fontweight("bold")


def name_columns(axes: Axes, names: Sequence[str], slant: float, **text: Any) -> None:
    """Names along the x axis of a heat map, slanted, without ticks and frame."""
    axes.set_xticks(range(len(names)), names, rotation=slant, ha="right", rotation_mode="anchor", **text)
    axes.spines[:].set_visible(False)
    axes.tick_params(which="both", length=0)


def write_cells(
    axes: Axes,
    values: Floats,
    shown: Bools,
    text: Callable[[float], str],
    dark: Callable[[float], bool],
    size: float,
) -> None:
    """The figures of a heat map's cells, where they are shown; white where a cell is dark."""
    for y, x in np.argwhere(shown):
        colour = "white" if dark(values[y, x]) else BLACK
        axes.text(x, y, text(values[y, x]), ha="center", va="center", fontsize=size, color=colour)


def log_axis(axis: XAxis | YAxis) -> None:
    """Plain numbers on an axis whose scale is logarithmic."""
    axis.set_major_locator(LogLocator(base=10.0, subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def heading(series: Series, width: int) -> str:
    """A highlighted allocator's name above its panel, in lines of about `width` characters."""
    parts = readable(series.label).replace(" (", "\n(").replace("（", "\n（").split("\n")
    return "\n".join(textwrap.fill(part, width) for part in parts)


def accent(series: Series) -> str | None:
    """Colour of a name in a list: the learned ones and the baseline stand out."""
    return {"learned": LEARNED, "concentrated": BLACK}.get(series.kind)


def spread(wanted: Floats, gap: float, low: float, high: float) -> Floats:
    """Places near those wanted, at least `gap` apart and inside [low, high] if there is room."""
    order = np.argsort(wanted, kind="stable")
    gap = min(gap, (high - low) / max(len(wanted) - 1, 1))
    up = np.clip(wanted[order], low, high)
    down = up.copy()
    for i in range(1, len(up)):
        up[i] = max(up[i], up[i - 1] + gap)
    for i in range(len(up) - 2, -1, -1):
        down[i] = min(down[i], down[i + 1] - gap)
    middle = (up + down) / 2.0
    for i in range(len(middle)):  # the middle of two spread sets is spread, but may leave the bounds
        middle[i] = max(middle[i], low + i * gap)
    for i in range(len(middle) - 1, -1, -1):
        middle[i] = min(middle[i], high - (len(middle) - 1 - i) * gap)
    placed = np.empty_like(middle)
    placed[order] = middle
    return placed
