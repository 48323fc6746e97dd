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
    name: StudyEntry(f"juguo_agents.studies.{name.replace('-', '_')}.study", kind, text)
    for name, kind, text in (
        ("ablation", "Ablation", "what each lever of an allocation is worth"),
        ("attribution", "Attribution", "which parts of two rules make the difference"),
        ("explain", "Explain", "what an allocator does and looks at"),
        ("compare-runs", "CompareRuns",
         "trained runs against the first of them, and against other allocators, on the same episodes"),
        ("generalisation", "Generalisation",
         "trained policies in held-out worlds of a family, against tuned rules and each world's oracle"),
        ("hypotheses", "HypothesesStudy", "which of the paper's claims hold, and where"),
        ("map", "Map", "which doctrine is best where and under which values"),
        ("mechanisms", "Mechanisms", "what each mechanism of the model is worth"),
        ("pareto", "Pareto",
         "the Pareto front of one policy over preferences, against a multi-objective search"),
        ("passive", "Passive", "which money saves an open system whose participants gain nothing"),
        ("patterns", "Patterns", "whether a world shows ten stylised facts"),
        ("questions", "Questions", "questions of policy, and the paper's claims: a page each"),
        ("value", "Value", "what feedback, evaluation and knowledge are worth"),
    )
}  # fmt: skip
"""Every study by its name on the command line."""
