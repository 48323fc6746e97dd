"""A scenario: a society, a technology and a programme; validated, loaded, overridden, saved."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
import numpy.typing as npt
import yaml
from pydantic import BaseModel, Discriminator, Field, Tag, ValidationError, model_validator

from juguo_envs.errors import UserError
from juguo_envs.files import write_text
from juguo_envs.worlds import parameters as groups
from juguo_envs.worlds.parameters import Group, par


class ScenarioError(UserError):
    """A scenario that cannot be used; the message names the field, the value and what is allowed."""


class Community(Group):
    """One community of a society that is listed by name."""

    name: str = Field(min_length=1, max_length=40, description="name, as figures show it")
    population: float = Field(gt=0, allow_inf_nan=False, description="relative population")
    producers: float = Field(ge=0, allow_inf_nan=False, description="relative number of producers")
    capability: float = Field(ge=0, le=1, description="mean capability at the start")
    hub: bool = Field(default=False, description="whether it is a hub, which some rules favour")
    neighbours: tuple[str, ...] = Field(default=(), description="names of the communities it borders on")


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


_FORMS = ("rule", "list")
"""The two ways to give communities; pydantic puts the one it took into the place of an error."""


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
            raise ValueError("communities holds a name twice")
        if len(names) > self.persons:
            raise ValueError(f"persons is {self.persons}, fewer than the {len(names)} communities")
        if self.mean_degree > self.persons - 1:
            raise ValueError(f"mean_degree is {self.mean_degree}, more than persons - 1")
        for c in listed:
            for other in c.neighbours:
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
    ab_min: int = Field(default=4, ge=1, le=1000, description="quarters before a project may be given up")
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


class Scenario(BaseModel):
    """A world to try allocations in. Immutable; `override` gives a changed copy."""

    model_config = {"extra": "forbid", "frozen": True}

    name: str = Field(default="custom", min_length=1, max_length=80)
    description: str = ""
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

    @classmethod
    def parse(cls, data: Any, source: str = "scenario") -> Self:
        """Validate a mapping.

        Raises:
            ScenarioError: If a field is unknown, of the wrong type or out of range.
        """
        if not isinstance(data, Mapping):
            raise ScenarioError(f"{source}: expected a mapping of fields, got {type(data).__name__}")
        try:
            return cls.model_validate(dict(data))
        except ValidationError as error:
            raise ScenarioError(explain_validation(error, cls, source)) from None

    @classmethod
    def load(cls, which: str | Path | Scenario) -> Scenario:
        """Load a scenario by its shipped name or by the path of a YAML file.

        Raises:
            ScenarioError: If there is no such scenario, or it does not validate.
        """
        if isinstance(which, Scenario):
            return which
        text = str(which)
        is_path = text.endswith((".yaml", ".yml")) or "/" in text or isinstance(which, Path)
        if is_path:
            path = Path(which)
            try:
                content = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise ScenarioError(f"scenario file {path}: cannot be read ({error})") from None
            source = f"scenario file {path}"
        else:
            if text.partition(":")[0] == "family":
                raise ScenarioError(
                    f"{text!r} is a family of scenarios, and one scenario is needed here; families are for "
                    "the environments, for training and for scripts/family.py"
                )
            if text not in scenario_names():
                raise ScenarioError(
                    f"unknown scenario {text!r}{_suggest(text, scenario_names())}; "
                    f"there are {', '.join(scenario_names())}, or give the path of a .yaml file"
                )
            content = _shipped(text)
            source = f"scenario {text}"
        return cls.parse(parse_yaml(content, source), source)

    def override(self, changes: Mapping[str, Any]) -> Scenario:
        """A copy with some fields changed, given by dotted name, for example ``{"money.B": 0.3}``.

        Raises:
            ScenarioError: If a field is unknown or a value is not allowed.
        """
        data = self.model_dump(mode="json")
        for dotted, value in changes.items():
            place = data
            *parents, last = dotted.split(".")
            for parent in parents:
                if not isinstance(place.get(parent), dict):
                    raise ScenarioError(
                        f"scenario {self.name}: unknown field {dotted!r}{_suggest(parent, place)}"
                    )
                place = place[parent]
            if last not in place:
                raise ScenarioError(
                    f"scenario {self.name}: unknown field {dotted!r}{_suggest(last, place)}; "
                    f"known there: {', '.join(place)}"
                )
            place[last] = value
        return Scenario.parse(data, f"scenario {self.name}")

    def save(self, path: str | Path) -> None:
        """Write the scenario, every field included, as YAML (to a temporary name, then renamed)."""
        write_text(Path(path), dump_yaml(self.model_dump(mode="json")))

    def digest(self) -> str:
        """A hash of everything that shapes the world; name and description do not count."""
        data = self.model_dump(mode="json", exclude={"name", "description"})
        return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]

    def record(self) -> npt.NDArray[Any]:
        """The scalar parameters as a one-element structured array, the kernels' `P`."""
        values: dict[str, float | int] = {}
        for group in PARAMETER_GROUPS:
            values.update(getattr(self, group).model_dump())
        p = self.programme
        values |= {"T": p.T, "rounds": p.rounds, "ab_min": p.ab_min, "kept": p.kept}
        values |= {f"min{i}": m for i, m in enumerate(p.minimum)}
        values |= {f"max{i}": m for i, m in enumerate(p.maximum)}
        s = self.society
        for name in ("inside", "interactors", "capability_spread"):
            values[name] = getattr(s, name)
        values["complete"] = int(s.network == "complete")
        dtype = np.dtype([(k, "i8" if isinstance(v, int) else "f8") for k, v in values.items()])
        return np.array([tuple(values.values())], dtype=dtype)


def scenario_names() -> list[str]:
    """Names of the scenarios that ship with the package."""
    folder = resources.files("juguo_envs.worlds")
    return sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml"))


def _shipped(name: str) -> str:
    return (resources.files("juguo_envs.worlds") / f"{name}.yaml").read_text(encoding="utf-8")


def parse_yaml(content: str, source: str) -> Any:
    """Parse YAML.

    Raises:
        ScenarioError: If it is no YAML, naming the source and the place.
    """
    try:
        return yaml.safe_load(content)
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        at = f" at line {where.line + 1}, column {where.column + 1}" if where else ""
        raise ScenarioError(f"{source}: not readable as YAML{at}") from None


class _Dumper(yaml.SafeDumper):
    """Lists of plain values, such as a tie, take one line."""


def _represent_list(dumper: yaml.SafeDumper, values: list[Any]) -> yaml.SequenceNode:
    plain = all(not isinstance(value, list | dict) for value in values)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=plain)


_Dumper.add_representer(list, _represent_list)


def dump_yaml(data: Mapping[str, Any]) -> str:
    """YAML of plain values, in their order."""
    text: str = yaml.dump(dict(data), Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return text


def _suggest(word: str, known: Any) -> str:
    names = {str(name).lower(): str(name) for name in known}
    close = difflib.get_close_matches(word.lower(), names, n=1)
    return f" (did you mean {names[close[0]]!r}?)" if close else ""


def _fields_at(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Names of the fields beside the last part of a location, as far as the types tell."""
    current: type[BaseModel] | None = model
    for part in location[:-1]:
        field = current.model_fields.get(str(part)) if current else None
        annotation = field.annotation if field else None
        current = annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
    return list(current.model_fields) if current else []


def explain_validation(error: ValidationError, model: type[BaseModel], source: str) -> str:
    """One line: the first fault by field, value and what is allowed; and how many more there are."""
    faults = error.errors(include_url=False)
    first = faults[0]
    place = first["loc"]
    location = tuple(
        part for i, part in enumerate(place) if not (part in _FORMS and place[i - 1] == "communities")
    )
    field = ".".join(str(part) for part in location) or "(whole)"
    shown = repr(first.get("input"))
    shown = shown if len(shown) < 60 else shown[:57] + "..."
    if first["type"] == "extra_forbidden":
        known = _fields_at(model, location)
        hint = _suggest(str(location[-1]), known)
        listed = f"; known here: {', '.join(known)}" if known else ""
        text = f"unknown field {field!r}{hint}{listed}"
    elif first["type"] == "value_error":
        text = f"{field}: {first['ctx']['error']}"
    else:
        text = f"{field} is {shown}: {first['msg'][0].lower()}{first['msg'][1:]}"
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"{source}: {text}{more}"
