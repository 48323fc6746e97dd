"""Three allocators for one programme: a PettingZoo environment in which the paper's actors decide together.

Producers, interactors and participants each have an agency. In every quarter each asks for money for its own
three functions and for the reserve, says where money should go and how open the work should be, and votes on
moving on and on giving up. A rule settles what they ask into one allocation, and the society moves on by it.

It needs the package pettingzoo, which is in the extra of that name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from pettingzoo import ParallelEnv

from juguo_envs.env import ExperimentDiffusionEnv
from juguo_envs.errors import UserError, unknown
from juguo_envs.model.state import ACTORS, FUNCTIONS, INDICATORS, N_ACTORS, N_STAGES
from juguo_envs.spaces.action import AllocationError, encode_allocation

Rows = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
_REQUESTS = ("openness", "advance", "abandon")
_GOAL = INDICATORS.index("technology goal")
_MAJORITY = 2


@dataclass(frozen=True)
class Asks:
    """What the three agencies ask for; the first axis is the agency, in the order of `ACTORS`.

    Attributes:
        functions: (3, 3) weights in [0, 1] of an agency's own functions, by stage.
        reserve: (3,) weight in [0, 1] of the reserve.
        communities: (3, R) weights in [0, 1] of the communities.
        openness: (3,) in [0, 1].
        advance, abandon: (3,) bool, votes.
    """

    functions: Floats
    reserve: Floats
    communities: Floats
    openness: Floats
    advance: npt.NDArray[np.bool_]
    abandon: npt.NDArray[np.bool_]

    def places(self) -> Floats:
        """(R,) shares of the communities as the agencies want them, each by the weight that it asks for."""
        total = self.communities.sum(1, keepdims=True)
        each = self.communities / np.where(total > 0.0, total, 1.0)
        weight = self.functions.sum(1)
        shares: Floats = (weight if weight.any() else np.ones(N_ACTORS)) @ each
        return shares


@dataclass(frozen=True)
class Settlement:
    """One allocation: relative weights, as `encode_allocation` takes them.

    Attributes:
        functions: (9,).
        reserve: That of the reserve.
        communities: (R,).
        openness: In [0, 1].
        advance, abandon: Requests.
    """

    functions: Floats
    reserve: float
    communities: Floats
    openness: float
    advance: bool
    abandon: bool


SettlementRule = Callable[[Asks], Settlement]


def proportional(asks: Asks) -> Settlement:
    """Each gets by what it asks for; openness and the reserve are the mean, two of three votes decide."""
    return Settlement(
        asks.functions.ravel(),
        float(asks.reserve.mean()),
        asks.places(),
        float(asks.openness.mean()),
        bool(asks.advance.sum() >= _MAJORITY),
        bool(asks.abandon.sum() >= _MAJORITY),
    )


def equal(asks: Asks) -> Settlement:
    """Each gets a third of what is not put aside, whatever it asks for; all else as `proportional`.

    An agency divides its third by its weights; where it asks for nothing, its third is put aside.
    """
    common = proportional(asks)
    wanted = asks.functions.sum(1, keepdims=True)
    own = asks.functions / np.where(wanted > 0.0, wanted, 1.0) / N_ACTORS
    total = common.functions.sum() + common.reserve
    aside = common.reserve / total if total > 0.0 else 1.0
    spent = (1.0 - aside) * own
    return Settlement(
        spent.ravel(),
        1.0 - float(spent.sum()),
        common.communities,
        common.openness,
        common.advance,
        common.abandon,
    )


def veto(asks: Asks) -> Settlement:
    """Nothing is done against anybody: the largest reserve, the least openness, votes that all cast alike."""
    common = proportional(asks)
    return Settlement(
        common.functions,
        float(asks.reserve.max()),
        common.communities,
        float(asks.openness.min()),
        bool(asks.advance.all()),
        bool(asks.abandon.all()),
    )


RULES: dict[str, SettlementRule] = {"proportional": proportional, "equal": equal, "veto": veto}
"""How what three ask becomes one allocation, by name."""


class AgenciesEnv(ParallelEnv[str, Rows, Rows]):  # type: ignore[misc]  # pettingzoo has no types
    """Three agencies that see the same and decide together.

    ## Agents
    `producers`, `interactors`, `participants`; all are there until the programme's end.

    ## Action of each
    `Box(-1, 1, (4 + R + 3,), float32)`, mapped to [0, 1]: weights of its own three functions and of the
    reserve, weights of the R communities, openness, votes to advance and to abandon (yes at 0 or more).

    ## Observation of each
    That of `ExperimentDiffusionEnv`, the same for all.

    ## Reward of each
    (1 - own) times the reward of `ExperimentDiffusionEnv`, and `own` times its own goal over T: of producers
    the knowledge, of interactors the share of adopters whom service covers, of participants the share of the
    adopters outside production who govern their own use (a row of the indicator board), each in [0, 1].

    ## Info of each
    That of `ExperimentDiffusionEnv`, and `granted`, the share of the quarter's money that its functions got.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 (an instance's variable in PettingZoo)
        "name": "juguo_agencies_v0",
        **ExperimentDiffusionEnv.metadata,
        "is_parallelizable": True,
    }

    def __init__(
        self, rule: str | SettlementRule = "proportional", own: float = 0.0, **arguments: Any
    ) -> None:
        """Make the environment.

        Args:
            rule: How asks are settled: a name of `RULES`, or a function of `Asks` that returns a
                `Settlement`.
            own: Share of its own goal in an agency's reward, 0 to 1.
            arguments: Those of `ExperimentDiffusionEnv`.

        Raises:
            UserError: If there is no rule of that name, or `own` is not in [0, 1]; or what that raises.
        """
        if isinstance(rule, str) and rule not in RULES:
            raise UserError(unknown("rule", rule, RULES))
        if not 0.0 <= own <= 1.0:
            raise UserError(f"own is {own!r}; allowed is 0 to 1")
        self.env = ExperimentDiffusionEnv(**arguments)
        self.rule = RULES[rule] if isinstance(rule, str) else rule
        self.own = own
        self.render_mode = self.env.render_mode
        self.communities = self.env.layout.communities
        self.possible_agents = [*ACTORS]
        self.agents: list[str] = []
        size = N_STAGES + 1 + self.communities + len(_REQUESTS)
        shown = self.env.core.observation_space
        self.observation_spaces = {a: spaces.Box(shown.low, shown.high, dtype=np.float32) for a in ACTORS}
        self.action_spaces = {a: spaces.Box(-1.0, 1.0, (size,), np.float32) for a in ACTORS}
        self._seen: Rows = np.zeros_like(shown.low)

    def observation_space(self, agent: str) -> spaces.Box[np.float32]:
        """What an agency sees."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Box[np.float32]:
        """What an agency asks."""
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Rows], dict[str, dict[str, Any]]]:
        """Begin an episode; see `ExperimentDiffusionEnv.reset`.

        The option `options` is not looked at: PettingZoo's own test gives it.
        """
        known = {name: value for name, value in (options or {}).items() if name != "options"}
        self._seen, info = self.env.reset(seed=seed, options=known)
        self.agents = [*ACTORS]
        return self._each_seen(), {agent: {**_copied(info), "granted": np.float64(0.0)} for agent in ACTORS}

    def step(
        self, actions: Mapping[str, Rows]
    ) -> tuple[
        dict[str, Rows], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]
    ]:
        """Settle what the agencies ask, and move on by a quarter.

        Raises:
            gymnasium.error.ResetNeeded: Before the first `reset` or after the episode's end.
            AllocationError: If an agency's action is missing, of the wrong shape or not finite, or the rule
                returns something that is no allocation; nothing has changed then.
        """
        if not self.agents:
            raise gym.error.ResetNeeded("the episode has not begun or is over; call reset()")
        settled = self.rule(self.asks(actions))
        action = encode_allocation(
            settled.functions,
            settled.communities,
            reserve=settled.reserve,
            openness=settled.openness,
            advance=settled.advance,
            abandon=settled.abandon,
        )
        self._seen, common, terminated, truncated, info = self.env.step(action)
        goals = info["board"][_GOAL] / self.env.batch.params["T"][0]
        granted = self.env.batch.state.allocation[0, : len(FUNCTIONS)].reshape(N_ACTORS, N_STAGES).sum(1)
        result = (
            self._each_seen(),
            {a: float((1.0 - self.own) * common + self.own * goals[i]) for i, a in enumerate(ACTORS)},
            dict.fromkeys(ACTORS, terminated),
            dict.fromkeys(ACTORS, truncated),
            {a: {**_copied(info), "granted": granted[i]} for i, a in enumerate(ACTORS)},
        )
        if terminated or truncated:
            self.agents = []
        return result

    def asks(self, actions: Mapping[str, Rows]) -> Asks:
        """What actions stand for.

        Raises:
            AllocationError: If an action is missing, of the wrong shape or not finite.
        """
        rows = []
        for agent in ACTORS:
            if agent not in actions:
                raise AllocationError(
                    f"there is no action of {agent}; expected one of {', '.join(ACTORS)} each"
                )
            row, shape = np.asarray(actions[agent]), self.action_spaces[agent].shape
            if row.shape != shape:
                raise AllocationError(f"the action of {agent} has shape {row.shape}; expected {shape}")
            if row.dtype.kind not in "fiub" or not np.isfinite(row).all():
                raise AllocationError(f"the action of {agent} must hold finite numbers, in [-1, 1]")
            rows.append(np.clip(row.astype(np.float64), -1.0, 1.0))
        asked = 0.5 * (np.stack(rows) + 1.0)
        places = N_STAGES + 1
        return Asks(
            functions=asked[:, :N_STAGES],
            reserve=asked[:, N_STAGES],
            communities=asked[:, places : places + self.communities],
            openness=asked[:, -3],
            advance=asked[:, -2] >= 0.5,
            abandon=asked[:, -1] >= 0.5,
        )

    def state(self) -> Rows:
        """What all of them see."""
        return self._seen.copy()

    def render(self) -> Any:
        """See `ExperimentDiffusionEnv.render`."""
        return self.env.render()

    def close(self) -> None:
        """Nothing is left open."""
        self.env.close()

    def _each_seen(self) -> dict[str, Rows]:
        return {agent: self._seen.copy() for agent in ACTORS}


def _copied(info: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in info.items()}
