"""The rows of the main table, which figures and words follow: each doctrine once where all are alike."""

from __future__ import annotations

from typing import Any

from juguo_agents.report.doctrines import REFERENCES
from juguo_agents.report.selection import label

Row = dict[str, Any]


def is_like_for_like(summary: dict[str, Any]) -> bool:
    """Whether each doctrine was compared with both institutions."""
    return bool(summary["like_for_like"])


def has_own(summary: dict[str, Any]) -> bool:
    """Whether the paper's own version of any doctrine stands beside it."""
    return any(row["own"] for row in summary["like_for_like"])


def main_rows(summary: dict[str, Any]) -> list[Row]:
    """Entries of the main table, best mean return first: the fields of an allocator, and three more.

    Where doctrines are compared like for like, each has one row (`doctrine`), and the paper's `own` version
    is in it; what is told there or in the cells of the factorial has no row beside it. All others have rows
    of their own, in which `doctrine` and `own` are None.
    """
    told = {row["name"]: row for row in summary["like_for_like"]}
    beside = {row["own"]["name"] for row in told.values() if row["own"]}
    if told:
        beside |= {c["name"] for row in summary["institutions"] for c in row["cells"].values()}
    rows = []
    for entry in summary["allocators"]:
        name = entry["name"]
        if name in told:
            rows.append(told[name])
        elif name not in beside:
            rows.append({"doctrine": None, "reference": name in REFERENCES} | entry | {"own": None})
    return rows


def name_of(summary: dict[str, Any], name: str) -> str:
    """What the text calls an allocator: by its doctrine alone where all doctrines are alike."""
    return next((str(row["doctrine"]) for row in summary["like_for_like"] if row["name"] == name), name)


def label_of(summary: dict[str, Any], name: str) -> str:
    """What figures call an allocator: as the text does, and the paper's own versions by that."""
    for row in summary["like_for_like"]:
        if row["name"] == name:
            return label(row["doctrine"])
        if row["own"] and row["own"]["name"] == name:
            return f"{label(row['doctrine'])}, own version"
    return label(name)
