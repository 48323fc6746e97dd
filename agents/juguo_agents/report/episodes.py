"""A comparison episode by episode, for whoever wants to reckon anew."""

from __future__ import annotations

import csv
import io

from juguo_agents.evaluation.record import Comparison

COLUMNS = ("allocator", "seed", "return", "breadth", "resilience", "excluded", "adoption_end", "abandoned")


def episodes_csv(comparison: Comparison) -> str:
    """One row per allocator and episode: allocators best mean first, episodes by seed."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for record in comparison.ranked():
        for e, given_up in enumerate(record.abandoned):
            measured = (
                record.returns[e],
                record.breadth[e],
                record.resilience[e],
                record.excluded[e],
                record.adoption[e, -1],
            )
            numbers = [f"{x:.10g}" for x in measured]
            writer.writerow([record.name, comparison.first_seed + e, *numbers, int(given_up)])
    return out.getvalue()
