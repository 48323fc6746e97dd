"""Scenarios: shipped, loaded, overridden, saved, and told apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from pydantic import ValidationError

from juguo_envs import Batch, Scenario, ScenarioError, scenario_names
from juguo_envs.worlds.scenario import PARAMETER_GROUPS
from tests.properties.strategies import (
    BOUNDS,
    METAS,
    Changes,
    extreme_parameters,
    sampled_parameters,
    small_societies,
)


@pytest.mark.parametrize("name", scenario_names())
def test_every_shipped_scenario_loads_under_its_name_and_describes_itself(name: str) -> None:
    scenario = Scenario.load(name)
    assert scenario.name == name
    assert scenario.description.endswith(".")


def test_the_default_is_the_default() -> None:
    default = Scenario.load("default")
    assert default == Scenario(name="default", description=default.description)
    assert default.society.persons == 1000
    assert len(default.society.listed()) == 8
    assert default.programme.T == 60


@pytest.mark.parametrize("name", scenario_names())
def test_a_saved_scenario_is_loaded_as_it_was(name: str, tmp_path: Path) -> None:
    scenario = Scenario.load(name)
    path = tmp_path / "saved.yaml"
    scenario.save(path)
    again = Scenario.load(path)
    assert again == scenario
    assert again.digest() == scenario.digest()
    assert np.array_equal(again.record(), scenario.record())


@given(sampled_parameters(), small_societies())
def test_any_scenario_survives_a_dump_and_a_parse(parameters: Changes, society: Changes) -> None:
    scenario = Scenario.load("default").override({**parameters, **society})
    again = Scenario.parse(scenario.model_dump(mode="json"))
    assert again == scenario
    assert again.digest() == scenario.digest()


def test_a_saved_scenario_holds_every_field(tmp_path: Path) -> None:
    path = tmp_path / "saved.yaml"
    Scenario.load("default").save(path)
    text = path.read_text(encoding="utf-8")
    for dotted in BOUNDS:
        assert f"  {dotted.split('.')[1]}: " in text


def test_a_path_is_taken_as_text_or_as_a_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.yml"
    path.write_text("money: {B: 0.25}\n", encoding="utf-8")
    assert Scenario.load(path) == Scenario.load(str(path))
    assert Scenario.load(path).money.B == 0.25
    assert Scenario.load(path).name == "custom"


def test_an_override_changes_what_it_names_and_nothing_else() -> None:
    default = Scenario.load("default")
    changed = default.override({"money.B": 0.3, "society.communities.count": 5})
    assert changed.money.B == 0.3
    assert len(changed.society.listed()) == 5
    assert default.money.B != 0.3
    back = changed.override({"money.B": default.money.B, "society.communities.count": 8})
    assert back == default


@pytest.mark.parametrize(
    "changes",
    [
        {"crisis": {"severity": 0.2}},
        {"crisis.severity": 0.2},
        {"crisis": {"severity": 0.2}, "society": {"persons": 1000}},
    ],
)
def test_an_override_of_a_group_keeps_its_other_fields(changes: Changes) -> None:
    poor = Scenario.load("poor")
    changed = poor.override(changes)
    assert changed.crisis == poor.crisis.model_copy(update={"severity": 0.2})
    assert changed.crisis.shock_rate != Scenario().crisis.shock_rate


def test_an_override_of_some_persons_keeps_the_communities_that_are_listed() -> None:
    china = Scenario.load("china31")
    changed = china.override({"society": {"persons": 2000}})
    assert changed.society.listed() == china.society.listed()
    assert changed.society.persons == 2000


def test_both_ways_to_write_an_override_hold_together_and_nothing_is_given_twice() -> None:
    changed = Scenario().override({"money.mu": 0.9, "money": {"B": 0.5}})
    assert (changed.money.mu, changed.money.B) == (0.9, 0.5)
    for twice in (
        {"money.B": 0.4, "money": {"B": 0.5}},
        {"money": {"B": 0.4}, "money.B": 0.5},
        {"society.communities.count": 3, "society.communities": []},
    ):
        with pytest.raises(ScenarioError, match=r"override gives (money\.B|society\.communities) twice"):
            Scenario().override(twice)


def test_a_part_of_what_is_listed_cannot_be_changed_and_the_way_is_told() -> None:
    china = Scenario.load("china31")
    for changes in ({"society.communities.count": 12}, {"society": {"communities": {"count": 12}}}):
        with pytest.raises(ScenarioError, match=r"society\.communities is listed there.*give the whole list"):
            china.override(changes)
    place = {"name": "all", "population": 10_000, "producers": 1, "capability": 0.5}
    assert len(china.override({"society.communities": [place]}).society.listed()) == 1


def numbers(data: Changes, prefix: str = "") -> dict[str, float]:
    """Every number of a scenario, by dotted name."""
    found: dict[str, float] = {}
    for name, value in data.items():
        if isinstance(value, dict):
            found |= numbers(value, f"{prefix}{name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[prefix + name] = value
    return found


def test_nothing_but_a_number_is_a_number_in_any_field() -> None:
    scenario = Scenario()
    held = numbers(scenario.model_dump(mode="json"))
    assert len(held) > 95
    for dotted, value in held.items():
        for odd in (True, False, "1", "yes", "1:00", None, [1], {}, 1j):
            with pytest.raises(ScenarioError, match=dotted):
                scenario.override({dotted: odd if odd != {} else [{}]})
        assert scenario.override({dotted: float(value)}) == scenario
        if isinstance(value, int):
            with pytest.raises(
                ScenarioError, match=f"{dotted} is {value + 0.5}: input should be a valid int"
            ):
                scenario.override({dotted: value + 0.5})


def test_a_mapping_with_a_base_stands_for_a_scenario(tmp_path: Path) -> None:
    mapping = {"base": "poor", "money": {"mu": 0.9}, "crisis.severity": 0.3}
    meant = Scenario.load("poor").override({"money.mu": 0.9, "crisis.severity": 0.3})
    made = Scenario.load(mapping)
    assert made.digest() == meant.digest() == Scenario.parse(mapping).digest()
    assert made.digest() == Scenario.model_validate(mapping).digest()
    assert (made.name, made.description) == ("custom", "")
    (tmp_path / "mine.yaml").write_text("base: poor\nname: mine\nmoney: {mu: 0.9}\ncrisis: {severity: 0.3}\n")
    file = Scenario.load(tmp_path / "mine.yaml")
    assert file.digest() == meant.digest() and file.name == "mine"
    onto = Scenario.load({"base": {"base": str(tmp_path / "mine.yaml"), "money.B": 0.2}, "money.mu": 0.8})
    assert (onto.money.B, onto.money.mu, onto.crisis.severity) == (0.2, 0.8, 0.3)
    assert Scenario.load({"base": meant}).digest() == meant.digest()


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"base": "pour"}, r"unknown scenario 'pour' \(did you mean 'poor'\?\)"),
        ({"base": "family"}, "is a family of scenarios"),
        ({"base": 3}, "a scenario is a name, a path or a mapping of fields, and here a number is given"),
        ({"base": None}, "here nothing is given"),
        ({"base": "poor", "mony": {"B": 1}}, "base poor: unknown field 'mony.B'"),
        ({"base": "poor", "money": {"B": -1}}, "money.B is -1; allowed is 0 to 100"),
    ],
)
def test_a_base_that_is_none_is_refused(mapping: Changes, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        Scenario.load(mapping)


def test_a_base_that_rests_on_itself_is_refused(tmp_path: Path) -> None:
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    one.write_text(f"base: {other}\n")
    other.write_text(f"base: {one}\n")
    with pytest.raises(ScenarioError, match="rests on itself"):
        Scenario.load(one)
    Scenario.load({"base": "poor"})  # what was refused is forgotten


def test_a_neighbour_is_another_community() -> None:
    place = {"name": "a", "population": 1, "producers": 1, "capability": 0.5, "neighbours": ["a"]}
    with pytest.raises(ScenarioError, match="community a: neighbours names the community itself"):
        Scenario.parse({"society": {"communities": [place]}})


def test_names_that_look_alike_are_one_name() -> None:
    def places(*names: str) -> Changes:
        fields = {"population": 1, "producers": 1, "capability": 0.5}
        return {"society": {"persons": 20, "communities": [{"name": name, **fields} for name in names]}}

    for one, other in (("caf\u00e9", "cafe\u0301"), ("a", "a "), ("a", "\u00a0a")):
        with pytest.raises(ScenarioError, match=r"communities holds the name .* twice"):
            Scenario.parse(places(one, other))
    with pytest.raises(ScenarioError, match=r"society\.communities\.0\.name: .* has U\+0085"):
        Scenario.parse(places("a\x85b", "a b"))


def test_a_scenario_cannot_be_changed_in_place() -> None:
    scenario = Scenario.load("default")
    with pytest.raises(ValidationError):
        scenario.name = "other"  # type: ignore[misc]  # what is tested is the refusal
    with pytest.raises(ValidationError):
        scenario.money.B = 3.0  # type: ignore[misc]


def test_the_digest_ignores_what_does_not_shape_the_world() -> None:
    default = Scenario.load("default")
    assert default.override({"name": "x", "description": "y"}).digest() == default.digest()


def test_labels_are_kept_and_do_not_shape_the_world_and_the_length_of_a_step_does(tmp_path: Path) -> None:
    places = [{"name": name, "population": 1, "producers": 1, "capability": 0.3} for name in ("安吉县", "b")]
    plain = Scenario.load("default").override({"society.communities": places})
    labelled = plain.override({"society.communities": [places[0] | {"label_en": "Anji"}, places[1]]})
    assert labelled.digest() == plain.digest()
    yearly = labelled.override({"step": "year"})
    assert yearly.digest() != plain.digest() == yearly.override({"step": "quarter"}).digest()
    np.testing.assert_array_equal(yearly.record(), plain.record())
    yearly.save(tmp_path / "yearly.yaml")
    again = Scenario.load(tmp_path / "yearly.yaml")
    assert again == yearly
    assert [place.label_en for place in again.society.listed()] == ["Anji", None]
    with pytest.raises(ScenarioError, match="step is 'day': input should be 'year', 'quarter'"):
        plain.override({"step": "day"})


@given(extreme_parameters())
def test_the_digest_tells_worlds_apart(changes: Changes) -> None:
    default = Scenario.load("default")
    changed = default.override(changes)
    assert (changed.digest() == default.digest()) == np.array_equal(changed.record(), default.record())


def test_a_whole_number_is_the_same_world_as_its_decimal() -> None:
    default = Scenario.load("default")
    assert default.override({"money.B": 1}).digest() == default.override({"money.B": 1.0}).digest()


def test_every_parameter_reaches_the_model() -> None:
    default = Scenario.load("default")
    names = default.record().dtype.names
    assert names is not None
    for group in PARAMETER_GROUPS:
        for name, value in getattr(default, group).model_dump().items():
            assert default.record()[name][0] == value
    assert len(names) == len(set(names))


def test_every_parameter_of_a_world_has_the_same_type_in_every_world() -> None:
    default = Scenario.load("default")
    for dotted, (low, high) in BOUNDS.items():
        for bound in (low, high):
            assert default.override({dotted: bound}).record().dtype == default.record().dtype


def test_defaults_lie_in_their_sampling_ranges_and_those_in_the_bounds() -> None:
    default = Scenario.load("default").model_dump()
    sampled = 0
    for dotted, meta in METAS.items():
        low, high = BOUNDS[dotted]
        group, name = dotted.split(".")
        assert low <= default[group][name] <= high, dotted
        if meta.sampling is not None:
            sampled += 1
            assert low <= meta.sampling[0] < meta.sampling[1] <= high, dotted
            assert meta.sampling[0] <= default[group][name] <= meta.sampling[1], dotted
    assert sampled >= 14


def test_every_parameter_has_a_unit_a_source_and_a_description() -> None:
    for group in PARAMETER_GROUPS:
        model = type(getattr(Scenario.load("default"), group))
        for name, field in model.model_fields.items():
            assert field.description, name
    for dotted, meta in METAS.items():
        assert meta.unit and meta.source, dotted


def test_listed_communities_and_a_rule_give_the_same_society() -> None:
    rule = Scenario.load("default")
    listed = rule.override({"society.communities": [c.model_dump() for c in rule.society.listed()]})
    seeds = np.array([3], np.uint64)
    one, other = Batch(rule, 1), Batch(listed, 1)
    assert np.array_equal(one.reset(seeds), other.reset(seeds))
    assert np.array_equal(one.state.neighbours, other.state.neighbours)
