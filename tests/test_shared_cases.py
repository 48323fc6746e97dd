"""Inputs that were tried on the project, kept beside it: each ends in a right result or in one line.

They lie in `shared/cases` beside the checkout. Where a verdict is "ok", a file is a world, a config or
claims; otherwise a part of the line that refuses it is given.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from juguo_agents.allocators import Setting, make_rule
from juguo_agents.studies.hypotheses.claims import load_claims
from juguo_agents.training.config import load_experiment
from juguo_envs import Batch, Scenario
from juguo_envs.errors import UserError

CASES = Path(__file__).resolve().parents[2] / "shared" / "cases"
OK = "ok"
LARGEST, LONGEST = 20_000, 1000
"""Persons and quarters of worlds that are run, too."""
SCENARIOS = {
    "B-zero": OK,
    "T-1": OK,
    "T-10000": OK,
    "bad-date": OK,
    "bad-date0": OK,
    "base60-B": "money.B is '0:30.0'",
    "base60-T": "programme.T is '1:00'",
    "billion-laughs": "line 5: aliases stand for more",
    "billion-laughs-field": "line 5: aliases stand for more",
    "bool-T-on": "programme.T is 'on'",
    "bool-yes": "money.B is 'yes'",
    "chinese": OK,
    "comm-empty-list": "communities is empty",
    "comm-list-of-null": "communities.0 is empty",
    "comm-missing-field": "3 faults: (1) society.communities.0.population is missing",
    "comm-name-no": OK,
    "comm-name-num": 'in quotation marks: "1"',
    "comm-neigh-oneway": OK,
    "comm-neigh-self": "names the community itself",
    "comm-neigh-str": "write a list: ['b']",
    "comm-nfc-nfd": "holds the name 'café' twice",
    "comm-null": "communities is empty",
    "comm-pop-1e308": OK,
    "comm-pop-tiny": OK,
    "comm-prod-zero": OK,
    "complete-1e7": "at most 46340 persons",
    "dup-nested": "'B' stands twice in a mapping, on lines 1 and 1",
    "duplicate-group": "'money' stands twice in a mapping, on lines 1 and 3",
    "edge-1000c": OK,
    "edge-T1": OK,
    "edge-blank": "0 characters",
    "edge-ctrl": "U+0007",
    "edge-math": OK,
    "edge-minover": OK,
    "edge-one": OK,
    "edge-rounds100": OK,
    "empty": "got nothing",
    "gbk": "line 1 is no UTF-8",
    "hubs-more": "more than count 2",
    "int-key": "a key is a number",
    "latin1": "line 1 is no UTF-8",
    "list-key": "a key is a list",
    "list-top": "got a list",
    "listed-3": "at most 2 entries",
    "listed-base60": "ties.0.0 is '0:11'",
    "listed-big": "ties.0.1 is 1000",
    "listed-float": OK,
    "listed-neg": "ties[0] is [-1, 1]",
    "listed-no-ties": OK,
    "listed-pop": "sum to 19 and persons is 20",
    "listed-self": "a tie joins two persons",
    "low-high": "2 faults: (1) unknown field 'society.capability_low'",
    "markup": "U+000A",
    "max-2e63": "64 bits",
    "max-2e9": OK,
    "mean-degree": "more than persons - 1",
    "merge-key2": "unknown field 'knowledge.B'",
    "merge-loop": "*a is within itself",
    "min-bool": "3 faults: (1) programme.minimum.0 is 'yes'",
    "min-huge": "64 bits",
    "min-long": "at most 3 entries",
    "min-max": "below minimum",
    "name-81": "81 characters",
    "name-empty": "0 characters",
    "name-escape": "U+001B",
    "name-newline": "U+000A",
    "name-number": 'in quotation marks: "12"',
    "nel": "U+0085",
    "nested": "line 1: ",
    "nul": "U+0000",
    "octal-T": OK,
    "octal-persons": OK,
    "persons-10m1": "allowed is 10 to 10000000",
    "persons-1e3": OK,
    "persons-1e6": OK,
    "persons-9": "allowed is 10 to 10000000",
    "python-name": "the tag !!python/name:os.system",
    "python-tag": "the tag !!python/object/apply:os.system",
    "surrogate": "line 1: ",
    "tag-float-x": "the tag !!float",
    "tag-int-x": "the tag !!int",
    "tag-timestamp": "the tag !!timestamp",
    "ties-planted": "allowed is network: listed",
    "traversal": OK,
    "traversal-absolute": OK,
    "typo": "unknown field 'mony' (did you mean 'money'?)",
    "utf16": "it is UTF-16",
    "utf8-bom": OK,
    "weights-zero": OK,
}
RIGHT = {
    "octal-T": ("programme.T", 60),
    "octal-persons": ("society.persons", 100),
    "persons-1e3": ("society.persons", 1000),
    "bad-date": ("name", "2024-02-30"),
    "bad-date0": ("description", "0000-00-00"),
    "utf8-bom": ("name", "a"),
    "chinese": ("name", "比较"),
}
CONFIGS = {
    "base60-steps": "training.steps is '1:30:00'",
    "bool-steps": "training.steps is 'on'",
    "date-expert": OK,
    "dup-steps": "'steps' stands twice in a mapping, on lines 1 and 1",
    "family-override-ignored": "override gives money.B, which is drawn",
    "nested": "line 1: nested deeper than 50",
    "override-nested-then-dotted2": OK,
}
CLAIMS = {
    "base60": "sample.episodes is '1:04'",
    "bool": "sample.episodes is 'on'",
    "dup-key": "'confidence' stands twice in a mapping, on lines 33 and 34",
    "dup-top": "'verdict' stands twice in a mapping, on lines 31 and 32",
    "octal": "unknown field 'knowledge.zeta_Q'",  # it was written for another version of the model
}


def case(kind: str, name: str) -> Path:
    """The file of a case; the test is skipped where there is none."""
    path = CASES / f"{kind}-{name}.yaml"
    if not path.is_file():
        pytest.skip(f"{path} is not here: the cases lie beside the project, not in it")
    return path


def told(error: pytest.ExceptionInfo[UserError], said: str) -> None:
    """Check a refusal."""
    message = str(error.value)
    assert said in message and "\n" not in message and message.isprintable() and len(message) < 2500


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_is_a_world_or_refused(name: str, tmp_path: Path) -> None:
    path, said = case("scenario", name), SCENARIOS[name]
    if said != OK:
        with pytest.raises(UserError) as error:
            Batch(Scenario.load(path), 1)
        return told(error, said)
    world = Scenario.load(path)
    if name in RIGHT:
        field, value = RIGHT[name]
        found: object = world
        for part in field.split("."):
            found = getattr(found, part)
        assert found == value
    world.save(tmp_path / "again.yaml")
    assert Scenario.load(tmp_path / "again.yaml") == world
    if world.society.persons > LARGEST or world.programme.T > LONGEST:
        return None
    batch, allocator = Batch(world, 1), make_rule("nothing")
    seeds = np.zeros(1, np.uint64)
    allocator.start(Setting.of(world), seeds)
    observation = batch.reset(seeds)
    for _ in range(world.programme.T):
        observation = batch.step(allocator.act(observation))
    assert np.isfinite(observation).all() and batch.done.all()
    return None


@pytest.mark.parametrize("name", CONFIGS)
def test_a_config_is_one_or_refused(name: str) -> None:
    path, said = case("config", name), CONFIGS[name]
    if said == OK:
        load_experiment(path, []).world()
        return
    with pytest.raises(UserError) as error:
        load_experiment(path, []).world()
    told(error, said)


def test_what_the_cases_of_configs_mean() -> None:
    assert load_experiment(case("config", "date-expert"), []).training.expert == "2024-02-30"
    both = load_experiment(case("config", "override-nested-then-dotted2"), []).world()
    assert (both.money.mu, both.money.B) == (0.9, 0.5)


@pytest.mark.parametrize("name", CLAIMS)
def test_claims_are_refused(name: str) -> None:
    path, said = case("claims", name), CLAIMS[name]
    with pytest.raises(UserError) as error:
        load_claims(path)
    told(error, said)


def test_every_case_has_a_verdict() -> None:
    case("scenario", "empty")
    for kind, verdicts in (("scenario", SCENARIOS), ("config", CONFIGS), ("claims", CLAIMS)):
        found = {path.stem.removeprefix(f"{kind}-") for path in CASES.glob(f"{kind}-*.yaml")}
        assert found <= verdicts.keys()
