"""From the episodes of a question's options to its answer, as JSON values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from juguo_agents.array_types import Floats
from juguo_agents.evaluation.statistics import paired_difference
from juguo_agents.report.formatting import sign
from juguo_agents.studies.arrays import Arrays
from juguo_agents.studies.questions.questions import Case, Question

RETURN = "returns"
MEASURED = (RETURN, "breadth", "resilience", "excluded")
"""Fields of `Record` that are measured."""


def answer(question: Question, cases: Sequence[Sequence[Arrays]], choice: int) -> dict[str, Any]:
    """What the options earn in each case, and which one is asked about.

    In the first case the option with the highest mean return in the episodes of choice is asked about. It is
    compared with the reference, or where it is the reference itself with the next best option.

    Args:
        question: With its options and cases.
        cases: For each case and each option, (episodes,) of each of `MEASURED`.
        choice: The first so many episodes choose; the others measure.

    Returns:
        `best` and `other`, by name; `tied`, further options over which the best shows no gain in the first
        case; and `cases`, with the return of the best less that of the other, and all options.
    """
    names = [option.name for option in question.options]
    chosen = np.array([arrays[RETURN][:choice].mean() for arrays in cases[0]])
    order = [names[i] for i in np.argsort(-chosen, kind="stable")]
    best, other = order[0], question.reference if order[0] != question.reference else order[1]

    def of_case(case: Case, options: Sequence[Arrays]) -> dict[str, Any]:
        tested = [{key: values[choice:] for key, values in arrays.items()} for arrays in options]
        returns = dict(zip(names, (arrays[RETURN] for arrays in tested), strict=True))
        return {
            "world": case.world.base,
            "changes": dict(case.world.changes),
            "doctrine": case.doctrine,
            "digest": case.world.scenario().digest(),
            "difference": _difference(returns, best, other),
            "options": {
                name: {
                    **{key: float(values.mean()) for key, values in arrays.items()},
                    "over_reference": _difference(returns, name, question.reference),
                }
                for name, arrays in zip(names, tested, strict=True)
            },
        }

    found = [of_case(case, options) for case, options in zip(question.cases, cases, strict=True)]
    first_returns = {name: arrays[RETURN][choice:] for name, arrays in zip(names, cases[0], strict=True)}
    rest = [name for name in names if name not in (best, other)]
    tied = [name for name in rest if sign(_difference(first_returns, best, name)) < 1]
    return {"best": best, "other": other, "tied": tied, "cases": found}


def _difference(returns: Mapping[str, Floats], one: str, other: str) -> dict[str, float]:
    """The return of one option less that of another, with its interval."""
    return dict(paired_difference(returns[one], returns[other]).__dict__)
