"""What a comparison of fronts was asked for, most of it read off the trained policies."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from juguo_agents.artifacts.policy import POLICY_PATTERN, Policy, PolicyFileError, check_fits, load_policy
from juguo_agents.evaluation import seeds
from juguo_agents.studies.value.settings import Claim
from juguo_agents.training.config import Experiment
from juguo_envs.errors import UserError
from juguo_envs.worlds.family import PREFERENCES, WEIGHTS
from juguo_envs.worlds.scenario import Scenario

FIRST_SEED = seeds.MANY_SEARCHES.first
CANDIDATE_EPISODES = 5
"""Episodes of every candidate in every generation, as in the other searches."""
MOST_LEVELS = 8
Weights = tuple[float, float, float]


@dataclass(frozen=True)
class Trained:
    """A policy whose front is asked for.

    Attributes:
        name: Name in tables.
        file: Where it is.
        digest: Of its tensors; with another one it is measured anew.
    """

    name: str
    file: Path
    digest: str


@dataclass(frozen=True, kw_only=True)
class Settings(Claim):
    """What is asked.

    Attributes:
        policies: Of one run, a policy for each of its training seeds.
        ranges: Lowest and highest weight of breadth, resilience and the excluded in training.
        steps: Environment steps of one policy's training, those of its selection included.
        budget: Environment steps of each search.
        searches: Their number, with seeds of their own.
        levels: Preferences are a grid of so many weights on each of the three ranges.
        episodes: Test episodes of every point.
        first_seed: Seed of the first of them.
        observe: "noisy" or "true".
        begun: Whether searches may begin at what other searches found, too, whose steps nobody counts here.
    """

    policies: tuple[Trained, ...]
    ranges: tuple[tuple[float, float], ...]
    steps: int
    budget: int
    searches: int
    levels: int = 4
    episodes: int = 500
    first_seed: int = 0
    observe: str = "noisy"
    begun: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be done, before anything is run.

        Raises:
            UserError: Naming the number, its value and what is allowed.
        """
        least = self.population * CANDIDATE_EPISODES * self.scenario.programme.T
        for name, lowest, highest in (
            ("levels", 2, MOST_LEVELS),
            ("episodes", 2, seeds.HELD_OUT_WORLDS.first),
            ("first_seed", 0, seeds.HELD_OUT_WORLDS.first - self.episodes),
            ("searches", 1, seeds.MANY_SEARCHES.size),
            ("budget", 3 * least, 10**9),
        ):
            value = getattr(self, name)
            if not lowest <= value <= highest:
                fewer = "; fewer levels need less" if name == "budget" and self.levels > 2 else ""
                raise UserError(f"{name} is {value}; allowed is {lowest} to {highest}{fewer}")

    @property
    def preferences(self) -> list[Weights]:
        """The grid: even steps of the logarithm on each range, ends included."""
        axes = [np.geomspace(low, high, self.levels).tolist() for low, high in self.ranges]
        return list(itertools.product(*axes))

    @property
    def population(self) -> int:
        """Members of a search's population: as many as there are preferences."""
        return int(self.levels ** len(WEIGHTS))

    def world(self, weights: Weights) -> Scenario:
        """The scenario under a preference; its societies are the same."""
        return self.scenario.override(
            {f"reward.{name}": value for name, value in zip(WEIGHTS.values(), weights, strict=True)}
        )

    def as_json(self) -> dict[str, Any]:
        """Plain values, of each policy its digest alone."""
        return super().as_json() | {"policies": {trained.name: trained.digest for trained in self.policies}}


def settings_of(
    run: Path,
    *,
    budget: int | None = None,
    searches: int | None = None,
    begun: bool = False,
    **numbers: int,
) -> Settings:
    """Settings for the policies of a run.

    Args:
        run: Its folder.
        budget: Environment steps of a search; by default what the training of one policy took.
        searches: By default as many as there are policies.
        begun: Whether searches may begin at what other searches found, too.
        numbers: `levels`, `episodes` or `first_seed`, where they are not the default.

    Raises:
        PolicyFileError: If no policy is there, or one cannot be used for this.
        UserError: If a number is not allowed.
    """
    files = sorted(run.glob(POLICY_PATTERN), key=lambda path: (len(path.name), path.name))
    if not files:
        raise PolicyFileError(f"{run}: no {POLICY_PATTERN} there; no training finished in it")
    policies = [load_policy(file) for file in files]
    for file, policy in zip(files, policies, strict=True):
        _check(policy, policies[0], str(file))
    metadata = policies[0].metadata
    steps = training_steps(metadata)
    return Settings(
        scenario=Scenario.parse(metadata["scenario"], str(files[0])),
        policies=tuple(
            Trained(f"policy seed {policy.seed}", file.resolve(), digest_of(policy))
            for file, policy in zip(files, policies, strict=True)
        ),
        ranges=tuple((float(low), float(high)) for low, high in metadata["family"]["weights"]),
        steps=steps,
        budget=steps if budget is None else budget,
        searches=len(files) if searches is None else searches,
        observe=metadata["observe"],
        begun=begun,
        **numbers,
    )


def settings_of_search(
    scenario: Scenario, *, budget: int, searches: int | None, begun: bool, levels: int
) -> Settings:
    """Settings for searches alone, without a policy that they are compared with.

    Args:
        scenario: The world.
        budget: Environment steps of a search.
        searches: How many; one by default.
        begun: Whether they may begin at what other searches found, too.
        levels: The population has as many members as a grid of so many weights on each range.

    Raises:
        UserError: If a number is not allowed.
    """
    return Settings(
        scenario=scenario,
        policies=(),
        ranges=PREFERENCES,
        steps=0,
        budget=budget,
        searches=1 if searches is None else searches,
        levels=levels,
        begun=begun,
    )


def digest_of(policy: Policy) -> str:
    """Of its tensors."""
    parts = (name.encode() + policy.tensors[name].tobytes() for name in sorted(policy.tensors))
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


def training_steps(metadata: dict[str, Any]) -> int:
    """Environment steps that a policy's training took, those of the episodes of its selections included."""
    training = metadata["training"]
    curve: Sequence[dict[str, Any]] = training["curve"]
    experiment = Experiment.model_validate(training["config"])
    quarters = int(metadata["scenario"]["programme"]["T"])
    return int(curve[-1]["steps"]) + len(curve) * experiment.training.selection_episodes * quarters


def _check(policy: Policy, first: Policy, source: str) -> None:
    metadata = policy.metadata
    shown = policy.metadata["shown"]["preferences"]
    if shown != "drawn" or not (metadata.get("family") or {}).get("weights"):
        raise PolicyFileError(
            f"{source}: shown.preferences is {shown} there; a front takes a policy that was trained with "
            "drawn, for example with configs/preferences.yaml"
        )
    if metadata["family"]["axes"]:
        raise PolicyFileError(
            f"{source} was trained on a family; a front is measured in one scenario: train it in one"
        )
    if not metadata["training"].get("curve"):
        raise PolicyFileError(f"{source}: training.curve is missing; the training did not finish")
    for field in ("scenario_digest", "observe", "family"):
        if metadata[field] != first.metadata[field]:
            raise PolicyFileError(f"{source}: {field} is not that of the other policies of the run")
    check_fits(policy, policy.layout(int(metadata["communities"])), source)
