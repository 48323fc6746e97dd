"""What feedback is worth without a mechanism: closed and open loop, searched on in that world."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP, OPEN_LOOP
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.allocators.registry import make_rule, rule_names
from juguo_agents.evaluation.rollout import run
from juguo_agents.evaluation.seeds import MANY_SEARCHES
from juguo_agents.evaluation.seeds import test as test_seeds
from juguo_agents.search.checkpoint import Settings as SearchSettings
from juguo_agents.search.conduct import conduct
from juguo_agents.studies.mechanisms.effects import noise
from juguo_agents.studies.mechanisms.measuring import Measured
from juguo_agents.studies.mechanisms.worlds import World
from juguo_agents.studies.value.shares import share_of_gap
from juguo_agents.studies.value.value import VALUE_FILE
from juguo_agents.studies.value.yardsticks import CLOSED, OPEN
from juguo_envs.errors import UserError
from juguo_envs.worlds.scenario import Scenario

FEEDBACK = "feedback"
FAMILIES = {CLOSED: CLOSED_LOOP.name, OPEN: OPEN_LOOP.name}


@dataclass(frozen=True)
class Beginning:
    """Where the searches begin.

    Attributes:
        numbers: Of the closed and of the open loop, by name.
        budget: Episodes of each search.
    """

    numbers: dict[str, Parameters]
    budget: int

    @property
    def key(self) -> str:
        """What tells one from another."""
        text = json.dumps([self.numbers, self.budget], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def beginning(value: Path, scenario: Scenario, budget: int) -> Beginning:
    """The closed and the open loop that scripts/value.py found in a world, after all doublings.

    Raises:
        UserError: If the folder holds no finished measurement of this world.
    """
    path = value / VALUE_FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        digest, last, numbers = data["scenario_digest"], data["last"], data["numbers"]
        found = {name: numbers[last[name]] for name in FAMILIES}
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(f"--value is {value}; allowed is a folder that scripts/value.py finished") from None
    if digest != scenario.digest():
        raise UserError(f"--value is {value}, which is of another world than {scenario.name}")
    return Beginning(found, budget)


def measurer(begin: Beginning, folder: Path) -> Callable[..., Measured]:
    """What measures the worth of feedback in a world; for `Task.measure`."""
    return partial(measure_feedback, begin=begin, folder=folder / f"searches-{begin.key}")


def measure_feedback(
    world: World, first_seed: int, episodes: int, begin: Beginning, folder: Path
) -> Measured:
    """Search both on, and measure them and the rules on the test episodes.

    Returns:
        `feedback`: closed less open loop as a share of the distance from the worst rule to the closed loop,
        with its interval; None where there is no such distance. `closed`, `open`, `worst`: mean returns.
    """
    searches = {
        name.replace(" ", "_"): SearchSettings(
            family,
            world.scenario,
            begin.budget,
            MANY_SEARCHES.first + world.block,
            validation=1,
            begin=begin.numbers[name],
        )
        for name, family in FAMILIES.items()
    }
    found = conduct(searches, folder / Path(world.file).stem, workers=1)
    seeds = test_seeds(first_seed, episodes)
    closed, opened = (
        run(found[name.replace(" ", "_")].allocator(name), world.scenario, seeds).returns
        for name in (CLOSED, OPEN)
    )
    rules = [run(make_rule(name), world.scenario, seeds).returns for name in rule_names()]
    worst = min(rules, key=lambda returns: float(returns.mean()))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = share_of_gap(closed, opened, closed, worst)
    told = share.as_json() if closed.mean() > worst.mean() and np.isfinite(share.share_high) else None
    means = {"closed": closed, "open": opened, "worst": worst}
    return {FEEDBACK: told, **{name: float(returns.mean()) for name, returns in means.items()}}


def share_in(measured: Measured) -> float | None:
    """The share of the gap, or None where it cannot be told."""
    told = measured[FEEDBACK]
    return float(told["share"]) if told else None


def feedback_noise(blocks: Sequence[Measured], pairs: Sequence[tuple[int, int]]) -> float:
    """By how much other searches and other episodes alone change the share in the world as it is.

    Raises:
        UserError: If it cannot be told in one of them.
    """
    shares = [share for block in blocks if (share := share_in(block)) is not None]
    if len(shares) < len(blocks):
        raise UserError("in this world the closed loop beats no rule; what feedback is worth has no share")
    return noise(abs(shares[i] - shares[j]) for i, j in pairs)


def feedback_changed(base: Measured, without: Measured, noise: float) -> bool:
    """Whether the share of the gap changes by more than noise, or cannot be told any more."""
    before, after = share_in(base), share_in(without)
    return before != after if before is None or after is None else abs(after - before) > noise
