"""A network over communities: it treats them alike, and acts wherever there are any number of them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from juguo_agents.allocators import Setting
from juguo_agents.artifacts.community_entries import CommunityEntries
from juguo_agents.artifacts.policy import Learned, Policy, PolicyFileError, fitted
from juguo_agents.artifacts.policy_file import load_policy, save_policy
from juguo_agents.evaluation.rollout import run
from juguo_agents.training.config import ConfigError, Experiment, load_experiment
from juguo_agents.training.learners.community_policy import CommunityMoments
from juguo_agents.training.learners.kinds import extract_policy, make_learner
from juguo_agents.training.sb3_policy import to_stable_baselines3
from juguo_envs import Scenario
from juguo_envs.spaces.context import ContextConfig, ContextLayout
from tests.agents.forging import forge_policy

SMALL = Scenario.load("default").override({"society.persons": 60, "programme.T": 10})
SHOWN = (
    ContextConfig(),
    ContextConfig(context=True),
    ContextConfig(context=True, preferences="shown", history=3),
)
Singles = npt.NDArray[np.float32]


def learned(shown: ContextConfig, steps: int = 56) -> Policy:
    """The policy of a learner that took a few steps among eight communities."""
    section = {
        "network": "communities",
        "envs": 4,
        "paired": 2,
        "n_steps": 7,
        "batch_size": 14,
        "net": [8, 6],
    }
    training = {"seeds": [3], "ppo": section}
    setup = Experiment.model_validate({"shown": shown.model_dump(), "training": training})
    learner = make_learner(SMALL, setup, 3)
    learner.learn(steps)
    policy = extract_policy(learner, SMALL, setup, 3)
    weights = {  # as after a long training: every community weighs, whatever it shows
        name: np.random.default_rng(len(name)).normal(0.0, 0.3, tensor.shape).astype(np.float32)
        for name, tensor in policy.tensors.items()
        if not name.startswith("normaliser.")
    }
    return dataclasses.replace(policy, tensors=policy.tensors | weights)


@pytest.fixture(scope="module", params=SHOWN, ids=["quarter alone", "context", "everything"])
def policy(request: pytest.FixtureRequest) -> Policy:
    return learned(request.param)


def observations(layout: ContextLayout, n: int = 5) -> Singles:
    """Some that could be, within their bounds."""
    return np.random.default_rng(0).uniform(*layout.bounds(), (n, layout.size)).astype(np.float32)


def acts(policy: Policy, layout: ContextLayout, seen: Singles) -> Singles:
    """The mean latent actions where the communities are those of the layout."""
    there = fitted(policy, layout, "it")
    return there.architecture.step(there.tensors, there.metadata, there.normalise(seen), ())[0]


@given(order=st.permutations(range(8)))
def test_communities_that_change_places_take_their_actions_along(policy: Policy, order: list[int]) -> None:
    layout = policy.layout(8)
    names, moved = layout.names(), layout.names(tuple(map(str, order)))
    seen = observations(layout)
    done, other = (acts(policy, layout, x) for x in (seen, seen[:, [names.index(name) for name in moved]]))
    np.testing.assert_allclose(other[:, 10:18], done[:, 10:18][:, order], atol=1e-6)
    np.testing.assert_allclose(
        np.delete(other, range(10, 18), 1), np.delete(done, range(10, 18), 1), atol=1e-6
    )
    assert np.ptp(done[:, 10:18], 1).min() > 1e-3  # those that show something else are not treated as equals


def test_neither_the_value_nor_the_spread_knows_one_community_from_another(policy: Policy) -> None:
    layout = policy.layout(8)
    names, moved = layout.names(), layout.names(tuple("73150264"))
    seen = policy.normalise(observations(layout))
    rebuilt: Any = to_stable_baselines3(policy)
    with torch.no_grad():
        value, other = (
            rebuilt.predict_values(torch.from_numpy(x))
            for x in (seen, seen[:, [names.index(name) for name in moved]])
        )
        spread = rebuilt.get_distribution(torch.from_numpy(seen)).distribution.stddev
    torch.testing.assert_close(other, value, atol=1e-6, rtol=0.0)
    assert float(value.std()) > 1e-3
    assert len(set(spread[:, 10:18].flatten().tolist())) == 1
    assert len(set(spread[0].tolist())) == 14


def test_a_society_of_twins_is_treated_as_the_society_itself(policy: Policy) -> None:
    """Each community twice, with half of its share: twice the communities, and nothing else is new."""
    one, two = policy.layout(8), policy.layout(16)
    seen, names = observations(one), one.names()
    copied = [names.index(name) for name in two.names(tuple(str(c % 8) for c in range(16)))]
    halved = np.array(["share[" in name or "population[" in name for name in two.names()])
    twins = np.where(halved, seen[:, copied] / 2, seen[:, copied]).astype(np.float32)
    done, other = acts(policy, one, seen), acts(policy, two, twins)
    np.testing.assert_allclose(other[:, 10:26], np.tile(done[:, 10:18], 2), atol=1e-4)
    np.testing.assert_allclose(
        np.delete(other, range(10, 26), 1), np.delete(done, range(10, 18), 1), atol=1e-4
    )


@pytest.mark.parametrize("communities", [1, 3, 8, 31])
def test_it_allocates_among_any_number_of_communities(policy: Policy, communities: int) -> None:
    world = SMALL.override({"society.communities.count": communities, "society.communities.hubs": 1})
    record = run(Learned(policy, "learned"), world, np.arange(2, dtype=np.uint64))
    assert np.isfinite(record.returns).all()


def test_what_never_varied_in_training_decides_nothing() -> None:
    policy = learned(SHOWN[1], steps=112)
    layout = policy.layout(8)
    place = layout.names().index("known_persons")
    policy.tensors["normaliser.var"][place] = 1e-9  # as after a long training in one world
    seen = observations(layout)
    other = seen.copy()
    other[:, place] += 0.25
    np.testing.assert_array_equal(policy.act(seen), policy.act(other))


@given(parts=st.integers(1, 4))
def test_what_communities_show_is_normalised_alike(parts: int) -> None:
    """By the moments of what all of them show, however it comes in."""
    layout = ContextLayout(3, SHOWN[2])
    seen = observations(layout, 20)
    moments = CommunityMoments(CommunityEntries.of(layout.names()), layout.size)
    for some in np.array_split(seen, parts):
        moments.update(some)
    trust = [i for i, name in enumerate(layout.names()) if name.startswith("trust[") and "@" not in name]
    np.testing.assert_allclose(moments.mean[trust], seen[:, trust].mean(), rtol=1e-4)
    np.testing.assert_allclose(moments.var[trust], seen[:, trust].var(), rtol=1e-3)
    fit = layout.names().index("fit")
    np.testing.assert_allclose(moments.mean[fit], seen[:, fit].mean(), rtol=1e-4)


def test_the_other_kind_of_noise_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("name: x\n")
    asked = ["training.ppo.network=communities", "training.ppo.use_sde=true"]
    with pytest.raises(
        ConfigError, match="use_sde is true and network is communities; allowed is use_sde=false"
    ):
        load_experiment(tmp_path / "config.yaml", asked)


def _shuffled(metadata: dict[str, Any]) -> None:
    names = metadata["spaces"]["observation"]["names"]
    names[0], names[1] = names[1], names[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metadata": _shuffled}, "names: the communities have not the same entries"),
        ({"metadata": lambda m: m.update(communities=9)}, "names: they are not of as many communities"),
        ({"metadata": lambda m: m.update(community_units=None)}, "community_units is missing"),
        ({"metadata": lambda m: m.update(community_units=31)}, r"'.*community\.weight' has shape \(32, 16\)"),
        (
            {"tensors": lambda t: t.update({"normaliser.mean": np.arange(float(len(t["normaliser.mean"])))})},
            "'normaliser.mean' is not the same for all communities",
        ),
    ],
)
def test_a_file_that_does_not_treat_communities_alike_is_refused(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    save_policy(learned(SHOWN[0]), tmp_path / "bad.safetensors")
    forge_policy(tmp_path / "bad.safetensors", **change)
    with pytest.raises(PolicyFileError, match=message):
        load_policy(tmp_path / "bad.safetensors")


def test_a_policy_of_other_observations_is_refused_on_other_communities_too(policy: Policy) -> None:
    metadata = {**policy.metadata, "spaces": {**policy.metadata["spaces"]}}
    names = [name.replace("trust", "faith") for name in policy.metadata["spaces"]["observation"]["names"]]
    metadata["spaces"]["observation"] = {**metadata["spaces"]["observation"], "names": names}
    stranger = Learned(dataclasses.replace(policy, metadata=metadata), "learned")
    with pytest.raises(PolicyFileError, match=r"other observations \('trust"):
        stranger.start(Setting.of(SMALL), np.zeros(1, np.uint64))
