"""What every kind of artifact has: a world it was made for, and an allocator. And how its JSON is read."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from juguo_agents.allocators.base import Allocator
from juguo_envs.errors import UserError
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import Scenario

World = Scenario | Family


class Artifact(Protocol):
    """The checked content of a file that stands for an allocator."""

    @property
    def name(self) -> str:
        """Of the allocator in tables, where no other has it."""

    def name_in(self, folder: str) -> str:
        """The allocator's name where another has its own, with that of its folder."""

    @property
    def world(self) -> World:
        """The world that it was made for."""

    @property
    def observe(self) -> str:
        """What it was made to see of that world: "noisy" or "true"."""

    def allocator(self, name: str | None = None) -> Allocator:
        """The allocator, under its own name or another."""


@dataclass(frozen=True)
class JsonArtifact(ABC):
    """An artifact in a JSON file.

    Attributes:
        scenario: The world that it was made in, or around which its worlds lay.
        data: The file's content.
    """

    scenario: Scenario
    data: dict[str, Any]

    @property
    def name(self) -> str:
        """As the file says."""
        return str(self.data["name"])

    def name_in(self, folder: str) -> str:
        """With the name of its folder."""
        return f"{self.name}_{folder}"

    @property
    def world(self) -> World:
        """The scenario, or the family around it where every episode had a world of its own."""
        return Family(self.scenario) if self.data.get("varies") else self.scenario

    @property
    def observe(self) -> str:
        """As the file says."""
        return str(self.data["observe"])

    @abstractmethod
    def allocator(self, name: str | None = None) -> Allocator:
        """The allocator, under its own name or another."""


def read_json(file: Path, kind: str, format_: int, what: str, fault: type[UserError]) -> dict[str, Any]:
    """The content of a JSON file that says that it is of a kind, in the format that is read.

    Raises:
        UserError: As `fault`, with the file's name, if it cannot be read, is of another kind or format.
    """
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise fault(f"{file}: cannot be read ({error})") from None
    except (ValueError, RecursionError) as error:
        raise fault(f"{file}: no JSON ({error})") from None
    if not isinstance(data, dict) or data.get("kind") != kind:
        raise fault(f"{file}: not {what} (kind is not {kind!r})")
    if data.get("format") != format_:
        raise fault(f"{file}: format is {data.get('format')!r}; this version reads {format_}")
    return data


def kind_of(file: Path) -> str | None:
    """What a JSON file says that it is; None where it cannot be read or does not say."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    kind = data.get("kind") if isinstance(data, dict) else None
    return kind if isinstance(kind, str) else None


def read_scenario(data: dict[str, Any], file: Path, fault: type[UserError]) -> Scenario:
    """The scenario in the content of a file, which holds its digest, too.

    Raises:
        UserError: As `fault`, naming the file, if it is missing or cannot be, or the digest does not fit.
    """
    for field in ("scenario", "scenario_digest"):
        if field not in data:
            raise fault(f"{file}: {field!r} is missing")
    try:
        scenario = Scenario.parse(data["scenario"], "scenario")
    except UserError as error:
        raise fault(f"{file}: {error}") from None
    if scenario.digest() != data["scenario_digest"]:
        raise fault(f"{file}: scenario_digest does not fit the scenario; the file was changed")
    return scenario
