"""Which allocators the figures single out: some doctrines, the best rule, the learned ones together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_agents.evaluation.record import Comparison, Record
from juguo_agents.report.doctrines import BOTH, cells, like_for_like_records, own_version
from juguo_agents.report.names import label, label_of
from juguo_agents.report.summary import Summary, main_rows
from juguo_agents.report.texts import say


@dataclass(frozen=True)
class Series:
    """One allocator, or the learned ones taken together."""

    label: str
    records: tuple[Record, ...]
    kind: str
    """"learned", the doctrine that it stands for, or the allocator's own name."""

    def pooled(self, field: str) -> npt.NDArray[Any]:
        """A field of the records, their episodes one after another."""
        return np.concatenate([getattr(r, field) for r in self.records])


def learned_series(comparison: Comparison) -> Series | None:
    """The learned allocators taken together, or None where there is none."""
    records = tuple(r for r in comparison.records if r.learned)
    if not records:
        return None
    text = label(records[0].name) if len(records) == 1 else say("series.learned", count=len(records))
    return Series(text, records, "learned")


def highlighted(comparison: Comparison, summary: Summary, names: tuple[str, ...]) -> list[Series]:
    """The learned ones together, the best rule, and of the doctrines `names` those compared; each once.

    A doctrine is shown with both institutions (`nothing` as it is) where it was compared so, else as the
    paper has it.
    """
    alike = like_for_like_records(comparison)
    standing = {
        name: alike.get(name) or cells(comparison, name).get(BOTH) or own_version(comparison, name)
        for name in names
    }
    doctrine_of = {record.name: name for name, record in standing.items() if record is not None}
    learned = learned_series(comparison)
    chosen = [learned] if learned else []
    for name in dict.fromkeys((summary["best_rule"], *doctrine_of)):
        chosen.append(_series(comparison, summary, name, doctrine_of.get(name, name)))
    return chosen


def main_series(comparison: Comparison, summary: Summary) -> list[Series]:
    """The rows of the main table, the learned ones together, best mean return first."""
    chosen = []
    for row in main_rows(summary):
        if not comparison.record(row["name"]).learned:
            chosen.append(_series(comparison, summary, row["name"], row["doctrine"] or row["name"]))
    learned = learned_series(comparison)
    if learned:
        chosen.append(learned)
    return sorted(chosen, key=lambda s: -float(s.pooled("returns").mean()))


def _series(comparison: Comparison, summary: Summary, name: str, kind: str) -> Series:
    words = label_of(summary, name)
    words = say("series.best", name=words) if name == summary["best_rule"] else words
    return Series(words, (comparison.record(name),), kind)
