"""Levers are forced on the closed loop that was found, and searched on with, beside a control."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from juguo_agents.allocators.levers import LEVERS
from juguo_agents.report.texts import speaking
from juguo_agents.studies.ablation.analysis import ablation_lines, levers_over_worlds
from juguo_agents.studies.ablation.study import Ablation, AblationSettings
from juguo_envs.errors import UserError
from tests.agents.forging import store_value
from tests.agents.studies.conducting import conducted, english, has_page
from tests.agents.studies.test_value import BUDGET, NUMBERS, TINY, value_in

ablation_in = partial(conducted, Ablation, **NUMBERS)


def asked_in(folder: Path, search: str) -> dict[str, Any]:
    """What a search in a folder was asked for."""
    state = json.loads((folder / "work" / "searches" / search / "search_state.json").read_text("utf-8"))
    settings: dict[str, Any] = state["settings"]
    return settings


@pytest.mark.slow
def test_levers_are_forced_on_the_closed_loop_of_a_measurement(tmp_path: Path) -> None:
    value, folder = tmp_path / "value", tmp_path / "ablation"
    value_in(value)
    page = ablation_in(folder, value=value)
    plain = page.data
    assert set(plain["levers"]) == set(LEVERS)
    assert all(f"\n{lever} " in page.console for lever in [*LEVERS, "control"])
    assert plain["doubling"] == {} and all(row["doubled"] is None for row in plain["levers"].values())
    begin = asked_in(folder, "unforced")["begin"]
    files = value.glob("searches/*/searched.json")
    assert begin in [json.loads(file.read_text(encoding="utf-8"))["parameters"] for file in files]

    value_in(value, doublings=1)  # it may find more since
    page = ablation_in(folder, value=value, doublings=1)
    assert has_page(folder, "ablation")
    data = page.data
    assert asked_in(folder, "unforced")["begin"] == begin
    assert {n: row["searched"] for n, row in data["levers"].items()} == {
        n: row["searched"] for n, row in plain["levers"].items()
    }
    assert set(data["doubling"]) == {"unforced", "control", *data["levers"]}
    gained = {name: sum(step["difference"] for step in steps) for name, steps in data["doubling"].items()}
    for name, row in data["levers"].items():
        lost = row["searched"]["difference"] + gained["unforced"] - gained[name]
        assert row["doubled"]["difference"] == pytest.approx(lost)
    assert asked_in(folder, "advance_never-2")["lever"] == "advance:never"
    assert asked_in(folder, "control")["seed"] != asked_in(folder, "unforced")["seed"]


@pytest.mark.parametrize(
    ("there", "words"),
    [
        (None, "value is .*; allowed is a folder in which"),
        ({"budget": 9}, f"budget is {BUDGET}, but .* has 9"),
        ({"model": "0" * 14}, "model is .* has 0"),
        ({"scenario_digest": "0" * 16}, "is of another world than tiny"),
    ],
)
def test_a_folder_of_something_else_is_refused(
    there: dict[str, Any] | None, words: str, tmp_path: Path
) -> None:
    settings = AblationSettings(**{**NUMBERS, "value": tmp_path / "value"})
    if there is not None:
        told = settings.as_json(TINY) | there
        digest = told.pop("scenario_digest", TINY.digest())
        (tmp_path / "value").mkdir()
        numbers = {name: {"a": 1.0} for name in ("closed loop", "open loop")}
        store_value(tmp_path / "value", TINY, numbers, settings=told, scenario_digest=digest)
    with pytest.raises(UserError, match=words):
        settings.check()


def test_its_page_is_in_chinese_where_that_is_asked_for() -> None:
    lost = dict.fromkeys(("difference", "share", "share_low", "share_high", "low", "high"), 0.1)
    row = {"at_once": lost, "searched": lost, "doubled": lost, "forced": ""}
    data = {
        "settings": {"scenario": {"name": "tiny"}, "episodes": 9, "first_seed": 0, "refine": 9},
        "gap": {"best": {"mean": 0.1}, "worst": "flat", "mean": 0.1},
        "control": row,
        "levers": {name: row | {"forced": lever.forced} for name, lever in LEVERS.items()},
        "doubling": {"control": [{"episodes": 9, **lost}]},
    }
    with speaking("zh"):
        page = "\n".join([*ablation_lines(data), *levers_over_worlds({"tiny": data, "poor": data})])
    assert english(page) == []
    assert not any(name in page for name in [*LEVERS, "control", "zero"])


def test_a_lever_matters_where_it_costs_enough_beyond_what_the_control_shows() -> None:
    def world(lever: float, control: float) -> dict[str, Any]:
        rows = [
            {"doubled": None, "searched": {"share": share, "low": share - 0.01}} for share in (lever, control)
        ]
        return {"levers": {"research": rows[0]}, "control": rows[1]}

    worlds = {"much": world(0.2, 0.01), "noise": world(0.2, 0.19), "little": world(0.02, 0.0)}
    line = levers_over_worlds(worlds)[-1]
    assert line.split() == ["research", "20.0", "20.0", "2.0", "much"]
