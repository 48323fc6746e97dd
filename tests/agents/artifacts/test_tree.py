"""Trees: what scikit-learn finds runs without it, and does on average what was wanted in each leaf."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from juguo_agents.allocators import Setting, make_rule
from juguo_agents.artifacts.place_weights import LOCALS, lean_shares, read_places
from juguo_agents.artifacts.tree import ABANDON, ADVANCE, LEAF, Tree, TreeAllocator, TreeMisfit, as_row
from juguo_agents.artifacts.tree_features import BY_NAME, FEATURES, read_features
from juguo_agents.artifacts.tree_file import TreeRecord, tree_content
from juguo_agents.evaluation.rollout import Conditions
from juguo_agents.report.tree_rules import condition, tree_lines
from juguo_agents.search.distillation.distil import Budget, distil
from juguo_agents.search.distillation.fidelity import fidelity, gain_kept
from juguo_agents.search.distillation.fit import Weights, fit_tree
from juguo_agents.search.distillation.query import Answers, ExpertQuery
from juguo_envs import Batch, Scenario, decode_allocation
from juguo_envs.spaces.action import SHARES
from tests.agents.forging import store

SEEDS = np.arange(6, dtype=np.uint64)


def test_a_tree_ends_where_scikit_learns_own_ends(asked: Answers) -> None:
    weights = Weights(0.3, 1.0, 0.3)
    ours = fit_tree(FEATURES, asked, 8, weights)
    theirs = DecisionTreeRegressor(max_leaf_nodes=8, min_samples_leaf=10, random_state=0).fit(
        asked.values, asked.wants * weights.scale(asked.wants.shape[1])
    )
    noisy = asked.values + np.random.default_rng(0).normal(0, 0.05, asked.values.shape).astype(np.float32)
    means = theirs.predict(noisy) / weights.scale(asked.wants.shape[1])
    np.testing.assert_allclose(ours.wants[ours.leaf_of(noisy)], means, atol=1e-9)


def test_a_tree_has_no_more_leaves_than_allowed_and_each_sums_to_one(asked: Answers, tree: Tree) -> None:
    assert 2 <= len(tree.leaves) <= 6
    np.testing.assert_allclose(tree.wants[:, :SHARES].sum(1), 1.0)
    np.testing.assert_allclose(tree.wants[:, SHARES:-3].sum(1), 1.0)
    assert tree.quarters[0] == tree.quarters[tree.leaves].sum() == len(asked.values)


def test_a_question_holds_the_mean_of_all_that_is_under_it(asked: Answers, tree: Tree) -> None:
    np.testing.assert_allclose(tree.wants[0], asked.wants.mean(0), atol=1e-12)


def test_a_leaf_asks_where_the_learner_asked_in_the_share_that_the_cut_says(asked: Answers) -> None:
    wants = asked.wants.copy()
    wants[:, ADVANCE] = np.random.default_rng(0).random(len(wants)) < 0.4
    other = replace(asked, wants=wants)
    low, high = (fit_tree(FEATURES, other, 4, Weights(1.0, 0.01, 0.01, cut)) for cut in (0.2, 0.6))
    alike = np.zeros((len(low.leaves), 3, len(LOCALS)), np.float32)
    assert low.allocation(low.leaves, alike).advance.all()
    assert not high.allocation(high.leaves, alike[: len(high.leaves)]).advance.any()


def test_an_allocators_actions_are_the_allocations_of_its_leaves(world: Conditions, tree: Tree) -> None:
    setting, batch = Setting.of(world.scenario), Batch(world.scenario, 6)
    observation, allocator = batch.reset(SEEDS), TreeAllocator(tree, "tree")
    allocator.start(setting, SEEDS)
    for _ in range(8):
        actions = allocator.act(observation)
        leaves = tree.leaf_of(read_features(setting, observation, tree.features))
        wanted = tree.wants[leaves].copy()
        above = read_places(setting, observation)
        wanted[:, SHARES:-3] = lean_shares(wanted[:, SHARES:-3], tree.leans[leaves], above)
        wanted[:, ADVANCE], wanted[:, ABANDON] = wanted[:, ADVANCE] >= 0.5, wanted[:, ABANDON] >= 0.5
        np.testing.assert_allclose(as_row(decode_allocation(actions, setting.population)), wanted, atol=1e-6)
        observation = batch.step(actions)


def test_a_tree_is_refused_in_a_world_of_other_communities(tree: Tree) -> None:
    with pytest.raises(TreeMisfit, match="3 communities; this scenario has 8"):
        TreeAllocator(tree, "tree").start(Setting.of(Scenario.load("default")), SEEDS)


def test_features_are_in_the_units_that_they_name(world: Conditions) -> None:
    setting, batch = Setting.of(world.scenario), Batch(world.scenario, 6)
    batch.reset(SEEDS)
    allocator = make_rule("nothing")
    allocator.start(setting, SEEDS)
    observation = batch.reset(SEEDS)
    for quarter in range(5):
        values = read_features(setting, observation)
        at = {f.name: values[:, i] for i, f in enumerate(FEATURES)}
        assert (at["time_left"] == world.scenario.programme.T - quarter).all()
        assert (at["project_quarters"] == quarter).all()
        np.testing.assert_allclose(
            at["reserve"], batch.state.programme["M"] / (0.8 * batch.persons), rtol=1e-5
        )
        np.testing.assert_allclose(
            at["mean:excluded"], batch.state.community["excluded"].sum(1) / batch.persons, atol=1e-6
        )
        observation = batch.step(allocator.act(observation))


def test_a_question_reads_as_people_say_it() -> None:
    assert condition(BY_NAME["stage"], 0.5) == "in production"
    assert condition(BY_NAME["stage"], 1.5) == "before application"
    assert condition(BY_NAME["abandoned"], 0.5) == "projects given up < 1"
    assert condition(BY_NAME["mean:adoption"], 0.135) == "adoption ≤ 13.5 %"
    assert condition(BY_NAME["knowledge"], 0.4321) == "knowledge ≤ 0.432"
    assert condition(BY_NAME["experience"], 1481.4) == "experience of use ≤ 1,481"


def test_rules_in_words_have_a_line_for_every_leaf(tree: Tree) -> None:
    lines = tree_lines(tree)
    assert sum("of quarters]" in line for line in lines) == len(tree.leaves)
    assert sum(line.strip().startswith("if ") for line in lines) == (tree.feature != LEAF).sum()


def test_an_allocator_agrees_with_itself_and_fidelity_falls_with_distance(asked: Answers, tree: Tree) -> None:
    same = fidelity(asked)
    assert all(value == pytest.approx(1.0) for value in same.values() if value is not None)
    done = tree.wants[tree.leaf_of(asked.values)]
    mean = np.broadcast_to(asked.wants.mean(0), asked.wants.shape)
    of_tree, of_mean = (fidelity(replace(asked, done=d)) for d in (done, mean))
    assert of_mean["money"] < of_tree["money"] < 1.0
    assert of_mean["openness"] < of_tree["openness"]


def test_asking_changes_nothing_that_the_actor_does(world: Conditions) -> None:
    rule, learner = make_rule("tiered"), make_rule("policy_learning")
    alone = world.run(make_rule("tiered"), SEEDS).returns
    np.testing.assert_array_equal(world.run(ExpertQuery(rule, learner), SEEDS).returns, alone)


def test_kept_gain_is_one_for_the_learner_itself_none_for_flat_and_unsaid_without_a_gain() -> None:
    rng = np.random.default_rng(0)
    flat = rng.normal(0.0, 0.1, 50)
    learner = flat + 0.2 + rng.normal(0.0, 0.05, 50)
    assert gain_kept(learner, learner, flat)["share"] == pytest.approx(1.0)
    assert gain_kept(flat, learner, flat)["share"] == pytest.approx(0.0)
    half = gain_kept(0.5 * (flat + learner) + rng.normal(0.0, 0.05, 50), learner, flat)
    assert half["low"] < half["share"] < half["high"]
    assert half["share"] == pytest.approx(0.5, abs=0.1)
    assert gain_kept(flat, flat, flat) is None
    assert gain_kept(flat, flat - 0.1, flat) is None


def test_distilling_keeps_most_of_a_simple_rule(world: Conditions) -> None:
    learner = make_rule("capability_first")
    found = distil(learner, world, 8, Budget(rounds=2, asking=8, ranking=6, choice=10))
    query = ExpertQuery(TreeAllocator(found.chosen.tree, "tree"), learner)
    world.run(query, SEEDS)
    assert fidelity(query.answers())["money"] > 0.9


def test_a_stored_tree_acts_where_scikit_learn_and_torch_cannot_be_imported(
    world: Conditions, tree: Tree, tmp_path: Path
) -> None:
    about = {"name": "tree6_of_x", "observe": "noisy", "source": {}, "fidelity": {}}
    store(tmp_path / "tree6.json", TreeRecord, {**about, **tree_content(tree, world.scenario)})
    script = (
        "import sys\n"
        "for name in ('sklearn', 'torch', 'matplotlib', 'safetensors', 'stable_baselines3'):\n"
        "    sys.modules[name] = None\n"
        "import numpy as np\n"
        "from juguo_agents.allocators import Setting\n"
        "from juguo_agents.artifacts.load import find_allocators\n"
        "from juguo_envs import Scenario\n"
        "(tree,) = find_allocators([sys.argv[1]])\n"
        "setting = Setting.of(Scenario.parse(__import__('json').load(open(sys.argv[1]))['scenario'], 's'))\n"
        "tree.start(setting, np.zeros(2, np.uint64))\n"
        "print(tree.name, tree.act(np.zeros((2, setting.layout.size), np.float32)).shape)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "tree6.json")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("(")[0].strip() == "tree6_of_x"
