"""Learning curves in numbers: what each training seed cost, and when it was at its best."""

from __future__ import annotations

from collections.abc import Sequence

from juguo_agents.report.texts import say
from juguo_agents.tables import markdown_table

Curves = dict[str, list[dict[str, float]]]
"""By training seed: its selections, each with `steps`, `seconds` and `selection_return` (NaN where none)."""


def by_seed(curves: Curves) -> list[tuple[int, list[dict[str, float]]]]:
    """The curves that hold something, by training seed."""
    return sorted((int(seed), curve) for seed, curve in curves.items() if curve)


def kept(curve: Sequence[dict[str, float]]) -> dict[str, float]:
    """The selection whose policy was kept: the first of the highest that are numbers."""
    numbers = [point for point in curve if point["selection_return"] == point["selection_return"]]
    return max(numbers or curve, key=lambda point: point["selection_return"])


def cost_table(curves: Curves) -> str:
    """Steps and time of each seed, and of the policy kept, as a Markdown table."""
    head = [say(f"cost.{name}") for name in ("seed", "steps", "minutes", "kept", "reached", "after")]
    rows = []
    for seed, curve in by_seed(curves):
        last, best = curve[-1], kept(curve)
        cells = (
            str(seed),
            f"{last['steps']:,.0f}",
            f"{last['seconds'] / 60.0:.1f}",
            f"{best['selection_return']:.3f}".replace("-", "−"),
            f"{best['steps']:,.0f}",
            f"{best['seconds'] / 60.0:.1f}",
        )
        rows.append(cells)
    return markdown_table(head, rows, "r")
