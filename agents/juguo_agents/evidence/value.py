"""What feedback, evaluation and knowledge are worth in a world, measured by searching without them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.registry import rule_names
from juguo_agents.evidence.feedback import KINDS
from juguo_agents.evidence.searches import Measurement, best_of, conduct, measure
from juguo_agents.evidence.settings import Settings
from juguo_agents.evidence.shares import Share, share_of_gap
from juguo_agents.search.families import CLOSED_LOOP, KNOWLEDGE_OFF, OPEN_LOOP, ORACLE, Family
from juguo_agents.search.searched import RESULT_FILE, Found
from juguo_agents.statistics import mean_interval
from juguo_agents.versions import versions

Floats = npt.NDArray[np.float64]
Say = Callable[[str], None]
CLOSED, OPEN, KNOWING, UNEVALUATED = "closed loop", "open loop", "oracle", "not shown"
VALUE_FILE = "value.json"


@dataclass(frozen=True)
class Worth:
    """One answer: by how much one allocator beats another.

    Attributes:
        name: What is worth that.
        words: What was compared.
        share: The difference, plain and as a share of the gap.
    """

    name: str
    words: str
    share: Share


def value(settings: Settings, folder: Path, workers: int, say: Say) -> dict[str, Any]:
    """Search the yardsticks, search on without each thing, measure all on test episodes.

    Args:
        settings: World, budgets and seeds.
        folder: The job's folder; what is done there already is not done again.
        workers: Processes.
        say: Told what is being done.
    """

    def told(name: str, mean: float) -> None:
        say(f"  {name}: {mean:.3f} on the validation episodes")

    found = yardsticks(settings, folder, workers, told, say)
    closed = best_of(found, [n for n in found if n.startswith("closed")])
    opened = best_of(found, [n for n in found if n.startswith("open")])
    say(f"searching on without each kind of feedback, {settings.refine:,} episodes each")
    best = closed.data["parameters"]
    blind = settings.scenario.override({"observation.shown": 0.0})
    knowing = {**best, **KNOWLEDGE_OFF}
    onward = {
        CLOSED: settings.onward(CLOSED_LOOP.name, best),
        OPEN: settings.onward(OPEN_LOOP.name, opened.data["parameters"]),
        KNOWING: settings.onward(ORACLE.name, knowing),
        UNEVALUATED: settings.onward(CLOSED_LOOP.name, best, scenario=blind),
        **{k.name: settings.onward(CLOSED_LOOP.name, best, fixed=k.off) for k in KINDS},
    }
    names = {name: name.replace(" ", "_") for name in onward}
    searched = conduct({names[n]: s for n, s in onward.items()}, folder, workers, told)
    say(f"measuring on {settings.episodes:,} test episodes")
    returns = measure(
        [
            *_found(settings, folder, {n: (names[n], searched[names[n]]) for n in onward}),
            *rules_of(settings),
        ],
        workers,
    )
    return _report(settings, searched, names, returns)


def yardsticks(
    settings: Settings,
    folder: Path,
    workers: int,
    told: Callable[[str, float], None],
    say: Say,
    families: Sequence[Family] = (OPEN_LOOP, CLOSED_LOOP),
) -> dict[str, Found]:
    """Every search of some families, the open and the closed loop by default; by name."""
    names = " and ".join(family.name for family in families)
    say(f"searching {settings.searches} x {names}, {settings.budget:,} episodes each")
    wanted = {
        f"{family.name.removesuffix('_loop')}-{i + 1}": settings.yardstick(family.name, i)
        for i in range(settings.searches)
        for family in families
    }
    return conduct(wanted, folder, workers, told)


def rules_of(settings: Settings) -> list[Measurement]:
    """Every rule as the paper has it; the worst of them is the gap's lower end."""
    return [
        Measurement(f"rule {r}", settings.scenario, settings.observe, settings.seeds, rule=r)
        for r in rule_names()
    ]


def _found(settings: Settings, folder: Path, found: dict[str, tuple[str, Found]]) -> list[Measurement]:
    return [
        Measurement(
            name,
            result.scenario,
            settings.observe,
            settings.seeds,
            file=folder / "searches" / place / RESULT_FILE,
        )
        for name, (place, result) in found.items()
    ]


def worst_rule(returns: dict[str, Floats]) -> str:
    """The name of the rule with the lowest mean return."""
    return min((n for n in returns if n.startswith("rule ")), key=lambda n: float(returns[n].mean()))


def _report(
    settings: Settings, searched: dict[str, Found], names: dict[str, str], returns: dict[str, Floats]
) -> dict[str, Any]:
    worst = worst_rule(returns)
    best = returns[CLOSED]

    def share(better: str, worse: str) -> Share:
        return share_of_gap(returns[better], returns[worse], best, returns[worst])

    worths: Sequence[Worth] = [
        Worth("feedback", "closed loop less open loop", share(CLOSED, OPEN)),
        Worth(
            "evaluation", "closed loop less one not shown what governance finds", share(CLOSED, UNEVALUATED)
        ),
        Worth("knowledge", "oracle, which knows the hidden draws, less closed loop", share(KNOWING, CLOSED)),
    ]
    kinds = [Worth(k.name, k.words, share(CLOSED, k.name)) for k in KINDS]
    return {
        "kind": "juguo_value",
        "settings": settings.as_json(),
        "scenario_digest": settings.scenario.digest(),
        "allocators": {
            name.removeprefix("rule "): {
                **mean_interval(values).__dict__,
                "standard_deviation": float(values.std(ddof=1)),
                "rule": name.startswith("rule "),
            }
            for name, values in returns.items()
        },
        "gap": {
            "best": CLOSED,
            "worst": worst.removeprefix("rule "),
            "mean": float((best - returns[worst]).mean()),
        },
        "worth": {w.name: {"what": w.words, **w.share.as_json()} for w in worths},
        "kinds": {w.name: {"what": w.words, **w.share.as_json()} for w in kinds},
        "numbers": {name: searched[place].data["parameters"] for name, place in names.items()},
        "versions": versions(),
    }
