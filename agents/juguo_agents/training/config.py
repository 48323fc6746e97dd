"""The configuration of an experiment: scenario, training and comparison, validated."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)

from juguo_agents.allocators import all_rule_names
from juguo_agents.allocators.registry import refuse_twice
from juguo_agents.artifacts.own import is_own
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.seeds import LARGEST_BUDGET
from juguo_agents.training.learners.settings import (
    ON_POLICY,
    SECTIONS,
    Algorithm,
    LearnerSettings,
    Ppo,
    RecurrentPpo,
    Sac,
    Td3,
    Tqc,
)
from juguo_envs.documents import DocumentError, load_mapping, read_text, yaml_value
from juguo_envs.errors import UserError
from juguo_envs.spaces.context import ContextConfig, ObservationConfig, Observe
from juguo_envs.validation import Strict, explain, shown
from juguo_envs.worlds.family import FAMILY, PREFERENCES, Family, load_world
from juguo_envs.worlds.scenario import Scenario, by_dotted_name


class ConfigError(UserError):
    """A configuration that cannot be used; the message names the field, the value and what is allowed."""


Override = Annotated[dict[str, Any], AfterValidator(by_dotted_name)]
"""Changes of a scenario's fields: new values by dotted name."""


class Constraint(Strict):
    """A limit on the excluded, held by a multiplier (see `juguo_agents.training.learners.constraint`)."""

    limit: float = Field(ge=0, le=1, description="mean share of excluded that an episode may have")
    rate: float = Field(2.0, gt=0, le=1e6, description="what an excess of 1 adds to it per update")
    start: float = Field(1.0, ge=0, le=1e6, description="the multiplier at the beginning")
    aim: float = Field(
        0.9, gt=0, le=1, description="share of the limit that the multiplier aims at, so that noise has room"
    )
    most: float = Field(100.0, gt=0, le=1e6, description="the multiplier's highest value")

    @model_validator(mode="after")
    def _below(self) -> Self:
        if self.start > self.most:
            raise ValueError(f"start is {self.start:g}; allowed is 0 to most = {self.most:g}")
        return self


class Training(Strict):
    """How allocators are trained.

    Each algorithm has a section of its own settings; what is written down has that of the one in use alone.
    """

    algorithm: Algorithm = Field("ppo", description="the learner")
    seeds: tuple[int, ...] = Field((0, 1, 2, 3), min_length=1, description="training seeds, one policy each")
    steps: int = Field(3_000_000, ge=1, le=10**12, description="environment steps per seed")
    processes: int = Field(
        2, ge=1, le=1024, description="seeds trained side by side; they share the cores, one each at least"
    )
    device: Literal["cpu", "cuda"] = Field(
        "cpu", description="where the networks are; cuda: an NVIDIA device"
    )
    selections: int = Field(
        25, ge=1, le=10_000, description="evaluations on selection seeds; the best is kept"
    )
    selection_episodes: int = Field(100, ge=1, le=1_000_000)
    checkpoint_minutes: float = Field(
        1.0, ge=0, le=1e6, description="minutes between checkpoints of a seed; 0: one at every update"
    )
    override: Override = Field(
        default_factory=dict,
        description="scenario fields that differ while training only, for example fewer persons",
    )
    per_weight: bool = Field(
        False,
        description="divide rewards by the sum of the reward's weights, while learning and in selection",
    )
    constraint: Constraint | None = Field(None, description="a limit on the excluded, not a weight")
    expert: str | None = Field(
        None,
        min_length=1,
        description="an allocator, as juguo evaluate takes it, or what another training searched in parts of "
        "a family (RUN/expert), at whose imitation learning begins; ppo only",
    )
    search: int | None = Field(
        None,
        ge=1,
        le=LARGEST_BUDGET,
        description="episodes of a search for the expert, which is then the first part of the job: half of "
        "them for two searches side by side, the rest from the better one on; ppo only",
    )
    parts: int = Field(
        1,
        ge=1,
        le=16,
        description="for a family, with search: parts of the range of budgets, equal in the logarithm; the "
        "rest of the search is shared among them, and each has an expert of its own",
    )
    # mypy does not see that all fields have defaults
    ppo: Ppo = Field(default_factory=Ppo)  # type: ignore[arg-type]  # all fields have defaults
    recurrent_ppo: RecurrentPpo = Field(default_factory=RecurrentPpo)  # type: ignore[arg-type]  # all fields have defaults
    sac: Sac = Field(default_factory=Sac)  # type: ignore[arg-type]  # all fields have defaults
    td3: Td3 = Field(default_factory=Td3)  # type: ignore[arg-type]  # all fields have defaults
    tqc: Tqc = Field(default_factory=Tqc)  # type: ignore[arg-type]  # all fields have defaults

    @property
    def settings(self) -> LearnerSettings:
        """The section of the algorithm in use."""
        section: LearnerSettings = getattr(self, self.algorithm)
        return section

    @model_serializer(mode="wrap")
    def _in_use(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields: dict[str, Any] = handler(self)
        return {n: v for n, v in fields.items() if n not in SECTIONS or n == self.algorithm}

    @model_validator(mode="after")
    def _on_policy(self) -> Self:
        if self.constraint is not None and self.algorithm not in ON_POLICY:
            raise ValueError(
                f"constraint is set and algorithm is {self.algorithm}; allowed are "
                f"{' and '.join(ON_POLICY)}: a replay buffer would hold rewards under multipliers of long ago"
            )
        return self

    @model_validator(mode="after")
    def _imitable(self) -> Self:
        begun = [name for name in ("expert", "search") if getattr(self, name) is not None]
        if len(begun) == 2:
            raise ValueError("expert is set and search is, too; leave one out, by null")
        if self.parts > 1 and self.search is None:
            raise ValueError(f"parts is {self.parts} and search is null; set search, or leave parts out")
        if begun and self.algorithm != "ppo":
            raise ValueError(
                f"{begun[0]} is set and algorithm is {self.algorithm}; allowed is ppo, or "
                f"{begun[0]}=null; the config from_scratch has neither"
            )
        return self

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len(set(self.seeds)) < len(self.seeds) or min(self.seeds) < 0 or max(self.seeds) >= 2**32:
            raise ValueError(
                f"seeds is {list(self.seeds)}; allowed are distinct whole numbers, 0 to 2**32 - 1"
            )
        return self


class ComparisonProtocol(Strict):
    """What the learned allocators are compared with, and on which episodes."""

    allocators: tuple[str, ...] | Literal["all"] = Field(
        "all", description="rules by name, your own as FILE.py:CLASS, or all"
    )
    episodes: int = Field(200, ge=1, le=1_000_000)
    first_seed: int = Field(0, ge=0, description="seed of the first test episode")
    tuned: int | None = Field(
        None, ge=1, le=1_000_000,
        description="episodes with which a search tunes the numbers of each doctrine that is compared with "
        "both institutions; the tuned rules stand beside the others. null: none are tuned",
    )  # fmt: skip

    def names(self) -> list[str]:
        """What they are compared with, by name."""
        return all_rule_names() if self.allocators == "all" else list(self.allocators)

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.first_seed + self.episodes > seeds.TEST_END:
            raise ValueError(
                f"first_seed + episodes is above {seeds.TEST_END}, where the selection seeds begin"
            )
        try:
            refuse_twice([name for name in self.names() if not is_own(name)])
        except UserError as error:
            raise ValueError(f"allocators: {error}") from None
        return self


class Experiment(Strict):
    """One experiment: train in a scenario, then compare."""

    name: str = Field("experiment", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")
    scenario: str | dict[str, Any] = Field(
        "default",
        description="name of a scenario, the path of a YAML file, or fields, with a base; family, or "
        "family:NAME, where every episode draws its own around the scenario of that name",
    )
    override: Override = Field(default_factory=dict, description="scenario fields to change, dotted")
    observe: Observe = Field("noisy", description="noisy: as measured; true: without noise")
    shown: ContextConfig = Field(default_factory=ContextConfig)
    training: Training = Field(default_factory=Training)  # type: ignore[arg-type]  # all fields have defaults
    # as above
    comparison: ComparisonProtocol = Field(default_factory=ComparisonProtocol)  # type: ignore[arg-type]

    @property
    def observation(self) -> ObservationConfig:
        """What a policy is shown: `observe` and `shown` together."""
        return ObservationConfig(observe=self.observe, **self.shown.model_dump())

    @field_validator("scenario")
    @classmethod
    def _named(cls, value: str | dict[str, Any]) -> str | dict[str, Any]:
        if isinstance(value, dict) and FAMILY in value:
            raise ValueError(f"{FAMILY} stands in a mapping; allowed are {FAMILY} and {FAMILY}:NAME")
        return value

    @model_validator(mode="after")
    def _one_weight(self) -> Self:
        if self.training.constraint is not None and self.shown.preferences == "drawn":
            raise ValueError(
                "training.constraint is set and shown.preferences is drawn; the multiplier stands in for the "
                "weight of the excluded, which would be shown and mean nothing: use hidden or shown"
            )
        if self.training.per_weight and self.shown.preferences != "drawn":
            raise ValueError(
                f"training.per_weight is set and shown.preferences is {self.shown.preferences}; it is for "
                "drawn: where all episodes have the same weights it changes nothing"
            )
        return self

    def world(self) -> Scenario:
        """The scenario with its overrides; of a family the one around which it lies.

        Raises:
            ScenarioError: If there is no such scenario or a field is not allowed.
            ConfigError: If an override changes what every episode draws.
        """
        world = load_world(self.scenario)
        world = world if isinstance(world, Scenario) else world.base
        drawn = self.worlds(world)
        if isinstance(drawn, Family):
            for section, changes in (("", self.override), ("training.", self.training.override)):
                for name in changes:
                    if name in drawn.drawn:
                        raise ConfigError(
                            f"{section}override gives {name}, which is drawn for every episode, so it would "
                            "change nothing; leave it out, or train in one scenario and not in a family"
                        )
        return world.override(self.override)

    def worlds(self, world: Scenario) -> Scenario | Family:
        """What episodes are drawn from, made of the scenario: itself, or a family around it.

        Raises:
            ScenarioError: If there can be no family around it.
        """
        varies = isinstance(load_world(self.scenario), Family)
        drawn = self.shown.preferences == "drawn"
        return Family(world, varies, PREFERENCES if drawn else None) if varies or drawn else world

    def training_world(self, world: Scenario) -> Scenario:
        """The world to train in, made of the one in which selection and comparison take place.

        Raises:
            ScenarioError: If a field of `training.override` is not allowed.
            ConfigError: If it changes the communities, and with them what a policy sees and does.
        """
        trained_in = world.override(self.training.override)
        if len(trained_in.society.listed()) != len(world.society.listed()):
            raise ConfigError(
                "training.override changes the number of communities; a policy is selected and compared "
                "among as many as it was trained with: leave that out, and use juguo evaluate --scenario"
            )
        return trained_in


def read_config(path: Path) -> dict[str, Any]:
    """The fields of a configuration file as they stand there, unchecked.

    Raises:
        ConfigError: If the file cannot be read.
    """
    try:
        return load_mapping(read_text(path, "config"), f"config {path}")
    except DocumentError as error:
        raise ConfigError(str(error)) from None


def load_experiment(path: Path, assignments: list[str], ignore: Sequence[str] = ()) -> Experiment:
    """Read a configuration file and apply `key=value` assignments (dotted keys, YAML values).

    `override.money.B=0.3` changes a field of the scenario. Fields named in `ignore` are passed over.

    Raises:
        ConfigError: If the file cannot be read, or a field is unknown or not allowed.
    """
    data = {name: value for name, value in read_config(path).items() if name not in ignore}
    try:
        for section in (data, data.get("training")):
            _in_groups(section)
    except UserError as error:
        raise ConfigError(f"config {path}: {error}") from None
    given: set[str] = set()
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals or not key:
            raise ConfigError(f"{assignment!r} is no key=value, for example training.steps=100000")
        if key in given:
            raise ConfigError(f"{key} is given twice; give it once")
        given.add(key)
        try:
            _assign(data, key, yaml_value(text, key))
        except UserError as error:
            raise ConfigError(f"{shown(assignment)}: {error}") from None
    try:
        experiment = Experiment.model_validate(data)
    except ValidationError as error:
        raise ConfigError(explain(error, Experiment, f"config {path}")) from None
    for key in (assignment.partition("=")[0] for assignment in assignments):
        section = key.removeprefix("training.").partition(".")[0]
        if key.startswith("training.") and section in {*SECTIONS} - {experiment.training.algorithm}:
            raise ConfigError(
                f"{key} changes nothing: training.algorithm is {experiment.training.algorithm}; leave it out"
            )
    return experiment


def _assign(place: dict[str, Any], key: str, value: Any) -> None:
    """Set a field by its dotted name; a mapping sets the fields that it has."""
    name, _, inside = key.partition(".")
    held = place.get(name)
    if inside:
        if held is None:
            held = place[name] = {}
        if not isinstance(held, dict):
            raise ConfigError(f"{name} holds no fields")
        _assign(held, inside, value)
    elif isinstance(held, dict) and isinstance(value, dict):
        for field, new in value.items():
            _assign(held, field, new)
    else:
        place[name] = value


def _in_groups(section: Any) -> None:
    """Write a section's override in groups, so that an assignment finds what it changes."""
    if isinstance(section, dict) and isinstance(section.get("override"), dict):
        changes = by_dotted_name(section["override"])
        section["override"] = {}
        for name, value in changes.items():
            _assign(section["override"], name, value)
