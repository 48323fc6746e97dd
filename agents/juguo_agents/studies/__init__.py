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
    "hypotheses": StudyEntry(
        "juguo_agents.studies.hypotheses.study", "HypothesesStudy", "Which of the paper's claims hold?"
    ),
    "mechanisms": StudyEntry(
        "juguo_agents.studies.mechanisms.study", "Mechanisms", "What is each mechanism of the model worth?"
    ),
    "passive": StudyEntry(
        "juguo_agents.studies.passive.study",
        "Passive",
        "Which money saves an open system whose participants gain nothing?",
    ),
    "patterns": StudyEntry(
        "juguo_agents.studies.patterns.study", "Patterns", "Does a world show ten stylised facts?"
    ),
    "value": StudyEntry(
        "juguo_agents.studies.value.study", "Value", "What are feedback, evaluation and knowledge worth?"
    ),
}
"""Every study by its name on the command line."""
