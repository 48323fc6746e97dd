"""A scenario: a society, a technology and a programme; validated, loaded, overridden, saved."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, Self

import numpy as np
import numpy.typing as npt
from pydantic import Discriminator, Field, Tag, ValidationError, model_validator

from juguo_envs.documents import DocumentError, dump_yaml, kind_of, load_mapping, read_text
from juguo_envs.errors import UserError, did_you_mean, unknown
from juguo_envs.files import write_text
from juguo_envs.names import Name, ShortName, Text
from juguo_envs.validation import Strict, explain
from juguo_envs.worlds import parameters as groups
from juguo_envs.worlds.parameters import Group, par

Step = Literal["year", "quarter", "month", "week"]
STEPS_A_YEAR: Mapping[Step, int] = {"year": 1, "quarter": 4, "month": 12, "week": 52}
"""How long a step of a programme may be, and how many of them a year has."""


class ScenarioError(UserError):
    """A scenario that cannot be used; the message names the field, the value and what is allowed."""


class Community(Group):
    """One community of a society that is listed by name."""

    name: ShortName = Field(description="name, as figures show it")
    label_en: ShortName | None = Field(
        default=None, description="name in English texts, and where no font draws the name"
    )
    population: float = Field(gt=0, description="relative population")
    producers: float = Field(ge=0, description="relative number of producers, at most its persons")
    capability: float = Field(ge=0, le=1, description="mean capability at the start")
    hub: bool = Field(default=False, description="whether it is a hub, which some rules favour")
    neighbours: tuple[ShortName, ...] = Field(
        default=(), description="names of the communities it borders on"
    )


class Generated(Group):
    """Communities that differ only by being a hub, by size and by capability."""

    count: int = Field(default=8, ge=1, le=1000, description="number of communities")
    hubs: int = Field(default=2, ge=0, le=1000, description="how many of them are hubs")
    hub_size: float = Field(default=1.25, gt=0, le=100, description="size of a hub relative to the others")
    hub_producers: float = par(0.7, 0, 1, "share of the producers in hubs", sampling=(0.4, 0.95))
    hub_capability: float = Field(default=0.46, ge=0, le=1, description="mean capability in hubs")
    capability_first: float = Field(
        default=0.42, ge=0, le=1, description="mean capability, first of the others"
    )
    capability_last: float = Field(
        default=0.24, ge=0, le=1, description="mean capability, last of the others"
    )

    @model_validator(mode="after")
    def _hubs_fit(self) -> Self:
        if self.hubs > self.count:
            raise ValueError(f"hubs is {self.hubs}, more than count {self.count}")
        return self

    def listed(self) -> tuple[Community, ...]:
        """The same communities by name: hubs first."""
        others = self.count - self.hubs
        falling = np.linspace(self.capability_first, self.capability_last, max(others, 1))
        in_hubs = self.hub_producers if others else 1.0
        hubs = [
            Community(
                name=f"hub {i + 1}",
                population=self.hub_size,
                producers=in_hubs / self.hubs,
                capability=self.hub_capability,
                hub=True,
            )
            for i in range(self.hubs)
        ]
        rest = [
            Community(
                name=f"place {i + 1}",
                population=1.0,
                producers=(1.0 - self.hub_producers if self.hubs else 1.0) / others,
                capability=float(falling[i]),
            )
            for i in range(others)
        ]
        return (*hubs, *rest)


def _form(communities: Any) -> str:
    return "list" if isinstance(communities, list | tuple) else "rule"


class Society(Group):
    """The persons, their communities and their ties."""

    persons: int = Field(default=1000, ge=10, le=10_000_000, description="number of persons")
    communities: Annotated[
        Annotated[Generated, Tag("rule")] | Annotated[tuple[Community, ...], Tag("list")],
        Discriminator(_form),
    ] = Field(
        default_factory=Generated, description="either a rule (count, hubs, ...) or a list of communities"
    )
    network: Literal["planted", "complete", "listed"] = Field(
        default="planted",
        description="planted partition, everybody tied to everybody, or the ties listed",
    )
    ties: tuple[tuple[int, int], ...] = Field(
        default=(),
        description="for a listed network: pairs of persons, counted from 0 in the order of the communities",
    )
    mean_degree: float = Field(default=8.0, ge=0, le=1000, description="mean number of ties")
    inside: float = Field(default=0.85, ge=0, le=1, description="share of ties inside a community")
    distant: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="share of the ties that leave a community which go anywhere, not to its neighbours",
    )
    producers: float = Field(default=0.05, ge=0, le=1, description="share of producers")
    interactors: float = Field(default=0.25, ge=0, le=1, description="share of interactors per capability")
    capability_spread: float = Field(default=0.15, ge=0, le=1, description="standard deviation of capability")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        listed = self.listed()
        names = [c.name for c in listed]
        if len(names) < 1:
            raise ValueError("communities is empty; at least one is needed")
        if len(set(names)) < len(names):
            raise ValueError(
                f"communities holds the name {next(n for n in names if names.count(n) > 1)!r} twice"
            )
        if len(names) > self.persons:
            raise ValueError(f"persons is {self.persons}, fewer than the {len(names)} communities")
        if self.mean_degree > self.persons - 1:
            raise ValueError(f"mean_degree is {self.mean_degree}, more than persons - 1")
        for c in listed:
            for other in c.neighbours:
                if other == c.name:
                    raise ValueError(f"community {c.name}: neighbours names the community itself")
                if other not in names:
                    raise ValueError(
                        f"community {c.name}: neighbours names {other!r}, which is not a community"
                    )
        if self.network == "listed":
            self._check_listed_network()
        elif self.ties:
            raise ValueError(f"ties are listed but network is {self.network!r}; allowed is network: listed")
        return self

    def _check_listed_network(self) -> None:
        """Who is tied to whom is known only where it is known who lives where."""
        sizes = [c.population for c in self.listed()]
        if sum(sizes) != self.persons or any(size != int(size) for size in sizes):
            raise ValueError(
                f"network is 'listed', so populations must be whole numbers of persons that sum to persons; "
                f"they sum to {sum(sizes):g} and persons is {self.persons}"
            )
        seen = set()
        for i, (a, b) in enumerate(self.ties):
            tie = (min(a, b), max(a, b))
            if tie[0] < 0 or tie[1] >= self.persons:
                raise ValueError(f"ties[{i}] is [{a}, {b}]; allowed are persons 0 to {self.persons - 1}")
            if a == b:
                raise ValueError(f"ties[{i}] is [{a}, {b}]; a tie joins two persons")
            if tie in seen:
                raise ValueError(f"ties[{i}] is [{a}, {b}], which is listed before; a tie has no direction")
            seen.add(tie)

    def listed(self) -> tuple[Community, ...]:
        """The communities by name."""
        return self.communities.listed() if isinstance(self.communities, Generated) else self.communities


class Programme(Group):
    """How long the programme runs and what bounds its stages."""

    T: int = par(60, 1, 10_000, "length", unit="quarters", sampling=(40, 80), whole=True)
    rounds: int = Field(
        default=1, ge=1, le=100, description="technologies brought to application, one after another"
    )
    minimum: tuple[int, int, int] = Field(default=(4, 4, 4), description="least quarters in each stage")
    maximum: tuple[int, int] = Field(
        default=(24, 24), description="most quarters in production and in diffusion"
    )
    kept: float = par(0.1, 0.0, 1.0, "share of knowledge and fit that the next technology starts with")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if min(self.minimum) < 1:
            raise ValueError(f"minimum is {self.minimum}; each must be at least 1")
        if any(high < low for low, high in zip(self.minimum, self.maximum, strict=False)):
            raise ValueError(f"maximum {self.maximum} is below minimum {self.minimum[:2]}")
        return self


PARAMETER_GROUPS = (
    "money", "knowledge", "know_how", "trust", "roles", "adoption", "defect", "crisis", "resilience",
    "fit", "observation", "reward",
)  # fmt: skip


class Scenario(Strict):
    """A world to try allocations in. Immutable; `override` gives a changed copy.

    Where a mapping stands for a scenario it may have a `base` beside its fields: a scenario as `load` takes
    it, whose fields hold where none are given; name and description are not taken over.
    """

    name: Name = "custom"
    description: Text = ""
    step: Step = Field(
        default="quarter", description="how long a step is; rates and budgets are per step, whatever it is"
    )
    society: Society = Field(default_factory=Society)
    programme: Programme = Field(default_factory=Programme)
    money: groups.Money = Field(default_factory=groups.Money)
    knowledge: groups.Knowledge = Field(default_factory=groups.Knowledge)
    know_how: groups.KnowHow = Field(default_factory=groups.KnowHow)
    trust: groups.Trust = Field(default_factory=groups.Trust)
    roles: groups.Roles = Field(default_factory=groups.Roles)
    adoption: groups.Adoption = Field(default_factory=groups.Adoption)
    defect: groups.Defect = Field(default_factory=groups.Defect)
    crisis: groups.Crisis = Field(default_factory=groups.Crisis)
    resilience: groups.Resilience = Field(default_factory=groups.Resilience)
    fit: groups.Fit = Field(default_factory=groups.Fit)
    observation: groups.Observation = Field(default_factory=groups.Observation)
    reward: groups.Reward = Field(default_factory=groups.Reward)

    @model_validator(mode="before")
    @classmethod
    def _on_base(cls, data: Any) -> Any:
        if not (isinstance(data, Mapping) and "base" in data):
            return data
        changes = {str(name): value for name, value in data.items() if name != "base"}
        with _within(data["base"]):
            base = cls.load(data["base"])
        own = {"name": "custom", "description": ""}
        return _changed(base.model_dump(mode="json") | own, changes, f"base {base.name}")

    @classmethod
    def parse(cls, data: Any, source: str = "scenario") -> Self:
        """Validate a mapping.

        Raises:
            ScenarioError: If a field is unknown, of the wrong type or out of range.
        """
        if not isinstance(data, Mapping):
            raise ScenarioError(f"{source}: expected a mapping of fields, got {kind_of(data)}")
        try:
            return cls.model_validate(dict(data))
        except ValidationError as error:
            raise ScenarioError(explain(error, cls, source)) from None

    @classmethod
    def load(cls, which: str | Path | Mapping[str, Any] | Scenario) -> Scenario:
        """Load a scenario by its shipped name, by the path of a YAML file, or from a mapping of its fields.

        Raises:
            ScenarioError: If there is no such scenario, or it does not validate.
        """
        if isinstance(which, Scenario):
            return which
        if isinstance(which, Mapping):
            return cls.parse(which)
        if not isinstance(which, str | Path):
            raise ScenarioError(
                f"a scenario is a name, a path or a mapping of fields, and here {kind_of(which)} is given"
            )
        text = str(which)
        if names_file(which):
            source = f"scenario file {which}"
            try:
                return cls.parse(load_mapping(read_text(Path(which), "scenario file"), source), source)
            except DocumentError as error:
                raise ScenarioError(str(error)) from None
        if text.partition(":")[0] == "family":
            raise ScenarioError(
                f"{text!r} is a family of scenarios, and one scenario is needed here; families are for "
                "the environments, for training and for `juguo study generalisation`"
            )
        if text not in scenario_names():
            raise ScenarioError(
                f"{unknown('scenario', text, scenario_names())}, or give the path of a .yaml file"
            )
        return cls.parse(load_mapping(_shipped(text), f"scenario {text}"), f"scenario {text}")

    def override(self, changes: Mapping[str, Any]) -> Scenario:
        """A copy with some fields changed, all others kept.

        Args:
            changes: New values by dotted name, ``{"money.B": 0.3}``, or in groups, ``{"money": {"B": 0.3}}``.

        Raises:
            ScenarioError: If a field is unknown or given twice, if communities that are listed would change
                in part, or if a value is not allowed.
        """
        source = f"scenario {self.name}"
        return Scenario.parse(_changed(self.model_dump(mode="json"), changes, source), source)

    def save(self, path: str | Path) -> None:
        """Write the scenario, every field included, as YAML (to a temporary name, then renamed)."""
        write_text(Path(path), dump_yaml(self.model_dump(mode="json")))

    def digest(self) -> str:
        """A hash of everything that shapes the world; name, description and labels do not count."""
        data = self.model_dump(mode="json", exclude={"name", "description"})
        if self.step == "quarter":  # as before steps had a length
            del data["step"]
        if isinstance(self.society.communities, tuple):
            for place in data["society"]["communities"]:
                del place["label_en"]
        return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]

    def record(self) -> npt.NDArray[Any]:
        """The scalar parameters as a one-element structured array, the kernels' `P`."""
        values: dict[str, float | int] = {}
        for group in PARAMETER_GROUPS:
            values.update(getattr(self, group).model_dump())
        p = self.programme
        values |= {"T": p.T, "rounds": p.rounds, "kept": p.kept}
        values |= {f"min{i}": m for i, m in enumerate(p.minimum)}
        values |= {f"max{i}": m for i, m in enumerate(p.maximum)}
        s = self.society
        for name in ("inside", "interactors", "capability_spread"):
            values[name] = getattr(s, name)
        values["complete"] = int(s.network == "complete")
        dtype = np.dtype([(k, "i8" if isinstance(v, int) else "f8") for k, v in values.items()])
        return np.array([tuple(values.values())], dtype=dtype)


def names_file(which: str | Path) -> bool:
    """Whether a text is the path of a file, and not a name."""
    return isinstance(which, Path) or which.endswith((".yaml", ".yml")) or "/" in which


def scenario_names() -> list[str]:
    """Names of the scenarios that ship with the package."""
    folder = resources.files("juguo_envs.worlds")
    return sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml"))


def _shipped(name: str) -> str:
    return (resources.files("juguo_envs.worlds") / f"{name}.yaml").read_text(encoding="utf-8")


_loading: ContextVar[tuple[object, ...]] = ContextVar("loading", default=())
"""The bases that are being loaded, each on the one before."""


@contextmanager
def _within(base: object) -> Iterator[None]:
    """Refuse a base that rests on itself."""
    chain = _loading.get()
    if base in chain:
        raise ScenarioError(f"base {base} rests on itself")
    token = _loading.set((*chain, base))
    try:
        yield
    finally:
        _loading.reset(token)


def by_dotted_name(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes of a scenario by dotted name, whether they are given so or in groups.

    Raises:
        ScenarioError: If a field is given twice.
    """
    found: dict[str, Any] = {}

    def put(changes: Mapping[str, Any], prefix: str) -> None:
        for key, value in changes.items():
            name = f"{prefix}{key}"
            if isinstance(value, Mapping):
                put(value, f"{name}.")
            elif name in found:
                twice(name)
            else:
                found[name] = value

    def twice(name: str) -> NoReturn:
        raise ScenarioError(f"override gives {name} twice; give it once")

    put(changes, "")
    for name in found:
        parts = name.split(".")
        for n in range(1, len(parts)):
            if (whole := ".".join(parts[:n])) in found:
                twice(whole)
    return found


def _changed(data: dict[str, Any], changes: Mapping[str, Any], source: str) -> dict[str, Any]:
    """The fields of a scenario with some changed, written into `data`.

    Raises:
        ScenarioError: If a field is unknown, given twice, or part of a list.
    """
    for dotted, value in by_dotted_name(changes).items():
        place: Any = data
        *parents, last = dotted.split(".")
        for i, parent in enumerate(parents):
            inside = place.get(parent)
            if isinstance(inside, list):
                raise ScenarioError(
                    f"{source}: {'.'.join(parents[: i + 1])} is listed there, so {dotted} cannot be changed; "
                    "give the whole list"
                )
            if not isinstance(inside, dict):
                raise ScenarioError(f"{source}: unknown field {dotted!r}{did_you_mean(parent, place)}")
            place = inside
        if last not in place:
            raise ScenarioError(
                f"{source}: unknown field {dotted!r}{did_you_mean(last, place)}; "
                f"known there: {', '.join(place)}"
            )
        place[last] = value
    return data
