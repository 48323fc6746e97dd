"""What cannot be asked of a study is refused by name before anything is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from juguo_agents.evaluation import seeds
from juguo_agents.studies import STUDIES
from juguo_envs.errors import UserError
from tests.agents.studies.conducting import conducted
from tests.support import small

SMALL = small()
ASKED: dict[str, dict[str, Any]] = {
    "attribution": {"a": "flat", "b": "market", "scenario": SMALL, "episodes": 3},
    "explain": {"run": "experiment_diffusion", "scenario": SMALL, "leaves": (3, 5), "episodes": 6},
    "generalisation": {"scenario": SMALL, "scenarios": 3, "episodes": 3, "budget": 700, "tuning": 1000},
    "hypotheses": {},
    "map": {},
    "mechanisms": {"scenario": SMALL, "episodes": 4, "repeats": 2},
    "patterns": {"scenario": SMALL, "episodes": 4},
    "value": {"scenario": (SMALL,), "budget": 400, "refine": 200, "episodes": 10},
}
"""What can be asked of each study; in each case one value of it is another."""
CASES: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("attribution", {"b": "nobody"}, "unknown allocator 'nobody'"),
    ("attribution", {"b": "all"}, "b is 'all', which stands for .* name one rule"),
    ("attribution", {"b": "missing.safetensors"}, "missing.safetensors"),
    ("attribution", {"b": "flat"}, "both allocate alike"),
    ("attribution", {"b": "flat-exit"}, "both allocate alike"),
    ("attribution", {"first_seed": 2**30}, "first_seed is .*; allowed is 0 to"),
    ("explain", {"run": "nobody"}, "unknown allocator 'nobody'"),
    ("explain", {"run": "all"}, "name one of them"),
    ("explain", {"run": "flat", "seed": 1}, "seed is 1, but flat is no folder of a run"),
    ("explain", {"leaves": (1,)}, "leaves.0 is 1"),
    ("explain", {"leaves": (8, 8)}, "each size may be named once"),
    ("explain", {"episodes": 1}, "episodes is 1"),
    ("explain", {"rounds": 0}, "rounds is 0"),
    ("explain", {"first_seed": 2**30}, "first_seed is .*; allowed is 0 to"),
    ("explain", {"run": "missing.json"}, "cannot be read"),
    ("explain", {"run": "missing.safetensors"}, "missing.safetensors"),
    ("generalisation", {"scenarios": 1}, "scenarios is 1; allowed is 2 to"),
    ("generalisation", {"episodes": 10_000}, "episodes is 10000; allowed is 2 to 4096"),
    ("generalisation", {"budget": 100}, "budget is too small"),
    ("generalisation", {"scenario": "family"}, "'family' is a family of scenarios"),
    ("hypotheses", {"claims": "none.yaml"}, "none.yaml: cannot be read"),
    ("hypotheses", {"only": (3, 99)}, "only names claim 99; there are .* 13"),
    ("hypotheses", {"only": ("three",)}, "only.*'three'"),
    ("hypotheses", {"scenarios": 1}, "scenarios is 1"),
    ("hypotheses", {"search_budget": 3}, "budget is too small"),
    ("map", {"points": 1}, "points is 1; allowed is 2 to"),
    ("map", {"episodes": 2}, "episodes is 2; allowed is 3 to"),
    ("map", {"episodes": 121}, "episodes is 121; allowed is 3 to 120"),
    ("map", {"seed": 128}, "seed is 128; allowed is 0 to 127"),
    ("map", {"regimes": 0}, "regimes is 0"),
    ("map", {"budget": 10}, "budget is 10"),
    ("map", {"choice": 65}, "choice is 65; allowed is 1 to 64"),
    ("map", {"switched": 1}, "switched is 1"),
    ("map", {"design": "grid"}, "design is 'grid': .* 'sobol' or 'latin'"),
    ("mechanisms", {"repeats": 0}, "repeats is 0"),
    ("mechanisms", {"episodes": 40_000}, "episodes is 40000 for 3 sets; allowed is up to"),
    ("mechanisms", {"only": ("gossip",)}, "mechanism is 'gossip'; allowed are .*rumour"),
    ("mechanisms", {"budget": 500}, "budget is 500; .*--value"),
    ("mechanisms", {"value": "nowhere"}, "value is nowhere; allowed is a folder"),
    ("patterns", {"only": (11,)}, "pattern is 11; allowed is 1 to 10"),
    ("patterns", {"episodes": 0}, "episodes is 0"),
    ("patterns", {"first_seed": -1}, "first_seed is -1"),
    ("patterns", {"first_seed": seeds.CONFIRMING.first - 1}, "kept for --confirm"),
    ("patterns", {"first_seed": 5, "confirm": True}, "first_seed is 5"),
    ("patterns", {"scenario": "nowhere"}, "unknown scenario 'nowhere'"),
    ("patterns", {"only": (9,), "value": "missing"}, "value is missing; .*juguo study value"),
    ("value", {"first_seed": 2**30}, "first_seed is 1073741824; allowed is 0 to"),
    ("value", {"scenario": (SMALL, SMALL)}, "scenario is .*; each name may be there once"),
)


@pytest.mark.parametrize(("study", "changes", "words"), CASES)
def test_what_cannot_be_asked_is_refused_by_name_and_leaves_nothing(
    study: str, changes: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=words):
        conducted(STUDIES[study].load(), tmp_path / "new", **{**ASKED[study], **changes})
    assert not (tmp_path / "new").exists()
