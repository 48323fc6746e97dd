"""What each open system reaches, what it gains over the passive one, and the curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from juguo_agents.evaluation.statistics import mean_interval, paired_difference
from juguo_agents.report.figures.style import BLUE, GREY, ORANGE, headed
from juguo_agents.report.texts import say, translated
from juguo_agents.studies.arrays import Arrays
from juguo_agents.tables import ranged, terminal_table
from juguo_envs.model.state import FUNCTIONS

ACTIVE, PASSIVE = "active", "passive"
CURVES = ("interactors", "adoption", "resilience")


def compared(runs: Mapping[str, Arrays]) -> dict[str, Any]:
    """Every arm, and its paired difference to the passive one.

    Args:
        runs: By the arm's name, (episodes,) `return`, and (episodes, quarters) of each of `CURVES`.
    """
    base = runs[PASSIVE]
    return {
        name: {
            "return": mean_interval(arm["return"]).__dict__,
            "return_gained": paired_difference(arm["return"], base["return"]).__dict__,
            **{
                curve: {
                    "end": mean_interval(arm[curve][:, -1]).__dict__,
                    "gained": paired_difference(arm[curve][:, -1], base[curve][:, -1]).__dict__,
                }
                for curve in CURVES
            },
        }
        for name, arm in runs.items()
    }


def lines(data: dict[str, Any]) -> list[str]:
    """A table: what is reached at the end, and what it gains over the passive system."""
    rows = [
        (
            _words(name),
            *(f"{arm[curve]['end']['mean']:.1%}" for curve in ("interactors", "adoption")),
            f"{arm['return']['mean']:.3f}",
            "" if name == PASSIVE else ranged(arm["return_gained"], form="+.3f"),
        )
        for name, arm in data["arms"].items()
    ]
    saving = [
        _words(name).removeprefix("+ ")
        for name, arm in data["arms"].items()
        if name.startswith("+") and arm["return_gained"]["low"] > 0.0
    ]
    head = ["", *(say(f"passive.{column}") for column in ("interactors", "adoption", "return", "gained"))]
    share = f"{data['settings']['share']:.0%}"
    return [
        say("passive.opening", share=share),
        *terminal_table(head, rows, "lrrrl").splitlines(),
        "",
        say("passive.raises", saving=say("comma").join(saving) or say("passive.nothing")),
    ]


def _words(arm: str) -> str:
    """What texts call an arm."""
    function = arm.removeprefix("+ ")
    return f"+ {say(f'use.{function}')}" if function in FUNCTIONS else translated(arm)


def draw(data: dict[str, Any], runs: Mapping[str, Arrays]) -> Figure:
    """Interactors, adoption and resilience by quarter: active, passive, and what gains most."""
    gained = {n: a["return_gained"]["mean"] for n, a in data["arms"].items() if n.startswith("+")}
    best = sorted(gained, key=lambda n: -gained[n])[:3]
    note = say("passive.note", episodes=f"{data['settings']['episodes']:,}")
    figure = headed(10.5, 4.2, say("passive.title"), note)
    styles = {ACTIVE: (BLUE, "-"), PASSIVE: (ORANGE, "-")}
    styles |= dict(zip(best, [(GREY, "-"), (GREY, "--"), (GREY, ":")], strict=False))
    for axes, curve in zip(figure.subplots(1, 3), CURVES, strict=True):
        for name, (colour, line) in styles.items():
            course = runs[name][curve].mean(0)
            axes.plot(np.arange(1, len(course) + 1), course, color=colour, linestyle=line, label=_words(name))
        axes.set_title(say("passive.mean", curve=say(f"passive.{curve}")))
        axes.set_xlabel(say("passive.time"))
        axes.set_ylim(bottom=0.0)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False)
    return figure
