"""The searches of `study generalisation` that are shipped: all there, and what they say they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from juguo_agents.evaluation.rollout import run
from juguo_agents.studies import study as engine
from juguo_agents.studies.generalisation.study import Generalisation, Settings
from juguo_agents.studies.measurement import Parametric
from juguo_agents.studies.store import recorded
from juguo_agents.studies.study import Stage

FOLDER = Path(__file__).parents[3] / "results" / "held_out"


@pytest.fixture(scope="module")
def study() -> Generalisation:
    asked = json.loads((FOLDER / "settings.json").read_text(encoding="utf-8"))["settings"]
    return Generalisation(Settings(**{name: value for name, value in asked.items() if name != "scenario"}))


@pytest.fixture(scope="module")
def found(study: Generalisation) -> dict[str, list[dict[str, Any]]]:
    """What each stage of searches found, in order; nothing is searched."""
    stages: dict[str, list[dict[str, Any]]] = {}

    class Searched(Exception):
        """All searches are read."""

    def execute(stage: Stage[Any]) -> list[pa.Table]:
        if stage.name == "measuring":
            raise Searched
        tables = [cell.read() for cell in engine._cells(stage, study, FOLDER).values()]
        assert None not in tables, stage.name
        stages[stage.name] = [recorded(table) for table in tables if table is not None]
        return [table for table in tables if table is not None]

    with pytest.raises(Searched):
        study.plan(execute)
    return stages


def test_the_same_command_would_search_nothing(
    study: Generalisation, found: dict[str, list[dict[str, Any]]]
) -> None:
    study.settings.claim(FOLDER, study.name)
    assert len(found["oracles"]) == study.settings.scenarios
    assert len(found["specialists"]) == study.settings.specialists
    assert {search["spent"] for stage in ("oracles", "specialists") for search in found[stage]} == {20_000}


@pytest.mark.parametrize("index", [0, 7, 199, 399])
def test_an_oracle_earns_what_its_record_says(
    study: Generalisation, found: dict[str, list[dict[str, Any]]], index: int
) -> None:
    told, world = found["oracles"][index], study.settings.world(index)
    assert told["scenario_digest"] == world.digest()
    first, last = told["validation"]["seeds"]
    oracle = Parametric(told["family"], told["parameters"], world).allocator()
    returns = run(oracle, world, np.arange(first, last + 1, dtype=np.uint64), observe="noisy").returns
    assert returns.mean() == pytest.approx(told["validation"]["mean"], abs=1e-3)
