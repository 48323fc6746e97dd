"""What the page shows of a play, as plain values: what never changes, and the state after each step.

Texts are in the language that is spoken (`juguo_agents.report.texts.speaking`).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from juguo_agents.evaluation.course import PLACE
from juguo_agents.play.programme import HIDDEN, PARTS, Moment, Programme
from juguo_agents.play.saved import Saved
from juguo_agents.play.session import Session
from juguo_agents.report.names import idea, label
from juguo_agents.report.page.data import named_map
from juguo_agents.report.texts import say
from juguo_envs.model.state import STAGES
from juguo_envs.spaces.action import Allocation

CURVES = ("adoption", "earned", "resilience", "excluded")
_NOW = (
    "stage", "stage_quarters", "project", "project_quarters", "abandoned", "knowledge", "fit", "harm",
    "experience", "reserve", "spent", "payout",
)  # fmt: skip
_MOST_PLACES = 40
"""Places up to which the page tells what was decided for each."""


def setup(session: Session) -> dict[str, Any]:
    """What never changes.

    Args:
        session: The play.
    """
    scenario = session.scenario
    names = [("you", say("play.you"), say("play.you_idea"))]
    names += [(ghost.name, label(ghost.name), idea(ghost.name)) for ghost in session.ghosts]
    return {
        "scenario": scenario.name,
        "scenario_digest": scenario.digest(),
        "seed": str(session.seed),
        "quarters": session.quarters,
        "step": scenario.step,
        "steps_a_year": session.year,
        "society": named_map(scenario),
        "quantities": list(PLACE),
        "systems": [{"name": name, "label": shown, "idea": about} for name, shown, about in names],
        "adviser": [name for name, _, _ in names].index(session.adviser.name),
        "groups": _groups(session),
        "budget": scenario.money.B * scenario.society.persons,
        "weights": {name: getattr(scenario.reward, name) for name in ("w_b", "w_r", "w_x")},
        "maximum": list(scenario.programme.maximum),
    }


def _groups(session: Session) -> list[dict[str, Any]]:
    """Places that are likely to be treated alike: hubs, and the others in thirds by capability."""
    places = session.scenario.society.listed()
    hubs = [i for i, place in enumerate(places) if place.hub]
    others = sorted(
        (i for i, place in enumerate(places) if not place.hub), key=lambda i: places[i].capability
    )
    thirds = [part.tolist() for part in np.array_split(np.array(others, int), min(3, max(1, len(others))))]
    keys = ("high", "middle", "low")[: len(thirds)] if len(thirds) != 1 else ("others",)
    found = [("hubs", hubs), *zip(keys, reversed(thirds), strict=True)]
    return [{"name": name, "places": members} for name, members in found if members]


def state(session: Session) -> dict[str, Any]:
    """The state after a step.

    Args:
        session: The play.
    """
    programme, at = session.programme, session.programme.quarter
    everyone = [programme, *(ghost.programme for ghost in session.ghosts)]
    return {
        "quarter": at,
        "over": session.over,
        "now": {name: _plain(getattr(programme.moments[-1], name)) for name in _NOW},
        "waits": _waits(session),
        "systems": [_system(one, at) for one in everyone],
        "events": _events(programme),
        "last": session.decisions[-1].model_dump(mode="json") if session.decisions else None,
        "end": _end(session) if session.over else None,
    }


def ranking(session: Session, saved: Saved) -> dict[str, Any]:
    """The saved plays of the episode, and what is wrong with files that cannot be used."""
    rows, faults = saved.plays(session)
    shown = [
        {"file": row.file, "quarters": row.quarters}
        | (row.score.model_dump(by_alias=True) if row.score else {})
        for row in rows
    ]
    return {"plays": shown, "faults": faults}


def _waits(session: Session) -> int | None:
    """After how many more quarters the next stage would be granted; None where it never is."""
    programme, now = session.scenario.programme, session.programme.moments[-1]
    last = now.stage == len(STAGES) - 1 and now.round == programme.rounds - 1
    return None if last else max(0, programme.minimum[now.stage] - now.stage_quarters - 1)


def _system(programme: Programme, at: int) -> dict[str, Any]:
    moments = programme.moments[: at + 1]
    now = moments[-1]
    return {
        "stage": STAGES[now.stage],
        "project": now.project,
        "board": _plain(now.board),
        "places": _plain(now.places),
        **{name: [_plain(getattr(moment, name)) for moment in moments] for name in CURVES},
    }


def _events(programme: Programme) -> list[list[Any]]:
    """What happened in each quarter, the last first: quarter and text."""
    moments = enumerate(pairwise(programme.moments), 1)
    told = [[quarter, text] for quarter, pair in moments for text in _told(*pair)]
    return told[::-1]


def _told(before: Moment, moment: Moment) -> list[str]:
    told, technology = [], moment.project + 1
    if moment.shocks:
        key = "play.event.shock" if moment.shocks == 1 else "play.event.shocks"
        told.append(say(key, count=moment.shocks))
    if moment.gave_up:
        told.append(say("play.event.gave_up", before=before.project + 1, technology=technology))
    elif moment.project != before.project:
        told.append(say("play.event.next", technology=technology))
    elif moment.advanced:
        told.append(say("play.event.stage", stage=say(f"stage.{STAGES[moment.stage]}")))
    return told


def _end(session: Session) -> dict[str, Any]:
    """The score beside those of the others, what was hidden, and the advice."""
    everyone = [session.programme, *(ghost.programme for ghost in session.ghosts)]
    return {
        "scores": [
            {
                "return": one.earned,
                **dict(zip(PARTS, one.means().tolist(), strict=True)),
                "adoption": one.moments[-1].adoption,
                "abandoned": one.moments[-1].abandoned,
                "technologies": _technologies(one),
            }
            for one in everyone
        ],
        "yours": _allocations(session.done()),
        "advice": _allocations(session.advice()),
    }


def _technologies(programme: Programme) -> list[dict[str, Any]]:
    """Of each technology when it was run, how far it came, and its hidden draws, the defect as it ended."""
    found: list[dict[str, Any]] = []
    for quarter, moment in enumerate(programme.moments):
        hidden = dict(zip(HIDDEN, _plain(moment.hidden), strict=True))
        if not found or found[-1]["project"] != moment.project:
            if found:
                found[-1] |= {"to": quarter, "given_up": moment.gave_up}
            found.append({"project": moment.project, "from": quarter + 1, "X_first": hidden["X"]})
        reached = {"stage": STAGES[moment.stage], "to": quarter, "given_up": False}
        found[-1] |= {**reached, **hidden}
    return [one for one in found if one["to"] >= one["from"]]


def _allocations(some: list[Allocation]) -> dict[str, Any]:
    """Shares by quarter: of functions and reserve; of the places where they are few; what was asked."""
    few = len(some[0].communities) <= _MOST_PLACES
    return {
        "uses": [_plain(np.append(one.functions, one.reserve)) for one in some],
        "places": [_plain(one.communities) for one in some] if few else None,
        "openness": [_plain(float(one.openness)) for one in some],
        "advance": [bool(one.advance) for one in some],
        "abandon": [bool(one.abandon) for one in some],
    }


def _plain(value: Any) -> Any:
    """Numbers as JSON has them, of six digits; None for NaN."""
    if isinstance(value, np.ndarray):
        return [_plain(one) for one in value.tolist()]
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return None if np.isnan(value) else float(f"{value:.6g}")
    return value
