"""Figures of an explanation. The only part of it that needs matplotlib (the `report` extra)."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from juguo_agents.artifacts.tree_file import StoredTree
from juguo_agents.report.figures.style import DPI, parameters
from juguo_agents.studies.explain.figures import importance, spending, tree


def draw_figures(data: dict[str, Any], trees: Sequence[StoredTree]) -> Iterator[tuple[str, bytes]]:
    """File name and PNG of each figure."""
    for leaves, stored in zip(data["settings"]["leaves"], trees, strict=True):
        yield f"tree{leaves}.png", as_png(partial(tree.draw, stored, data))
    yield "spending.png", as_png(partial(spending.draw_functions, data))
    yield "communities.png", as_png(partial(spending.draw_communities, data))
    yield "importance.png", as_png(partial(importance.draw, data))


def as_png(draw: Callable[[], Figure]) -> bytes:
    """A figure as the bytes of a PNG, in the project's style."""
    with rc_context(parameters()):
        out = io.BytesIO()
        draw().savefig(out, format="png", dpi=DPI)
    return out.getvalue()
