"""Which part of a rule decides: the best rule of a world with one part of the second best.

Both rules are tuned. What the best loses by the exchange of one part is measured on episodes on which neither
was chosen, so that luck which made it the best does not count.
"""

from __future__ import annotations

from juguo_agents.allocators.base import Allocator
from juguo_agents.allocators.rule import Rule
from juguo_agents.studies.attribution.hybrid import PARTS, Hybrid

ALL, NONE = "all", "none"
GROUPS: dict[str, frozenset[str]] = {
    "functions": frozenset(part for part in PARTS if part.startswith("functions")),
    **{part: frozenset({part}) for part in PARTS if not part.startswith("functions")},
}
"""Parts that are exchanged together: functions in all stages, and each other part alone."""
EXCHANGES: dict[str, frozenset[str]] = {NONE: frozenset(), **GROUPS, ALL: frozenset(PARTS)}


def exchanged(best: Rule, second: Rule) -> dict[str, Allocator]:
    """The best rule as it is, with each part of the second best, and the second best."""
    return {name: Hybrid(best, second, parts) for name, parts in EXCHANGES.items()}
