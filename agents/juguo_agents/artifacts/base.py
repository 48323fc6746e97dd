"""What every kind of artifact has: a world it was made for, and an allocator."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from juguo_agents.allocators.base import Allocator
from juguo_agents.artifacts.identity import identity_of
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

    @property
    def model(self) -> str:
        """Fingerprint of the model that it was made with."""

    @property
    def acts_by(self) -> str:
        """Digest of what decides how it acts: equal for two that act alike."""

    def allocator(self, name: str | None = None) -> Allocator:
        """The allocator, under its own name or another."""


@dataclass(frozen=True)
class JsonArtifact(ABC):
    """An artifact in a JSON file.

    Attributes:
        scenario: The world that it was made in, or around which its worlds lay.
        data: The file's content.
        decisive: The fields that decide how it acts.
    """

    scenario: Scenario
    data: dict[str, Any]

    decisive: ClassVar[tuple[str, ...]]

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
        if not self.data.get("varies"):
            return self.scenario
        return Family(self.scenario, ranges=tuple((n, low, high) for n, low, high in self.data["ranges"]))

    @property
    def observe(self) -> str:
        """As the file says."""
        return str(self.data["observe"])

    @property
    def model(self) -> str:
        """As the file says."""
        return str(self.data["model"])

    @property
    def acts_by(self) -> str:
        """Digest of what decides how it acts."""
        return identity_of(*(self.data[field] for field in self.decisive))

    @abstractmethod
    def allocator(self, name: str | None = None) -> Allocator:
        """The allocator, under its own name or another."""
