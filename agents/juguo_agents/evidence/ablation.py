"""What the best searched closed loop loses when a lever is forced: at once, and after searching on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from juguo_agents.allocators.forced import LEVERS
from juguo_agents.evidence.feedback import KINDS
from juguo_agents.evidence.searches import SEARCHES, Measurement, best_of, conduct, measure
from juguo_agents.evidence.settings import Settings
from juguo_agents.evidence.shares import share_of_gap
from juguo_agents.evidence.value import ROUNDS
from juguo_agents.evidence.yardsticks import CLOSED, rules_of, worst_rule, yardsticks
from juguo_agents.search.families import CLOSED_LOOP
from juguo_agents.search.searched import RESULT_FILE, Found, load_found
from juguo_agents.statistics import mean_interval
from juguo_agents.versions import versions

CONTROL = "control"
ABLATION_FILE = "ablation.json"
LEAST = 0.03
"""Share of the gap from which a lever is said to matter."""


def ablate(settings: Settings, folder: Path, workers: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Search the best closed loop, force each lever, search on with it forced, measure all on test episodes.

    The closed loop is the best that the folder holds, those of `value` included, after one more search on.
    The control is another search on, from the same numbers and with the same budget but on other episodes,
    with nothing forced: what it differs by is what searching alone makes of it.
    """

    def told(name: str, mean: float) -> None:
        say(f"  {name}: {mean:.3f} on the validation episodes")

    found = yardsticks(settings, folder, workers, told, say, [CLOSED_LOOP])
    found |= _closed_loops(folder)
    begun = best_of(found, list(found)).data["parameters"]
    say(f"searching on with each lever forced, {settings.refine:,} episodes each")
    best, again = "unforced", CONTROL
    onward = {best: settings.onward(CLOSED_LOOP.name, begun, round=ROUNDS)}
    onward[again] = settings.onward(CLOSED_LOOP.name, begun, round=ROUNDS + 1)
    onward |= {
        _place(lever): settings.onward(CLOSED_LOOP.name, begun, lever=lever, round=ROUNDS) for lever in LEVERS
    }
    conduct(onward, folder, workers, told)
    say(f"measuring on {settings.episodes:,} test episodes")

    def measured(name: str, place: str, lever: str | None = None) -> Measurement:
        file = folder / SEARCHES / place / RESULT_FILE
        return Measurement(name, settings.scenario, settings.observe, settings.seeds, file=file, lever=lever)

    returns = measure(
        [
            measured(best, best),
            measured(CONTROL, again),
            *(measured(f"{lever} forced", best, lever) for lever in LEVERS),
            *(measured(f"{lever} searched", _place(lever)) for lever in LEVERS),
            *rules_of(settings),
        ],
        workers,
    )
    worst = worst_rule(returns)

    def loss(name: str) -> dict[str, float]:
        return share_of_gap(returns[best], returns[name], returns[best], returns[worst]).as_json()

    return {
        "kind": "juguo_ablation",
        "settings": settings.as_json(),
        "scenario_digest": settings.scenario.digest(),
        "gap": {
            "best": mean_interval(returns[best]).__dict__,
            "worst": worst.removeprefix("rule "),
            "mean": float((returns[best] - returns[worst]).mean()),
        },
        "control": loss(CONTROL),
        "levers": {
            name: {
                "forced": lever.forced,
                "at_once": loss(f"{name} forced"),
                "searched": loss(f"{name} searched"),
            }
            for name, lever in LEVERS.items()
        },
        "versions": versions(),
    }


def _closed_loops(folder: Path) -> dict[str, Found]:
    """The closed loops for this world that `value` left in the folder, by name."""
    known = [CLOSED, *(kind.name for kind in KINDS)]
    names = [name.replace(" ", "_") + turn for name in known for turn in ("", "-2")]
    files = {name: folder / SEARCHES / name / RESULT_FILE for name in names}
    return {name: load_found(file) for name, file in files.items() if file.exists()}


def _place(lever: str) -> str:
    return "without_" + lever.replace(":", "_")
