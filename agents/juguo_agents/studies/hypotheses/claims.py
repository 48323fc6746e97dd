"""The file that states the claims: its form, checked strictly before anything is run; what is measured."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from juguo_agents.allocators.edits import ByStage, Edits, Unit, check_functions
from juguo_agents.allocators.parametric import rule_numbers
from juguo_agents.allocators.parametric.policy_classes import RULE, find_policy_class
from juguo_agents.allocators.registry import make_rule
from juguo_agents.array_types import Floats
from juguo_agents.evaluation.effects import Rules
from juguo_agents.evaluation.outcomes import OUTCOMES
from juguo_agents.evaluation.seeds import HYPOTHESES_BLOCK, SEEDS_OF_SEARCH
from juguo_agents.studies.design import points
from juguo_envs.documents import DocumentError, kind_of, load_mapping, read_text
from juguo_envs.errors import UserError
from juguo_envs.validation import Strict, explain
from juguo_envs.worlds.sampling import scenario_at
from juguo_envs.worlds.scenario import Scenario

SHIPPED = Path(__file__).with_name("hypotheses.yaml")
"""The file that states the paper's claims."""
FirstTechnology = Literal["any", "defective", "sound"]
Positive = Annotated[int, Field(ge=1)]
Text = Annotated[str, Field(min_length=1)]


class ClaimsError(UserError):
    """A file of claims that cannot be used; the message names the field, the value and what is allowed."""


class Change(Strict):
    """A change of a field that depends on what it holds: exactly one of the three."""

    times: float | None = None
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("give exactly one of times, at_least, at_most")
        return self

    def of(self, held: float) -> float:
        """The new value; a field of whole numbers stays one."""
        value: float = held
        if self.times is not None:
            value = held * self.times
        elif self.at_least is not None:
            value = max(held, self.at_least)
        elif self.at_most is not None:
            value = min(held, self.at_most)
        return round(value) if isinstance(held, int) else value


World = dict[str, Change | list[int] | float | int]
"""Changes of a scenario by dotted name of the field: a value, or a change of what it holds."""


def changed(scenario: Scenario, world: World) -> Scenario:
    """The scenario with these changes.

    Raises:
        ScenarioError: If a field is unknown or a value is not allowed.
    """
    changes: dict[str, Any] = {}
    for dotted, change in world.items():
        held: Any = scenario
        for part in dotted.split("."):
            held = getattr(held, part, None)
        if isinstance(change, Change):
            if isinstance(held, bool) or not isinstance(held, int | float):
                raise ClaimsError(f"world.{dotted}: there is no number that could be changed by {change!r}")
            changes[dotted] = change.of(held)
        else:
            changes[dotted] = change
    return scenario.override(changes) if changes else scenario


class Thresholds(Strict):
    """When to ask to advance."""

    K: Unit
    F: Unit | None = None


class Arm(Strict):
    """An allocator, in exactly one of four ways, with edits of it and changes of its world.

    Attributes:
        rule: A rule by name; `numbers` sets some of its own.
        shares: Relative shares of the nine functions, with `openness` by stage and `advance`.
        tuned: A rule, tuned.
        searched: A family, the best member found in the scenario; `at` takes, for `closed_loop`, the blind
            schedule at which its second half began, or the shares at which the whole search began.
    """

    rule: str | None = None
    numbers: dict[str, float] = Field(default_factory=dict)
    shares: dict[str, Annotated[float, Field(ge=0.0)]] | None = None
    openness: ByStage | None = None
    advance: Literal["at_once", "never"] | Thresholds | None = None
    tuned: str | None = None
    searched: str | None = None
    at: Literal["end", "open_loop", "start"] = "end"
    edits: Edits = Field(default_factory=Edits)
    world: World = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [n for n in ("rule", "shares", "tuned", "searched") if getattr(self, n) is not None]
        if len(ways) != 1:
            raise ValueError("give exactly one of rule, shares, tuned, searched")
        if self.rule is not None:
            make_rule(self.rule)
            self._check_numbers(self.rule)
        elif self.numbers:
            raise ValueError("numbers belong to a rule")
        if self.shares is not None:
            check_functions(self.shares)
            if sum(self.shares.values()) <= 0.0:
                raise ValueError("shares are all zero")
        if (self.shares is None) != (self.openness is None) or (self.shares is None) != (
            self.advance is None
        ):
            raise ValueError("shares, openness and advance belong together")
        if self.tuned is not None:
            find_policy_class(RULE + self.tuned)
        if self.searched is not None:
            if self.searched.startswith(RULE):
                raise ValueError(f"searched is {self.searched!r}; a rule is given by tuned")
            find_policy_class(self.searched)
        if self.at != "end" and self.searched != "closed_loop":
            raise ValueError("at belongs to searched: closed_loop")
        return self

    def _check_numbers(self, rule: str) -> None:
        known = [] if not self.numbers else [n for n in rule_numbers.space_of(rule).names if "." not in n]
        for name in self.numbers:
            if name not in known:
                raise ValueError(f"rule {rule} has no number {name!r}; there are {', '.join(known)}")


class Part(Strict):
    """One contrast of arms in one outcome, with its direction and the smallest effect that counts.

    Attributes:
        contrast: Coefficient of each arm; the effect is the sum, episode by episode on the same seeds.
        direction: "above": the claim says that the effect is more than `counts`; "at_most": that it is less.
        world: Changes of the scenario, on top of the claim's.
    """

    name: Text
    says: Text
    contrast: Annotated[dict[str, float], Field(min_length=1)]
    outcome: str
    direction: Literal["above", "at_most"]
    counts: Annotated[float, Field(ge=0.0)]
    world: World = Field(default_factory=dict)
    first_technology: FirstTechnology | None = None

    @model_validator(mode="after")
    def _known_outcome(self) -> Self:
        if self.outcome not in OUTCOMES:
            raise ValueError(f"outcome is {self.outcome!r}; there are {', '.join(OUTCOMES)}")
        return self


class Claim(Strict):
    """A claim: it holds if all its parts do. What stands under `also` is reported and does not count."""

    id: Positive
    name: Text
    claim: Text
    statistic: Text
    refuted_by: Text
    built_in: Text
    world: World = Field(default_factory=dict)
    first_technology: FirstTechnology = "any"
    parts: Annotated[list[Part], Field(min_length=1)]
    also: list[Part] = Field(default_factory=list)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [part.name for part in (*self.parts, *self.also)]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"claim {self.id}: the part {name!r} is named twice")
        return self

    def world_of(self, part: Part) -> World:
        """What is changed in the scenario for a part."""
        return {**self.world, **part.world}

    def first_of(self, part: Part) -> FirstTechnology:
        """Which episodes a part is about."""
        return part.first_technology or self.first_technology


class Sample(Strict):
    """The scenarios and episodes of the test."""

    scenarios: Annotated[int, Field(ge=2, le=4096)]
    points_seed: Annotated[int, Field(ge=0)]
    episodes: Annotated[int, Field(ge=2, le=200)]
    episodes_from: Annotated[int, Field(ge=0)]


class Search(Strict):
    """The searches in the sampled scenarios."""

    scenarios: Annotated[int, Field(ge=2)]
    budget: Positive
    seed: Annotated[int, Field(ge=0, lt=SEEDS_OF_SEARCH)]


class Tuning(Strict):
    """The portfolio of each tuned rule."""

    shipped: list[str]
    points: Annotated[int, Field(ge=0)]
    points_seed: Annotated[int, Field(ge=0)]
    budget: Positive
    seed: Annotated[int, Field(ge=0, lt=SEEDS_OF_SEARCH)]
    selection_episodes: Annotated[int, Field(ge=1, le=HYPOTHESES_BLOCK)]

    @model_validator(mode="after")
    def _loadable(self) -> Self:
        for name in self.shipped:
            Scenario.load(name)
        return self


class Hypotheses(Strict):
    """The whole file."""

    kind: Literal["juguo_hypotheses"]
    format: Literal[1]
    sample: Sample
    search: Search
    tuning: Tuning
    verdict: Rules
    arms: dict[str, Arm]
    claims: Annotated[list[Claim], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ids = [claim.id for claim in self.claims]
        if len(set(ids)) < len(ids):
            raise ValueError(f"claim id {next(i for i in ids if ids.count(i) > 1)} is used twice")
        if self.sample.points_seed == self.tuning.points_seed:
            raise ValueError(
                "sample.points_seed and tuning.points_seed are the same; a rule would be tuned on the test"
            )
        used = set()
        for claim, part in self.every_part():
            for arm in part.contrast:
                used.add(arm)
                self._check_arm(claim, part, arm)
        for name in self.arms:
            if name not in used:
                raise ValueError(f"arm {name!r} is used by no claim")
        return self

    def _check_arm(self, claim: Claim, part: Part, name: str) -> None:
        where = f"claim {claim.id}, part {part.name!r}"
        if name not in self.arms:
            raise ValueError(f"{where}: arm {name!r} is unknown; there are {', '.join(self.arms)}")
        arm = self.arms[name]
        try:
            world = changed(changed(Scenario(), claim.world_of(part)), arm.world)
        except UserError as error:
            raise ValueError(f"{where}: {error}") from None
        if arm.edits.take_away is not None and world.crisis.cover > 0.0:
            raise ValueError(
                f"{where}: arm {name!r} takes money away to the reserve, which would pay for damage; "
                "set world: {crisis.cover: 0}"
            )

    @property
    def tested(self) -> int:
        """Number of parts that verdicts rest on: what the confidence is corrected for."""
        return sum(len(claim.parts) for claim in self.claims)

    def every_part(self) -> Iterator[tuple[Claim, Part]]:
        """Every part of every claim, also those that do not count."""
        for claim in self.claims:
            for part in (*claim.parts, *claim.also):
                yield claim, part


def load_claims(path: Path) -> Hypotheses:
    """Read and check a file of claims.

    Raises:
        ClaimsError: If it cannot be read or does not fit its form.
    """
    source = f"file of claims {path}"
    try:
        data = load_mapping(read_text(path, "file of claims"), source)
    except DocumentError as error:
        raise ClaimsError(str(error)) from None
    return parse_claims(data, source)


def parse_claims(data: Any, source: str) -> Hypotheses:
    """Check claims that were read.

    Raises:
        ClaimsError: If they do not fit the form.
    """
    if not isinstance(data, dict):
        raise ClaimsError(f"{source}: expected a mapping of fields, got {kind_of(data)}")
    try:
        return Hypotheses.model_validate(data)
    except ValidationError as error:
        raise ClaimsError(explain(error, Hypotheses, source)) from None


@dataclass(frozen=True)
class Cell:
    """One arm in a world on episodes of a kind: what several parts may share."""

    name: str
    arm: Arm
    world: World
    first: FirstTechnology

    @property
    def key(self) -> str:
        """Its content as text; arms of different names that do the same are run once."""
        arm = self.arm.model_dump(mode="json", exclude_defaults=True)
        world = {
            name: value.model_dump(mode="json", exclude_unset=True) if isinstance(value, Change) else value
            for name, value in self.world.items()
        }
        return json.dumps([arm, world, self.first], sort_keys=True)


@dataclass(frozen=True)
class ChosenClaims:
    """The claims that are tested, and what must be run for them.

    Attributes:
        claims: The whole file.
        only: Ids of those that are tested; confidence is corrected for all of them, whatever is tested.
    """

    claims: Hypotheses
    only: tuple[int, ...]

    @property
    def error(self) -> float:
        """Error that each part on which a verdict rests may have (Bonferroni)."""
        return (1.0 - self.claims.verdict.confidence) / self.claims.tested

    def chosen(self) -> list[Claim]:
        """The claims to test."""
        return [claim for claim in self.claims.claims if claim.id in self.only]

    def cell(self, claim: Claim, part: Part, arm: str) -> Cell:
        """The cell that a part compares under the name of an arm."""
        return Cell(arm, self.claims.arms[arm], claim.world_of(part), claim.first_of(part))

    def cells(self) -> dict[str, tuple[Cell, set[str]]]:
        """Every cell to be run, by its key, with the outcomes that are wanted of it."""
        cells: dict[str, tuple[Cell, set[str]]] = {}
        for claim in self.chosen():
            for part in (*claim.parts, *claim.also):
                for arm in part.contrast:
                    cell = self.cell(claim, part, arm)
                    cells.setdefault(cell.key, (cell, set()))[1].add(part.outcome)
        return cells

    def _arms(self) -> list[Arm]:
        return [cell.arm for cell, _ in self.cells().values()]

    def tuned_rules(self) -> list[str]:
        """The rules that must be tuned."""
        return sorted({arm.tuned for arm in self._arms() if arm.tuned is not None})

    def families(self) -> list[str]:
        """The families that must be searched in the sampled scenarios."""
        return sorted({arm.searched for arm in self._arms() if arm.searched is not None})

    def searched(self, index: int) -> bool:
        """Whether the families are searched in a scenario of the sample."""
        return index < self.claims.search.scenarios and bool(self.families())

    def tuning_worlds(self) -> list[Scenario]:
        """The worlds in which rules are tuned."""
        tuning = self.claims.tuning
        places: Any = points(tuning.points, tuning.points_seed) if tuning.points else []
        sampled = [scenario_at(place, name=f"tuning point {i + 1}") for i, place in enumerate(places)]
        return [*(Scenario.load(name) for name in tuning.shipped), *sampled]

    def places(self) -> Floats:
        """(scenarios, axes) places of the sample in the unit cube."""
        return points(self.claims.sample.scenarios, self.claims.sample.points_seed)

    def episodes(self, index: int) -> int:
        """About how many episodes a scenario takes."""
        claims, searched = self.claims, self.searched(index)
        arms = [arm for arm in self._arms() if searched or arm.searched is None]
        members = len(claims.tuning.shipped) + claims.tuning.points + 1
        choosing = len(self.tuned_rules()) * members * claims.tuning.selection_episodes
        searching = len(self.families()) * claims.search.budget if searched else 0
        return searching + choosing + len(arms) * claims.sample.episodes
