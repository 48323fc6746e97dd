"""Figures of an explanation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from juguo_agents.artifacts.tree_file import StoredTree
from juguo_agents.report.figures.style import styled_png
from juguo_agents.studies.explain.figures import importance, spending, tree


def draw_figures(data: dict[str, Any], trees: Sequence[StoredTree]) -> Iterator[tuple[str, bytes]]:
    """File name and PNG of each figure."""
    for leaves, stored in zip(data["settings"]["leaves"], trees, strict=True):
        yield f"tree{leaves}.png", styled_png(partial(tree.draw, stored, data))
    yield "spending.png", styled_png(partial(spending.draw_functions, data))
    yield "communities.png", styled_png(partial(spending.draw_communities, data))
    yield "importance.png", styled_png(partial(importance.draw, data))
