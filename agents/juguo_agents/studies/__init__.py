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


STUDIES: dict[str, StudyEntry] = {
    "compare-runs": StudyEntry(
        "juguo_agents.studies.compare_runs.study",
        "CompareRuns",
        "Trained runs against the first of them, and against other allocators, on the same episodes.",
    ),
    "experts": StudyEntry(
        "juguo_agents.studies.experts.study",
        "Experts",
        "An expert for each of many worlds, for a generalist to imitate.",
    ),
    "generalisation": StudyEntry(
        "juguo_agents.studies.generalisation.study",
        "Generalisation",
        "Trained policies in held-out worlds of a family, against tuned rules and each world's oracle.",
    ),
    "pareto": StudyEntry(
        "juguo_agents.studies.pareto.study",
        "Pareto",
        "The Pareto front of one policy over preferences, against a multi-objective search.",
    ),
    "value": StudyEntry(
        "juguo_agents.studies.value.study", "Value", "What are feedback, evaluation and knowledge worth?"
    ),
}
"""Every study by its name on the command line."""
