"""The rules: their names, the protocol they keep, and what sets them apart."""

from __future__ import annotations

import numpy as np
import pytest

from juguo_agents.allocators import (
    Observed,
    Setting,
    UnknownAllocator,
    Variant,
    all_rule_names,
    like_for_like,
    make_rule,
    rule_names,
    variant_of,
)
from juguo_agents.allocators.registry import RULES
from juguo_agents.artifacts.load import find_allocators
from juguo_agents.evaluation.rollout import run
from juguo_envs import Batch, Scenario, decode_allocation

NAMES = [
    "nothing", "concentrated", "knowledge_centred", "technology_centred", "market", "social_experiment",
    "policy_learning", "supply_led", "demand_led", "capability_first", "tiered", "flat", "care_only",
    "experiment_diffusion", "demonstration_zone",
]  # fmt: skip
SMALL = Scenario.load("default").override({"society.persons": 300, "programme.T": 30})
SEEDS = np.arange(6, dtype=np.uint64)


def actions_of(name: str, quarters: int, seeds: np.ndarray = SEEDS) -> list[np.ndarray]:
    """What a rule does in the small world."""
    rule, batch = make_rule(name), Batch(SMALL, len(seeds))
    rule.start(Setting.of(SMALL), seeds)
    observation, actions = batch.reset(seeds), []
    for _ in range(quarters):
        actions.append(rule.act(observation))
        observation = batch.step(actions[-1])
    return actions


def test_the_stable_names_are_all_there_and_no_others() -> None:
    assert rule_names() == NAMES


@pytest.mark.parametrize(
    "suffix", ["", "+exit", "-exit", "+relief", "-relief", "+exit+relief", "-exit-relief"]
)
def test_every_doctrine_exists_with_and_without_each_institution(suffix: str) -> None:
    for name in NAMES:
        rule = make_rule(name + suffix)
        assert rule.name == name + suffix
        if "exit" in suffix:
            assert rule.exit == ("common" if "+exit" in suffix else "none")
        if "relief" in suffix:
            assert rule.relieves == ("+relief" in suffix)


def test_no_two_of_all_rules_are_the_same_variant_and_none_is_missing() -> None:
    variants = [variant_of(name) for name in all_rule_names()]
    assert len(set(variants)) == len(variants)
    for name in NAMES:
        cells = {Variant(name, exit, relief) for exit in ("none", "common") for relief in (False, True)}
        assert {*cells, variant_of(name)} <= set(variants)
        assert variant_of(like_for_like(name)) == Variant(name, "common", True)


def test_institutions_in_the_other_order_are_refused() -> None:
    with pytest.raises(UnknownAllocator, match=r"flat\+relief\+exit"):
        make_rule("flat+relief+exit")


def test_only_a_rule_with_an_exit_gives_up() -> None:
    gave_up = {name: run(make_rule(name), SMALL, SEEDS).abandoned.sum() for name in all_rule_names()}
    without = [name for name in all_rule_names() if make_rule(name).exit == "none"]
    assert all(gave_up[name] == 0 for name in without)
    assert gave_up["experiment_diffusion"] > 0
    assert gave_up["social_experiment+exit"] > 0  # the common exit, given to a rule that has none


@pytest.mark.parametrize("world", ["default", "china31"])
def test_a_mean_over_places_does_not_depend_on_the_other_episodes(world: str) -> None:
    setting = Setting.of(Scenario.load(world))
    places = np.random.default_rng(0).random((40, len(setting.population))).astype(np.float32)
    together = setting.mean(places)
    np.testing.assert_allclose(together, places @ setting.population)
    for n in (1, 2, 3, 7, 16):
        np.testing.assert_array_equal(setting.mean(places[:n]), together[:n])
        np.testing.assert_array_equal(setting.mean(places[-n:]), together[-n:])


@pytest.mark.parametrize("name", ["flat", "concentrated", "nothing"])
def test_relief_moves_money_and_places_in_proportion_to_the_crisis(name: str) -> None:
    setting, layout = Setting.of(SMALL), Setting.of(SMALL).layout
    observation = np.zeros((3, layout.size), np.float32)
    levels = np.zeros((3, len(setting.population)))
    levels[1, 3], levels[2, 3] = 0.5, 1.0
    observation[:, [i for i, n in enumerate(layout.names()) if n.startswith("crisis[")]] = levels
    plans = {}
    for suffix in ("-relief", "+relief"):
        rule = make_rule(name + suffix)
        rule.start(setting, np.arange(3, dtype=np.uint64))
        plans[suffix] = decode_allocation(rule.act(observation), setting.population)
    calm, struck = plans["-relief"], plans["+relief"]
    np.testing.assert_array_equal(struck.functions[0], calm.functions[0])
    np.testing.assert_array_equal(struck.communities[0], calm.communities[0])
    mean = levels @ setting.population
    added = make_rule(name).relief * mean
    expected = calm.functions / (1.0 + added)[:, None]
    expected[:, [4, 8]] += (added / (1.0 + added) / 2.0)[:, None]
    np.testing.assert_allclose(struck.functions, expected, atol=1e-6)
    lean = make_rule(name).lean_crisis * setting.population * levels
    places = (calm.communities + lean) / (1.0 + lean.sum(1))[:, None]
    np.testing.assert_allclose(struck.communities, places, atol=1e-6)
    assert (struck.communities[1:, 3] > calm.communities[1:, 3]).all()


@pytest.mark.parametrize("name", NAMES)
def test_actions_are_valid_float32_batches(name: str) -> None:
    size = Batch(SMALL, 1).action_size
    for action in actions_of(name, 12):
        assert action.shape == (len(SEEDS), size)
        assert action.dtype == np.float32
        assert np.isfinite(action).all()
        assert (np.abs(action) <= 1.0).all()


@pytest.mark.parametrize("name", NAMES)
def test_what_a_rule_does_does_not_depend_on_its_neighbours_in_the_batch(name: str) -> None:
    together = actions_of(name, 20)
    alone = actions_of(name, 20, SEEDS[4:5])
    for a, b in zip(together, alone, strict=True):
        np.testing.assert_array_equal(a[4], b[0])


@pytest.mark.parametrize("name", NAMES)
def test_starting_again_forgets_everything(name: str) -> None:
    rule, batch = make_rule(name), Batch(SMALL, len(SEEDS))
    returns = []
    for _ in range(2):
        rule.start(Setting.of(SMALL), SEEDS)
        observation, total = batch.reset(SEEDS), np.zeros(len(SEEDS))
        for _ in range(SMALL.programme.T):
            observation = batch.step(rule.act(observation))
            total += batch.state.quarter["reward"]
        returns.append(total)
    np.testing.assert_array_equal(returns[0], returns[1])


def first_allocation(name: str):
    """The first allocation of a rule in the small world."""
    return decode_allocation(actions_of(name, 1)[0], Setting.of(SMALL).population)


def test_nothing_saves_everything() -> None:
    np.testing.assert_allclose(first_allocation("nothing").reserve, 1.0)


def test_concentrated_pays_hubs_only_and_stays_closed() -> None:
    allocation = first_allocation("concentrated")
    hubs = Setting.of(SMALL).hubs
    np.testing.assert_allclose((allocation.communities * hubs).sum(-1), 1.0, atol=1e-6)
    np.testing.assert_allclose(allocation.openness, 0.1, atol=1e-6)
    np.testing.assert_allclose(allocation.functions[0, :2], [0.45, 0.2], atol=1e-6)


def test_flat_pays_every_function_alike() -> None:
    np.testing.assert_allclose(first_allocation("flat").functions, 1.0 / 9.0, atol=1e-6)


def test_tiered_gives_half_to_producers_three_tenths_to_interactors_and_a_fifth_to_participants() -> None:
    by_actor = first_allocation("tiered").functions.reshape(-1, 3, 3).sum(-1)
    np.testing.assert_allclose(by_actor, np.tile([0.5, 0.3, 0.2], (len(SEEDS), 1)), atol=1e-6)


def test_the_demonstration_zone_is_one_place_and_no_hub() -> None:
    allocation = first_allocation("demonstration_zone")
    assert ((allocation.communities > 0).sum(-1) == 1).all()
    assert (allocation.communities @ Setting.of(SMALL).hubs == 0).all()


def test_care_only_never_asks_to_advance() -> None:
    population = Setting.of(SMALL).population
    assert not any(decode_allocation(a, population).advance.any() for a in actions_of("care_only", 20))


def test_the_proposal_opens_up_from_stage_to_stage() -> None:
    rule = make_rule("experiment_diffusion")
    layout, setting = Batch(SMALL, 1).layout, Setting.of(SMALL)
    rule.start(setting, SEEDS[:3])
    observation = np.tile(Batch(SMALL, 1).reset(SEEDS[:1]), (3, 1))
    where = [layout.names().index(f"stage_{s}") for s in ("production", "diffusion", "application")]
    observation[:, where] = np.eye(3)
    openness = decode_allocation(rule.act(observation), setting.population).openness
    np.testing.assert_allclose(openness, [0.2, 0.8, 1.0], atol=1e-6)


def test_an_observation_is_read_back_as_it_was_counted() -> None:
    batch = Batch(SMALL, len(SEEDS), noisy=False)
    rule = make_rule("flat")
    rule.start(Setting.of(SMALL), SEEDS)
    observation = batch.reset(SEEDS)
    for _ in range(9):
        observation = batch.step(rule.act(observation))
    seen, programme = Observed(Setting.of(SMALL), observation), batch.state.programme
    np.testing.assert_array_equal(seen.stage, programme["stage"])
    np.testing.assert_array_equal(seen.stage_quarters, programme["stage_steps"])
    np.testing.assert_array_equal(seen.project_quarters, programme["age"])
    np.testing.assert_array_equal(seen.quarter, programme["t"])
    np.testing.assert_allclose(seen.experience, programme["W"], rtol=1e-4)
    np.testing.assert_allclose(seen.knowledge, programme["K"], rtol=1e-6)


def rewards_in_one_place(values: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """The reward reckoned from what is seen, and the true one, in a society of one place and one project.

    Its strata are of one size, as the reckoning takes them. A project that was given up would be seen without
    its users, when the reward has counted them already.
    """
    one = {"society.communities.count": 1, "society.communities.hubs": 1}
    world = SMALL.override(one | {f"reward.{name}": value for name, value in values.items()})
    batch, rule = Batch(world, len(SEEDS), noisy=False), make_rule("experiment_diffusion-exit")
    rule.start(Setting.of(world), SEEDS)
    observation = batch.reset(SEEDS)
    for _ in range(16):
        observation = batch.step(rule.act(observation))
    assert (batch.state.quarter["breadth"] > 0.005).any()
    seen = Observed(Setting.of(world), observation).reward()
    return seen, batch.state.quarter["reward"] * world.programme.T


@pytest.mark.parametrize("aversion", [0.0, 0.5, 1.0, 2.0])
def test_in_a_society_of_one_place_breadth_and_the_excluded_are_seen_as_the_reward_counts_them(
    aversion: float,
) -> None:
    seen, true = rewards_in_one_place({"aversion": aversion, "w_r": 0.0, "w_x": 2.0})
    np.testing.assert_allclose(seen, true, rtol=1e-5, atol=1e-6)


def test_seen_resilience_counts_the_lowest_tenth_and_the_rewards_the_lowest_fifth() -> None:
    seen, true = rewards_in_one_place({"w_b": 0.0, "w_r": 1.0, "w_x": 0.0})
    assert (seen < true).all()
    # The lowest fifth's mean is half-way between those of the first and the second tenth, and counts half.
    assert (true - seen < 0.25).all()


def test_an_unknown_name_is_refused_with_a_suggestion() -> None:
    with pytest.raises(UnknownAllocator, match=r"'concentrate'.*did you mean 'concentrated'"):
        make_rule("concentrate")


def test_a_folder_without_policies_is_refused(tmp_path) -> None:
    with pytest.raises(UnknownAllocator, match="no training finished"):
        find_allocators([str(tmp_path)])


def test_every_rule_tells_the_papers_idea_in_a_line() -> None:
    assert all(rule.idea and "\n" not in rule.idea for rule in RULES)
