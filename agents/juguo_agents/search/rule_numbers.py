"""The free numbers of the rules, and the ranges within which a rule stays the rule it is.

A function that a rule does not fund stays unfunded. Openness stays on the rule's side: the traditional system
stays closed, the social experiment open. What a rule looks at, and where it pays, is not a number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.base import Setting
from juguo_agents.allocators.registry import make_rule
from juguo_agents.allocators.rules import Rule
from juguo_agents.search.space import Number, Shares, Space
from juguo_envs.errors import UserError
from juguo_envs.model.state import FUNCTIONS, STAGES

STEP = 0.5
"""First step of a rule's search, on the unconstrained axes."""
SHARES_OF_ACTORS = {"tiered": ("producers", "interactors", "participants")}
"""Rules that fix what each actor gets: only how an actor's part is divided is free."""


class NoNumbers(UserError):
    """A rule that has nothing to tune."""


def _open(low: float, high: float) -> Callable[[Rule], Number]:
    return lambda rule: Number("openness", low, high, _value(rule, "openness"))


def _level(name: str) -> Callable[[Rule], Number]:
    """A threshold on a stock in [0, 1]."""
    return lambda rule: Number(name, 0.05, 0.95, _value(rule, name))


def _harm(name: str) -> Callable[[Rule], Number]:
    """A threshold on the estimate of harm; 1 is never passed."""
    return lambda rule: Number(name, 0.01, 1.0, _value(rule, name), log=True)


def _in(low: float, high: float, name: str, **how: bool) -> Callable[[Rule], Number]:
    return lambda rule: Number(name, low, high, _value(rule, name), **how)


_EXIT_TRIAL = (_harm("exit_trial"), _in(0.5, 100.0, "exit_experience", log=True))
_EXIT_USE = _harm("exit_use")
_EXITS: dict[str, tuple[Callable[[Rule], Number], ...]] = {
    # rules with an exit of their own kind; all others take the common one
    "knowledge_centred": (_level("stuck_K"), _in(4, 40, "stuck_after", whole=True)),
    "technology_centred": (_EXIT_USE,),
    "market": (_in(0.01, 0.6, "unwanted", log=True), _in(4, 40, "unwanted_after", whole=True)),
    "tiered": (_EXIT_USE,),
    "policy_learning": (_in(0.01, 0.5, "fallen", log=True),),
}
_PROPOSAL = (
    _level("K"), _level("F"), _harm("hold"), _in(0.0, 0.5, "care"), _in(0.0, 1.0, "extra"),
    _in(0.0, 10.0, "lean_low"), _in(0.0, 60.0, "lean_crisis"), _in(0.0, 8.0, "relief"),
)  # fmt: skip
_NUMBERS: dict[str, tuple[Callable[[Rule], Number], ...]] = {
    "nothing": (),
    "concentrated": (_open(0.0, 0.3), _level("K")),
    "knowledge_centred": (_open(0.5, 1.0), _level("K"), _level("F"), _in(1.0, 20.0, "lean", log=True)),
    "technology_centred": (_open(0.3, 0.7), _level("K"), _in(1.0, 20.0, "lean", log=True)),
    "market": (_open(0.3, 0.7), _level("K"), _in(0.001, 1.0, "floor", log=True)),
    "social_experiment": (_open(0.7, 1.0),),
    "demonstration_zone": (*_PROPOSAL, _level("F_zone")),
    "policy_learning": (
        _level("K"), _open(0.0, 1.0), _in(2, 12, "period", whole=True), _in(0.05, 2.0, "step", log=True),
    ),
    "supply_led": (_open(0.0, 1.0),),
    "demand_led": (_open(0.0, 1.0),),
    "capability_first": (_open(0.0, 1.0), _in(0.005, 0.3, "rise", log=True)),
    "tiered": (_open(0.0, 0.5),),
    "flat": (_open(0.0, 1.0),),
    "care_only": (),
    "experiment_diffusion": _PROPOSAL,
}  # fmt: skip
_OPENNESS_BY_STAGE = ((0.0, 0.5), (0.5, 1.0), (0.7, 1.0))
"""The proposal opens up from stage to stage."""
_SHARES = {
    "capability_first": ("before",),
    "demonstration_zone": ("by_stage",),
    "experiment_diffusion": ("by_stage",),
    "flat": (),  # everything alike, or it would not be flat
    "policy_learning": (),
    "nothing": (),
}
"""Attributes that hold shares, where they are not `shares` alone."""


def space_of(name: str) -> Space:
    """The numbers of a rule by name, with `+exit` or `-exit` where that is chosen; it starts from its own.

    Raises:
        UnknownAllocator: If there is no such rule.
        NoNumbers: If it has none.
    """
    rule = _rule(name)
    parts: list[Number | Shares] = []
    for attribute in _SHARES.get(rule.base_name, ("shares",)):
        parts += _shares(rule, attribute)
    numbers = list(_NUMBERS[rule.base_name])
    parts += [replace(make(rule), step=STEP) for make in numbers]
    if hasattr(rule, "openness_by_stage"):
        parts += [
            Number(f"openness.{stage}", low, high, float(opened), step=STEP)
            for stage, (low, high), opened in zip(
                STAGES, _OPENNESS_BY_STAGE, rule.openness_by_stage, strict=True
            )
        ]
    if rule.exits:
        own = _EXITS.get(rule.base_name, (*_EXIT_TRIAL, _EXIT_USE))
        parts += [replace(make(rule), step=STEP) for make in own]
    if not parts:
        raise NoNumbers(f"rule {name!r} has no numbers to tune")
    return Space(tuple(parts))


def with_numbers(name: str, numbers: Mapping[str, float], label: str) -> Rule:
    """A rule with other numbers, named `label` in tables."""
    rule = _rule(name)
    for attribute in _SHARES.get(rule.base_name, ("shares",)):
        setattr(rule, attribute, _filled(rule, attribute, numbers))
    if hasattr(rule, "openness_by_stage"):
        rule.openness_by_stage = np.array([numbers[f"openness.{stage}"] for stage in STAGES])
    for key, value in numbers.items():
        if "." not in key:
            setattr(rule, key, value)
    rule.suffix = label.removeprefix(rule.base_name)
    return rule


def _rule(name: str) -> Rule:
    rule = make_rule(name)
    if not isinstance(rule, Rule):
        raise TypeError(f"{name} is no rule")
    return rule


def _value(rule: Rule, name: str) -> float:
    return float(getattr(rule, name))


def _rows(rule: Rule, attribute: str) -> list[tuple[str, npt.NDArray[np.int64], float]]:
    """The groups of an attribute that share among themselves: name, places in the flat array, total."""
    values = np.asarray(getattr(rule, attribute), np.float64)
    places = np.arange(values.size)
    if rule.base_name in SHARES_OF_ACTORS:
        actors = SHARES_OF_ACTORS[rule.base_name]
        parts = zip(actors, np.split(places, len(actors)), strict=True)
        return [(f"shares.{actor}", p, float(values[p].sum() / values.sum())) for actor, p in parts]
    if values.ndim == 2:
        by_stage = zip(STAGES, np.split(places, len(STAGES)), strict=True)
        return [(f"shares.{stage}", p, 1.0) for stage, p in by_stage]
    return [("shares", places, 1.0)]


def _shares(rule: Rule, attribute: str) -> list[Number | Shares]:
    """Only what is funded is free; a group of one has nothing to share."""
    values = np.asarray(getattr(rule, attribute), np.float64).ravel()
    parts: list[Number | Shares] = []
    for name, places, total in _rows(rule, attribute):
        funded = [int(p) for p in places if values[p] > 0.0]
        if len(funded) > 1:
            members = tuple(FUNCTIONS[p % len(FUNCTIONS)] for p in funded)
            parts.append(Shares(name, members, tuple(values[funded].tolist()), total, STEP))
    return parts


def _filled(rule: Rule, attribute: str, numbers: Mapping[str, float]) -> npt.NDArray[np.float64]:
    values = np.asarray(getattr(rule, attribute), np.float64)
    filled = values.ravel().copy()
    for name, places, _ in _rows(rule, attribute):
        for place in places:
            filled[place] = numbers.get(f"{name}.{FUNCTIONS[place % len(FUNCTIONS)]}", filled[place])
    return filled.reshape(values.shape)


class SideBySide:
    """Several allocators as one: each acts for its own run of a batch."""

    def __init__(self, allocators: Sequence[Rule]) -> None:
        """Take the allocators in the order of their runs."""
        self.allocators = allocators

    @property
    def name(self) -> str:
        """The first one's name."""
        return self.allocators[0].name

    def start(self, setting: Setting, seeds: npt.NDArray[np.uint64]) -> None:
        """Begin episodes; see `Allocator`."""
        count = len(self.allocators)
        runs = zip(self.allocators, setting.split(count), np.split(seeds, count), strict=True)
        for allocator, known, part in runs:
            allocator.start(known, part)

    def act(self, observation: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Actions for a batch of observations."""
        parts = np.split(observation, len(self.allocators))
        return np.concatenate([a.act(part) for a, part in zip(self.allocators, parts, strict=True)])
