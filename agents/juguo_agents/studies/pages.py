"""The page of a study that is what it tells the terminal, above a figure."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from juguo_agents.report.figures.style import styled_png
from juguo_agents.studies.study import Content


def page_and_figure(stem: str, text: str, draw: Callable[[], Figure], alt: str) -> dict[str, Content]:
    """The two files by their names.

    Args:
        stem: What they are called without suffix.
        text: As a terminal shows it.
        draw: Makes the figure.
        alt: What it shows.
    """
    page = "\n".join(["```", text, "```", "", f"![{alt}]({stem}.png)", ""])
    return {f"{stem}.md": page.encode(), f"{stem}.png": styled_png(draw, Software=None)}
