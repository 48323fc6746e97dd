"""Which allocators the figures single out: some doctrines, the best rule, the learned ones together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_agents.evaluation.record import Comparison, Record
from juguo_agents.evaluation.rollout import MOST_HIGHLIGHTED
from juguo_agents.report.doctrines import BOTH, cells, like_for_like_records, own_version
from juguo_agents.report.names import PROPOSAL, label, label_of, run_of
from juguo_agents.report.summary import Summary, main_rows
from juguo_agents.report.texts import say

KNOWN = ("learned", PROPOSAL, "concentrated", "flat", "nothing", "care_only")
"""Kinds that have the same colour in all figures."""
_FEW = 3


@dataclass(frozen=True)
class Series:
    """One allocator, or the learned ones taken together."""

    label: str
    records: tuple[Record, ...]
    kind: str
    """"learned", the doctrine that it stands for, or the allocator's own name."""
    number: int = 0
    """Among those whose kind has no colour of its own, from 1; else 0."""

    def pooled(self, field: str) -> npt.NDArray[Any]:
        """A field of the records, their episodes one after another."""
        return np.concatenate([getattr(r, field) for r in self.records])


def learned_series(comparison: Comparison) -> list[Series]:
    """The learned allocators, those of a run taken together; where there are many runs, all of them."""
    runs: dict[str, list[Record]] = {}
    for record in comparison.records:
        if record.learned:
            runs.setdefault(run_of(record.name), []).append(record)
    if len(runs) > MOST_HIGHLIGHTED:
        runs = {"": [record for records in runs.values() for record in records]}
    found = []
    for run, records in runs.items():
        if len(records) == 1:
            text = label(records[0].name)
        elif len(runs) == 1:
            text = say("series.learned", count=len(records))
        else:
            text = say("series.learned.run", run=run, count=len(records))
        found.append(Series(text, tuple(records), "learned"))
    return found


def highlighted(comparison: Comparison, summary: Summary, names: tuple[str, ...]) -> list[Series]:
    """The learned ones, the best rule, those named explicitly, and doctrines `names`; each once.

    A doctrine is shown with both institutions (`nothing` as it is) where it was compared so, else as the
    paper has it. Where many are named explicitly, only the first of the doctrines has room beside them.
    """
    alike = like_for_like_records(comparison)
    standing = {
        name: alike.get(name) or cells(comparison, name).get(BOTH) or own_version(comparison, name)
        for name in names
    }
    doctrine_of = {record.name: name for name, record in standing.items() if record is not None}
    chosen = learned_series(comparison)
    told = {record.name for series in chosen for record in series.records}
    asked = [name for name in comparison.highlight if name not in told]
    beside = [*doctrine_of][: 1 if len(asked) > _FEW else None]
    for name in dict.fromkeys((summary["best_rule"], *asked, *beside)):
        chosen.append(_series(comparison, summary, name, doctrine_of.get(name, name)))
    return _told_apart(chosen)


def _told_apart(chosen: list[Series]) -> list[Series]:
    """The same, those whose kind has no colour of its own numbered: so they get colours of their own."""
    seen: set[str] = set()
    number, found = 0, []
    for series in chosen:
        known = series.kind in KNOWN and series.kind not in seen
        seen.add(series.kind)
        number += not known
        found.append(series if known else replace(series, number=number))
    return found


def main_series(comparison: Comparison, summary: Summary) -> list[Series]:
    """The rows of the main table, the learned ones together, best mean return first."""
    chosen = []
    for row in main_rows(summary):
        if not comparison.record(row["name"]).learned:
            chosen.append(_series(comparison, summary, row["name"], row["doctrine"] or row["name"]))
    chosen += learned_series(comparison)
    return sorted(chosen, key=lambda s: -float(s.pooled("returns").mean()))


def _series(comparison: Comparison, summary: Summary, name: str, kind: str) -> Series:
    words = label_of(summary, name)
    words = say("series.best", name=words) if name == summary["best_rule"] else words
    return Series(words, (comparison.record(name),), kind)
