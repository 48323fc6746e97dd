"""The file `comparison.json`: what stands in it, written and read back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from juguo_agents.artifacts.identity import RUN, Count, Fingerprint, Record, read_record, record_of
from juguo_agents.report.summary import Summary
from juguo_envs.errors import UserError
from juguo_envs.validation import Strict
from juguo_envs.worlds.scenario import Step

COMPARISON = "comparison.json"


class ComparisonFileError(UserError):
    """A file of a comparison that cannot be used; the message names the file and what is wrong."""


class _Mean(Strict):
    mean: float
    mean_low: float
    mean_high: float


class _Difference(Strict):
    difference: float
    difference_low: float
    difference_high: float


class _ToBest(Strict):
    difference_to_best_rule: float
    difference_to_best_rule_low: float
    difference_to_best_rule_high: float


class _Row(_Mean, _Difference, _ToBest):
    name: str
    episodes: Count
    std: float
    iqm: float
    breadth: float
    resilience: float
    excluded: float
    excluded_low: float
    excluded_high: float
    adoption_end: float
    abandoned: float
    stage_quarters: list[float]
    defective_given_up: float | None
    sound_given_up: float | None


class _Own(_Mean, _Difference):
    name: str


class _Alike(_Row):
    doctrine: str
    reference: bool
    own: _Own | None


class _Reference(Strict):
    doctrine: str
    name: str
    above: list[str]
    tied: list[str]
    below: list[str]
    best_rule_gain: float
    best_rule_gain_low: float
    best_rule_gain_high: float


class _Needed(Strict):
    pilot: Count
    power: float
    seeds: Count | None
    cautious: Count | None


class _Told(Strict):
    mean: float
    low: float
    high: float


class _Reached(Strict):
    level: float
    share: _Told
    quarters: _Told | None


class _ByPlace(Strict):
    mean: list[float]
    low: list[float]
    high: list[float]


class _Indicators(Strict):
    reaches: Annotated[list[_Reached], Field(min_length=1)]
    money_per_adopter: _Told | None
    money_per_adopter_year: _Told | None
    adoption_by_stratum: Annotated[list[_Told], Field(min_length=3, max_length=3)]
    gap_strata: _Told | None
    adoption_best_places: _Told
    adoption_worst_places: _Told
    gap_places: _Told | None
    worst_tenth: _Told
    worse_than: dict[str, _Told]
    excluded_by_place: _ByPlace


class _Lead(Strict):
    names: list[str]
    lead: float
    lead_low: float
    lead_high: float


class _Gain(Strict):
    name: str
    gain: float
    gain_low: float
    gain_high: float
    beaten_by: list[str]


class _Best(_Mean, _Difference):
    names: Annotated[list[str], Field(min_length=1)]
    adoption_end: float
    excluded: float
    others: list[_Lead]
    references: list[_Gain]


class _Spending(Strict):
    name: str
    return_: float = Field(alias="return")
    return_low: float
    return_high: float
    abandoned: float
    quarters: list[float]
    per_quarter: list[float]
    functions: list[list[float]]
    communities: list[list[float]]


class _GivenUp(Strict):
    by_stage: list[float]
    age: list[float] | None
    harm: list[float] | None


class _Parts(Strict):
    covariance: list[list[float]]
    covariance_of_difference: list[list[float]]


class _Weights(Strict):
    w_b: float
    w_r: float
    w_x: float


class _World(Strict):
    persons: Count
    places: Annotated[list[str], Field(min_length=1)]
    labels_en: list[str | None]
    step: Step
    quarters: Count
    weights: _Weights
    aversion: float
    family: bool
    weights_drawn: bool


class _Learned(_Mean, _Difference, _ToBest):
    names: list[str]
    seeds: Count
    std: float
    std_of_seeds: float
    breadth: float
    resilience: float
    excluded: float
    iqm: float
    iqm_low: float
    iqm_high: float
    better_than_best_rule: float
    better_than_best_rule_low: float
    better_than_best_rule_high: float
    variance_saved: float | None
    seeds_needed: _Needed | None
    indicators: _Indicators


class _Cell(_Mean):
    name: str


class _Institutions(_Mean):
    doctrine: str
    reference: bool
    exit: float
    exit_low: float
    exit_high: float
    exit_alone: float
    exit_alone_low: float
    exit_alone_high: float
    exit_with_relief: float
    exit_with_relief_low: float
    exit_with_relief_high: float
    relief: float
    relief_low: float
    relief_high: float
    relief_alone: float
    relief_alone_low: float
    relief_alone_high: float
    relief_with_exit: float
    relief_with_exit_low: float
    relief_with_exit_high: float
    interplay: float
    interplay_low: float
    interplay_high: float
    cells: dict[Literal["neither", "exit", "relief", "both"], _Cell]


class _Variance(Strict):
    doctrine: float
    doctrine_low: float
    doctrine_high: float
    exit: float
    exit_low: float
    exit_high: float
    relief: float
    relief_low: float
    relief_high: float
    interplay: float
    interplay_low: float
    interplay_high: float


class _Factorial(Strict):
    doctrines: list[str]
    cells: Count
    bringing: list[str]
    exit: float | None
    exit_low: float | None = None
    exit_high: float | None = None
    relief: float | None
    relief_low: float | None = None
    relief_high: float | None = None
    interplay: float | None
    interplay_low: float | None = None
    interplay_high: float | None = None
    std: float
    variance: _Variance | None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        values = [getattr(self, name) for name in _EFFECTS]
        if len({value is None for value in values}) > 1:
            raise ValueError(f"{', '.join(_EFFECTS)}: all are there, or none")
        return self


_EFFECTS = [f"{name}{end}" for name in ("exit", "relief", "interplay") for end in ("", "_low", "_high")]


class _Part(_Difference):
    part: Literal["search", "imitation", "reinforcement"]
    steps: Count
    over: str
    seeds: Count


class ComparisonRecord(Record):
    """What `summarise` tells of a comparison; see there."""

    KIND: ClassVar[str] = "juguo_comparison"
    FORMAT: ClassVar[int] = 3
    WHAT: ClassVar[str] = "a comparison"
    AGAIN: ClassVar[str] = "restore the file as it was written, or remove it and compare again"
    FAULT: ClassVar[type[UserError]] = ComparisonFileError

    scenario: str
    scenario_digest: Fingerprint
    observe: Literal["noisy", "true"]
    episodes: Count
    first_seed: Count
    baseline: str
    best_rule: str
    programmes: list[str]
    highlighted: list[str] = Field(default_factory=list)
    confidence: Annotated[float, Field(gt=0.0, lt=1.0)]
    defective_first: Count
    versions: dict[str, str]
    allocators: Annotated[list[_Row], Field(min_length=1)]
    like_for_like: list[_Alike]
    references: list[_Reference]
    learned: _Learned | None
    route: list[_Part]
    institutions: list[_Institutions]
    factorial: _Factorial | None
    best: _Best
    indicators: dict[str, _Indicators]
    spending: dict[str, _Spending]
    given_up: dict[str, _GivenUp]
    board: dict[str, list[list[float]]]
    parts: dict[str, _Parts]
    world: _World

    @model_validator(mode="after")
    def _compared(self) -> Self:
        names = {row.name for row in self.allocators}
        for field in ("baseline", "best_rule"):
            if getattr(self, field) not in names:
                raise ValueError(f"{field} is {getattr(self, field)!r}, which is not among the allocators")
        for field in ("indicators", "spending", "given_up", "board", "parts"):
            if getattr(self, field).keys() != names:
                raise ValueError(f"{field} is not of all allocators, and of them alone")
        return self


def comparison_data(summary: Mapping[str, Any], of: str | None = None) -> dict[str, Any]:
    """The content of the file.

    Args:
        summary: Of `summarise`.
        of: Identity of the run that it is a part of, where it is one's.
    """
    return record_of(ComparisonRecord, summary, of)


def read_comparison(folder: Path) -> Summary:
    """What a run's folder holds of its comparison.

    Raises:
        ComparisonFileError: If it cannot be used, or is another run's.
    """
    path = folder / COMPARISON
    data, record = read_record(path, ComparisonRecord)
    RUN.check(path, record.of, ComparisonFileError)
    return data
