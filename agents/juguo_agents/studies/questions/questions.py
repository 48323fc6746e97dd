"""The questions of policy: which options each compares, and in which cases.

Every doctrine has both institutions, the exit and relief, where an option does not say otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from juguo_agents.allocators.base import Allocator
from juguo_agents.allocators.edits import Divide, Edited, Edits, Pilot
from juguo_agents.allocators.institutions import LIKE_FOR_LIKE
from juguo_agents.allocators.registry import BASELINE, make_rule, rule_names
from juguo_agents.report.names import PROPOSAL, base_name
from juguo_envs.errors import UserError, unknown
from juguo_envs.worlds.scenario import Scenario


@dataclass(frozen=True)
class World:
    """A shipped world, with changes of its fields by dotted name."""

    base: str
    changes: Mapping[str, Any] = field(default_factory=dict)

    def scenario(self) -> Scenario:
        """The world itself."""
        return Scenario.load(self.base).override(dict(self.changes))


@dataclass(frozen=True)
class Case:
    """Where the options of a question are compared.

    Attributes:
        doctrine: Whose allocations the options change; empty where the options are doctrines.
    """

    world: World
    doctrine: str = PROPOSAL

    @property
    def name(self) -> str:
        """Of its files."""
        changes = " ".join(f"{field}={value}" for field, value in self.world.changes.items())
        return " ".join(part for part in (self.world.base, changes, self.doctrine) if part)


@dataclass(frozen=True)
class Option:
    """One thing that can be done.

    Attributes:
        words: Key of its words among those of the question, or the name of a doctrine.
        value: What stands in them in braces.
        edits, numbers: What it changes in a doctrine's allocations, and of its numbers.
        institutions: Behind the doctrine's name.
    """

    words: str
    value: str = ""
    edits: Edits = field(default_factory=Edits)
    numbers: Mapping[str, float] = field(default_factory=dict)
    institutions: str = LIKE_FOR_LIKE

    @property
    def name(self) -> str:
        """Of its files."""
        return f"{self.words} {self.value}".strip()

    def allocator(self, doctrine: str) -> Allocator:
        """The doctrine, or the one that the option is, with what the option changes."""
        rule = make_rule((doctrine or self.words) + self.institutions)
        for number, value in self.numbers.items():
            setattr(rule, number, value)
        return Edited(rule, self.edits, self.name) if self.edits != Edits() else rule


@dataclass(frozen=True)
class Question:
    """A question.

    Attributes:
        name: Of its page, its figure and its texts.
        reference: The option with which the others are compared.
        options: All of them, in the order in which they are shown.
        cases: The first is the one that the answer is about; the others say where it holds.
    """

    name: str
    reference: str
    options: tuple[Option, ...]
    cases: tuple[Case, ...]


DEFAULT, POOR, CRISIS, SOUND, CHINA, ROUNDS = map(
    World, ("default", "poor", "crisis", "sound", "china31", "programme")
)
OTHERS = ("market", "flat")
"""Doctrines with which it is seen whether an answer is one of the proposal's alone."""
DOCTRINES = (PROPOSAL, *OTHERS, base_name(BASELINE))
"""Those of which it is told what the exit is worth."""
LONG = World("default", {"programme.T": 120})
"""As long as `programme`, with a single technology."""
FORGETTING = World("programme", {"programme.kept": 0.0})
"""Three technologies, of which the later ones begin with no knowledge and no fit of the earlier ones."""


def _cases(*worlds: World) -> tuple[Case, ...]:
    """The proposal in every world, and the other doctrines in the first."""
    return (*map(Case, worlds), *(Case(worlds[0], doctrine) for doctrine in OTHERS))


def _percent(share: float) -> str:
    return f"{100 * share:g}"


def _opened(words: str, *openness: float) -> Option:
    return Option(words, edits=Edits(openness=list(openness)))


def _tried_in(words: str, share: float, first: Any = "ordinary") -> Option:
    return Option(words, edits=Edits(pilot=Pilot(share=share, first=first)))


def _at(harm: float) -> Option:
    return Option("harm", f"{harm:g}", numbers={"exit_trial": harm, "exit_use": harm})


QUESTIONS: dict[str, Question] = {
    question.name: question
    for question in (
        Question(
            "open_up",
            "never",
            (
                _opened("never", 0, 0, 0),
                _opened("application", 0, 0, 1),
                _opened("diffusion", 0, 1, 1),
                _opened("beginning", 1, 1, 1),
                *(Option("quarter", str(at), Edits(open_from=at)) for at in (8, 16, 32)),
            ),
            _cases(DEFAULT, POOR, CRISIS, CHINA),
        ),
        Question(
            "scenarios",
            "scenarios 50",
            tuple(
                Option(
                    "scenarios",
                    _percent(share),
                    Edits(divide=Divide(functions=["scenarios", "research"], first=share)),
                )
                for share in (0.0, 0.25, 0.5, 0.75, 1.0)
            ),
            _cases(DEFAULT, POOR, CRISIS, CHINA),
        ),
        Question(
            "poor_or_strong",
            "everywhere",
            (
                Option("everywhere"),
                _tried_in("poor", 0.5, "poor"),
                _tried_in("strong", 0.5, "strong"),
            ),
            _cases(DEFAULT, POOR, CRISIS, CHINA),
        ),
        Question(
            "pilots",
            "one",
            (
                _tried_in("one", 0.0),
                _tried_in("quarter", 0.25),
                _tried_in("half", 0.5),
                _tried_in("all", 1.0),
            ),
            _cases(DEFAULT, POOR, CRISIS, CHINA),
        ),
        Question(
            "insurance",
            "save 0",
            tuple(Option("save", _percent(share), Edits(save=share)) for share in (0.0, 0.05, 0.1, 0.2, 0.4)),
            _cases(
                CRISIS,
                DEFAULT,
                POOR,
                CHINA,
                *(World("crisis", {"crisis.cover": cover}) for cover in (0.0, 1.0)),
            ),
        ),
        Question(
            "give_up",
            "never",
            (Option("never", institutions="-exit+relief"), *map(_at, (0.05, 0.1, 0.2, 0.3, 0.5))),
            _cases(DEFAULT, POOR, CRISIS, SOUND, CHINA),
        ),
        Question(
            "three_in_a_row",
            "without",
            (Option("without", institutions="-exit+relief"), Option("with")),
            tuple(Case(world, doctrine) for world in (ROUNDS, DEFAULT, LONG) for doctrine in DOCTRINES),
        ),
        Question(
            "doctrine_for_three",
            base_name(BASELINE),
            tuple(map(Option, rule_names())),
            tuple(Case(world, "") for world in (ROUNDS, DEFAULT, LONG, FORGETTING)),
        ),
    )
}
"""By name."""


def find(names: tuple[str, ...]) -> list[Question]:
    """The questions of these names; all, if none is named.

    Raises:
        UserError: If there is none of a name.
    """
    for name in names:
        if name not in QUESTIONS:
            raise UserError(f"only: {unknown('question', name, QUESTIONS)}")
    return [QUESTIONS[name] for name in QUESTIONS if not names or name in names]
