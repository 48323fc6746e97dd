"""Figures of an explanation. The only part of it that needs matplotlib (the `report` extra)."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from juguo_agents.explain.figures import importance, spending, tree
from juguo_agents.explain.tree_file import StoredTree
from juguo_agents.report.figures.style import DPI, parameters


def draw_figures(data: dict[str, Any], trees: Sequence[StoredTree]) -> Iterator[tuple[str, bytes]]:
    """File name and PNG of each figure."""
    for leaves, stored in zip(data["settings"]["leaves"], trees, strict=True):
        yield f"tree{leaves}.png", _png(partial(tree.draw, stored, data))
    yield "spending.png", _png(partial(spending.draw_functions, data))
    yield "communities.png", _png(partial(spending.draw_communities, data))
    yield "importance.png", _png(partial(importance.draw, data))


def _png(draw: Callable[[], Figure]) -> bytes:
    with rc_context(parameters()):
        out = io.BytesIO()
        draw().savefig(out, format="png", dpi=DPI)
    return out.getvalue()
