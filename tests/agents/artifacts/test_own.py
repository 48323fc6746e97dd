"""Allocators of a user's own: `FILE.py:CLASS` wherever an allocator is named, and how it is refused."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from juguo_agents.allocators import make_rule
from juguo_agents.allocators.registry import UnknownAllocator
from juguo_agents.allocators.rule import Rule
from juguo_agents.artifacts.load import common_world, digest_of, find_allocators
from juguo_agents.artifacts.own import OwnFileError, is_own, load_own
from juguo_agents.evaluation.rollout import run
from juguo_envs.errors import UserError
from tests.running import TINY_WORLD, juguo, refused, succeeded
from tests.support import seeds, small

MINE = dedent('''
    """Allocators of mine."""
    import numpy as np
    from dataclasses import dataclass
    from weights_of_mine import WEIGHTS
    from juguo_agents.allocators.rule import Decision, FixedShares
    from juguo_agents.allocators.declared import RuleShares
    from juguo_envs import encode_allocation

    class PatientOne:
        def start(self, setting, seeds):
            self.places = len(setting.population)
        def act(self, observations):
            action = encode_allocation(functions=WEIGHTS, communities=np.ones(self.places), advance=True)
            return np.tile(action, (len(observations), 1))

    @dataclass(frozen=True)
    class Frozen(PatientOne):
        name: str = "a frozen one"

    class Research(FixedShares):
        shares = RuleShares({"research": 1.0})

    class Plain(PatientOne):
        pass

    class Needs(PatientOne):
        def __init__(self, factor): pass

    class Lazy:
        def start(self, setting, seeds): pass

    class Odd(PatientOne):
        name = 3

    class Flat(PatientOne):
        name = "flat"

    class Trained(PatientOne):
        name = "learned_by_heart"
    helper = np.ones
''')


@pytest.fixture
def mine(tmp_path: Path) -> str:
    """The file of a user, which imports another beside it."""
    (tmp_path / "weights_of_mine.py").write_text("WEIGHTS = [1.0] * 9\n")
    (tmp_path / "tiny.yaml").write_text(TINY_WORLD)
    (tmp_path / "mine.py").write_text(MINE)
    return str(tmp_path / "mine.py")


def test_a_class_without_a_name_is_called_after_itself_and_runs(mine: str) -> None:
    patient, frozen = find_allocators([f"{mine}:PatientOne", f"{mine}:Frozen"])
    assert (patient.name, frozen.name) == ("patient_one", "a frozen one")
    assert run(patient, small(), seeds(2)).returns.shape == (2,)
    assert common_world([f"{mine}:PatientOne"]) is None


def test_a_rules_class_takes_institutions_and_acts_like_a_rule_of_the_house(mine: str) -> None:
    plain, exits = find_allocators([f"{mine}:Research", f"{mine}:Research+exit"])
    assert (plain.name, exits.name) == ("research", "research+exit")
    assert isinstance(plain, Rule) and isinstance(exits, Rule)
    assert (plain.exit, exits.exit) == ("none", "common")
    assert run(exits, small(), seeds(2)).returns.shape == (2,)


def test_the_digest_is_that_of_the_file_and_of_the_class(mine: str) -> None:
    one, other = digest_of(f"{mine}:PatientOne"), digest_of(f"{mine}:Frozen")
    assert one and other and one != other
    Path(mine).write_text(MINE + "# changed\n")
    assert digest_of(f"{mine}:PatientOne") not in (one, None)
    assert digest_of("flat") is None and not is_own("flat+exit") and not is_own("runs/mine")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "nowhere.py:Mine",
            r"nowhere\.py: there is no such file; an allocator of your own is FILE\.py:CLASS",
        ),
        ("{mine}", r"mine\.py: name a class: .*mine\.py:CLASS; it has PatientOne, Frozen"),
        ("{mine}:", r"name a class"),
        ("{mine}:PatientTwo", r"no class 'PatientTwo' \(did you mean 'PatientOne'\?\); it has PatientOne"),
        ("{mine}:helper", "no class 'helper'"),
        ("{mine}:Decision", "no class 'Decision'"),
        ("{mine}:Needs", r"Needs cannot be made without arguments: TypeError: .*factor"),
        ("{mine}:Lazy", r"Lazy has no method act; an allocator has start"),
        ("{mine}:Plain+exit", r"Plain is no rule, so it has no institutions; leave out \+exit"),
        ("{mine}:Odd", r"its name is 3; allowed is text of 1 to 80 characters"),
        ("{mine}:Flat", r"its name is 'flat', which stands for a rule"),
        ("{mine}:Trained", r"its name is 'learned_by_heart', which stands for .* trained"),
    ],
)
def test_what_is_no_allocator_is_refused_with_the_reason(name: str, words: str, mine: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        find_allocators([name.format(mine=mine)])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import numpy\nraise RuntimeError('no\\nluck')\n", "line 2: RuntimeError: no luck"),
        ("def (:\n", "line 1: SyntaxError"),
        ("import nothing_of_that_name\n", "line 1: ModuleNotFoundError: .*nothing_of_that_name"),
        ("import sys\n\nsys.exit(3)\n", "line 3: SystemExit: 3"),
    ],
)
def test_a_file_that_cannot_be_run_is_refused_with_its_line(source: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(source)
    with pytest.raises(OwnFileError, match=words) as caught:
        find_allocators([f"{tmp_path / 'bad.py'}:Mine"])
    assert "\n" not in str(caught.value)


def test_two_of_one_name_are_refused(mine: str) -> None:
    with pytest.raises(UserError, match="two allocators are called 'patient_one'"):
        find_allocators([f"{mine}:PatientOne", f"{mine}:PatientOne"])


def test_commands_take_it_wherever_an_allocator_is_named(mine: str, tmp_path: Path) -> None:
    small_world = ("--scenario", "tiny.yaml")
    told = succeeded(
        juguo("evaluate", "mine.py:PatientOne", "flat", *small_world, "--episodes", "3", cwd=tmp_path)
    )
    assert "patient_one" in told
    succeeded(juguo("animate", "mine.py:PatientOne", *small_world, "--every", "8", cwd=tmp_path))
    attribution = (
        "study",
        "attribution",
        "mine.py:Research",
        "flat",
        *small_world,
        "--smoke",
        "--workers",
        "1",
    )
    assert "research" in succeeded(juguo(*attribution, "--out", "parts", cwd=tmp_path))
    refused(juguo("explain", "mine.py:Patient", cwd=tmp_path), "no class 'Patient'")
    refused(juguo("train", "comparison.allocators=[mine.py:Lost]", cwd=tmp_path), "no class 'Lost'")


def test_it_acts_as_the_same_rule_of_the_house_does(tmp_path: Path) -> None:
    (tmp_path / "same.py").write_text(
        "from juguo_agents.allocators.rules import Market\n\n"
        "class Bazaar(Market):\n    base_name = 'bazaar'\n"
    )
    (mine,) = find_allocators([f"{tmp_path / 'same.py'}:Bazaar"])
    house = make_rule("market")
    assert np.array_equal(run(mine, small(), seeds(3)).returns, run(house, small(), seeds(3)).returns)


def test_a_class_of_a_module_is_an_allocator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "thrifty.py").write_text(
        "from juguo_agents.allocators import make_rule\n"
        "class Thrifty:\n"
        "    def __init__(self): self.rule = make_rule('flat')\n"
        "    def start(self, setting, seeds): self.rule.start(setting, seeds)\n"
        "    def act(self, observation): return self.rule.act(observation)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    (found,) = find_allocators(["thrifty:Thrifty"])
    assert found.name == "thrifty"
    assert (run(found, small(), seeds(3)).returns == run(make_rule("flat"), small(), seeds(3)).returns).all()
    with pytest.raises(UnknownAllocator, match="did you mean 'Thrifty'"):
        load_own("thrifty:Thirfty")
    digest = digest_of("thrifty:Thrifty")
    with (tmp_path / "thrifty.py").open("a") as file:
        file.write("# another\n")
    assert digest_of("thrifty:Thrifty") not in (digest, None)


@pytest.mark.parametrize("name", ["no_module:Class", "broken_module:Class"])
def test_a_module_that_cannot_be_imported_is_refused_on_one_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "broken_module.py").write_text("class Class(:\n")
    with pytest.raises(OwnFileError, match=r"^[^\n]+$") as refused:
        load_own(name)
    assert name.rpartition(":")[0] in str(refused.value)


@pytest.mark.parametrize(
    "name", ["flat", "flat+exit", "runs/x", "a/b.json", "zoo:default", "model.zip:PPO", "x:1y"]
)
def test_other_names_are_no_class(name: str) -> None:
    assert not is_own(name)
