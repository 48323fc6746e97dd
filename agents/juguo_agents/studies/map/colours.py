"""One colour and one marker for each doctrine, the same in all figures of a map."""

from __future__ import annotations

from itertools import cycle

from juguo_agents.allocators.registry import rule_names
from juguo_agents.report.figures.style import COLOURS, ORANGE, SKY, VERMILION

OTHERS = "#c9c9c9"
"""For doctrines that have too small a share to be told apart."""
_FREE = (
    VERMILION, ORANGE, SKY, "#8c564b", "#6a3d9a", "#b2a300", "#0b6e6e", "#a50f15", "#8fbf26", "#c6b6f0",
)  # fmt: skip
_MARKERS = "os^DvP*Xphd<>8H"


def _colours() -> dict[str, str]:
    free = cycle(_FREE)
    return {name: COLOURS[name] if name in COLOURS else next(free) for name in rule_names()}


DOCTRINE_COLOURS = _colours()
MARKERS = dict(zip(rule_names(), cycle(_MARKERS), strict=False))


def text_on(colour: str) -> str:
    """Black or white, whichever is read better on a colour."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 150.0 else "#222222"
