"""Studies: questions asked of the model over many worlds, each a plan of points and an analysis."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from juguo_agents.studies.study import Study


@dataclass(frozen=True)
class StudyEntry:
    """Where a study is, so that a list of studies imports none.

    Attributes:
        module: Full name of its module.
        kind: Name of its class there.
        text: What it asks, in one line.
    """

    module: str
    kind: str
    text: str

    def load(self) -> type[Study[Any, Any]]:
        """The study's class."""
        found: type[Study[Any, Any]] = getattr(import_module(self.module), self.kind)
        return found


_HERE = "juguo_agents.studies"
STUDIES: dict[str, StudyEntry] = {
    "ablation": StudyEntry(
        f"{_HERE}.ablation.study", "Ablation", "what each lever of an allocation is worth"
    ),
    "attribution": StudyEntry(
        f"{_HERE}.attribution.study", "Attribution", "which parts of two rules make the difference"
    ),
    "explain": StudyEntry(f"{_HERE}.explain.study", "Explain", "what an allocator does and looks at"),
    "compare-runs": StudyEntry(
        f"{_HERE}.compare_runs.study",
        "CompareRuns",
        "trained runs against the first of them, and against other allocators, on the same episodes",
    ),
    "experts": StudyEntry(
        f"{_HERE}.experts.study", "Experts", "an expert for each of many worlds, for a generalist to imitate"
    ),
    "generalisation": StudyEntry(
        f"{_HERE}.generalisation.study",
        "Generalisation",
        "trained policies in held-out worlds of a family, against tuned rules and each world's oracle",
    ),
    "hypotheses": StudyEntry(
        f"{_HERE}.hypotheses.study", "HypothesesStudy", "which of the paper's claims hold, and where"
    ),
    "map": StudyEntry(f"{_HERE}.map.study", "Map", "which doctrine is best where and under which values"),
    "mechanisms": StudyEntry(
        f"{_HERE}.mechanisms.study", "Mechanisms", "what each mechanism of the model is worth"
    ),
    "pareto": StudyEntry(
        f"{_HERE}.pareto.study",
        "Pareto",
        "the Pareto front of one policy over preferences, against a multi-objective search",
    ),
    "passive": StudyEntry(
        f"{_HERE}.passive.study",
        "Passive",
        "which money saves an open system whose participants gain nothing",
    ),
    "patterns": StudyEntry(f"{_HERE}.patterns.study", "Patterns", "whether a world shows ten stylised facts"),
    "value": StudyEntry(f"{_HERE}.value.study", "Value", "what feedback, evaluation and knowledge are worth"),
}
"""Every study by its name on the command line."""
