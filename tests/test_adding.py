"""What adding takes: an observation entry one declaration, a parameter that and its use, a scenario a file.

All three are added to one copy of the package, which another process then runs: it compiles the model once.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import juguo_envs
from juguo_agents.allocators import make_rule
from juguo_agents.evaluation.rollout import run
from juguo_envs import Scenario

PACKAGE = Path(juguo_envs.__file__).parent
ROOT = Path(__file__).parents[1]

ENTRY = (
    "spaces/observation.py",
    "COMMUNITY_ENTRIES: tuple[Entry, ...] = (\n",
    'Entry("lowest", "mean ρ of the lowest decile", lambda s, w, P, b, c: s.community[b, c].rho_low),\n',
)
PARAMETER = (
    "worlds/parameters.py",
    '    """How much a community trusts the programme."""\n',
    '    blind: int = par(0, 0, 1, "1 if nothing takes trust away", whole=True)\n',
)
ITS_USE = (
    "model/equations.py",
    '    """Trust of a community."""\n',
    "    if P.blind == 1:\n        return 1.0\n",
)
RULE, SEEDS = "experiment_diffusion", 3
PROGRAM = f"""
import json, numpy as np, gymnasium
import juguo_envs
from juguo_agents.allocators import make_rule
from juguo_agents.evaluation.rollout import run
from juguo_envs.worlds.scenario import Scenario, scenario_names

env = gymnasium.make("juguo_envs:juguo/ExperimentDiffusion-v0", scenario="trusting", observe="true",
                     context=True, history=2).unwrapped
observation, _ = env.reset(seed=1)
env.action_space.seed(1)
inside, shown, held, trust = [], [], [], []
over = False
while not over:
    observation, _, over, _, _ = env.step(env.action_space.sample())
    inside.append(observation in env.observation_space)
    shown.append(env.layout.place(observation, "lowest").tolist())
    held.append(env.batch.state.community["rho_low"][0].astype(np.float32).tolist())
    trust.append(env.layout.place(observation, "trust").tolist())
print(json.dumps({{
    "package": juguo_envs.__file__, "names": env.layout.names(), "inside": inside, "shown": shown,
    "held": held, "trust": trust, "scenarios": scenario_names(),
    "returns": run(make_rule({RULE!r}), Scenario(), np.arange({SEEDS}, dtype=np.uint64)).returns.tolist(),
}}))
"""


@pytest.fixture(scope="module")
def added(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a copy of the package tells to which an entry, a parameter and a scenario were added."""
    package = tmp_path_factory.mktemp("added") / PACKAGE.name
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    for file, place, text in (ENTRY, PARAMETER, ITS_USE):
        before = (package / file).read_text(encoding="utf-8")
        assert before.count(place) == 1
        (package / file).write_text(before.replace(place, place + text), encoding="utf-8")
    (package / "worlds" / "trusting.yaml").write_text(
        "name: trusting\ndescription: Nobody ever loses trust.\ntrust: {blind: 1}\n", encoding="utf-8"
    )
    paths = os.pathsep.join((str(package.parent), str(ROOT / "agents")))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert Path(told["package"]).parent == package
    return told


@pytest.mark.slow
def test_an_entry_of_the_observation_takes_one_declaration(added: dict[str, Any]) -> None:
    assert added["names"][0] == "lowest[0]"
    assert "lowest[0]@-1" in added["names"]
    assert all(added["inside"])
    assert added["shown"] == added["held"]
    assert np.array(added["shown"]).any()


@pytest.mark.slow
def test_whoever_reads_an_observation_reads_the_same_where_an_entry_was_added(added: dict[str, Any]) -> None:
    here = run(make_rule(RULE), Scenario(), np.arange(SEEDS, dtype=np.uint64)).returns
    assert added["returns"] == here.tolist()


@pytest.mark.slow
def test_a_parameter_takes_one_declaration_and_its_use(added: dict[str, Any]) -> None:
    assert (np.array(added["trust"]) == 1.0).all()


@pytest.mark.slow
def test_a_scenario_takes_one_file(added: dict[str, Any]) -> None:
    assert added["scenarios"] == sorted([*juguo_envs.scenario_names(), "trusting"])
