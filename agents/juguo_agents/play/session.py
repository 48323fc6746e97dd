"""A play: a person's programme, and beside it allocators that live the same episode. It knows of no web."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from juguo_agents.allocators import BASELINE, make_rule
from juguo_agents.allocators.base import Allocator
from juguo_agents.artifacts.identity import record_of
from juguo_agents.artifacts.play_file import Decision, PlayFileError, PlayRecord, StoredPlay
from juguo_agents.evaluation.seeds import TEST_END
from juguo_agents.play.programme import PARTS, Moment, Programme, begin
from juguo_agents.provenance import MODEL, versions
from juguo_agents.report.names import PROPOSAL
from juguo_envs.errors import UserError
from juguo_envs.spaces.action import Allocation, decode_allocation
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import STEPS_A_YEAR, Scenario

MOST_ALLOCATORS = 4
"""Allocators beside the baseline and the proposal."""


class NotAllowed(UserError):
    """Something that cannot be done in this state of a play."""


@dataclass(frozen=True)
class Ghost:
    """An allocator that lived the same episode to its end.

    Attributes:
        name: Of the allocator.
        programme: What it did.
    """

    name: str
    programme: Programme


class Session:
    """A person's programme on one seed. A person may undo; the episode stays a function of its seed.

    Attributes:
        scenario: The world; of a family, the one that it draws from the seed.
        seed: Of the episode.
        programme: The person's.
        ghosts: The baseline, the proposal, and the allocators that were named.
        adviser: Who is asked at the end what it would have done: the first allocator that was named, or the
            proposal.
        decisions: Of the quarters that are done.
    """

    def __init__(self, world: Scenario | Family, seed: int, allocators: Sequence[Allocator] = ()) -> None:
        """Begin the episode, and let the ghosts live it.

        Raises:
            UserError: If the seed is not allowed, there are too many allocators, or one does not fit the
                world.
        """
        if not 0 <= seed < TEST_END:
            raise UserError(f"seed is {seed}; allowed is 0 to {TEST_END - 1}")
        if len(allocators) > MOST_ALLOCATORS:
            raise UserError(
                f"--allocator stands for {len(allocators)} allocators; name at most {MOST_ALLOCATORS}"
            )
        self.scenario = world.scenario(seed) if isinstance(world, Family) else world
        self.seed = seed
        everyone: dict[str, Allocator] = {name: make_rule(name) for name in (BASELINE, PROPOSAL)}
        everyone |= {allocator.name: allocator for allocator in allocators}
        self.adviser: Allocator = allocators[0] if allocators else everyone[PROPOSAL]
        self.ghosts = [Ghost(name, self._run(allocator)) for name, allocator in everyone.items()]
        self.programme = Programme(self.scenario, seed)
        self.decisions: list[Decision] = []
        self._taken: list[int] = []  # quarters of each step, for undo

    def _run(self, allocator: Allocator) -> Programme:
        programme = Programme(self.scenario, self.seed)
        programme.decide(allocator)
        return programme

    @property
    def quarters(self) -> int:
        """Of the whole programme."""
        return self.scenario.programme.T

    @property
    def year(self) -> int:
        """Quarters of a year; a scenario may have other steps."""
        return STEPS_A_YEAR[self.scenario.step]

    @property
    def over(self) -> bool:
        """Whether the programme is."""
        return self.programme.over

    def take(self, decision: Decision, quarters: int = 1) -> list[Moment]:
        """Decide for one quarter or for several, and move on.

        What is asked, to advance or to give up, is asked in the first of them alone. They end before their
        time where the stage or the technology changes, and where the programme is over.

        Returns:
            The society after each.

        Raises:
            NotAllowed: If the programme is over, or the decision is not for so many places.
        """
        if self.over:
            raise NotAllowed("the programme is over; undo a step to decide otherwise")
        here = len(self.programme.setting.names)
        if len(decision.places) != here:
            raise NotAllowed(f"places holds {len(decision.places)} weights; this world has {here} places")
        told: list[Moment] = []
        while len(told) < quarters and not self.over:
            told.append(self.programme.step(decision.action()))
            self.decisions.append(decision)
            if told[-1].advanced or told[-1].gave_up:
                break
            decision = decision.model_copy(update={"advance": False, "abandon": False})
        self._taken.append(len(told))
        return told

    def undo(self) -> int:
        """Take the last step back; returns how many quarters that was.

        Raises:
            NotAllowed: If there is none.
        """
        if not self._taken:
            raise NotAllowed("nothing was decided yet")
        count = self._taken.pop()
        self._replay(self.decisions[:-count])
        return count

    def begin_again(self) -> None:
        """Take everything back."""
        self._taken = []
        self._replay([])

    def _replay(self, decisions: Sequence[Decision]) -> None:
        programme = Programme(self.scenario, self.seed)
        for decision in decisions:
            programme.step(decision.action())
        self.programme, self.decisions = programme, list(decisions)

    def advice(self) -> list[Allocation]:
        """What the adviser would have done in each quarter of this programme, as it saw it."""
        share, programme = self.programme.setting.population, Programme(self.scenario, self.seed)
        begin(self.adviser, programme)
        found = []
        for decision in self.decisions:
            found.append(decode_allocation(self.adviser.act(programme.observation[None])[0], share))
            programme.step(decision.action())
        return found

    def done(self) -> list[Allocation]:
        """What was decided in each quarter, in shares."""
        share = self.programme.setting.population
        return [decode_allocation(decision.action(), share) for decision in self.decisions]

    def record(self) -> dict[str, object]:
        """The content of the play's file."""
        score = None
        if self.over:
            score = {
                "return": self.programme.earned,
                **dict(zip(PARTS, self.programme.means().tolist(), strict=True)),
            }
        content = {
            "scenario": self.scenario.model_dump(mode="json"),
            "scenario_digest": self.scenario.digest(),
            "observe": "noisy",
            "seed": self.seed,
            "decisions": [decision.model_dump(mode="json") for decision in self.decisions],
            "score": score,
            "versions": versions(),
        }
        return record_of(PlayRecord, content, of=None)

    def open(self, stored: StoredPlay, source: str) -> None:
        """Go on with a stored play of this episode, or look at it.

        Raises:
            PlayFileError: If it is of another episode or model, or does not come out as it did when it was
                written; nothing has changed then.
        """
        record = stored.record
        if (record.scenario_digest, record.seed) != (self.scenario.digest(), self.seed):
            raise PlayFileError(f"{source}: is a play of another world or seed")
        if record.model != MODEL:
            raise PlayFileError(f"{source}: was played with another version of the model")
        before = self.programme, self.decisions
        self._replay(record.decisions)
        if record.score is not None and record.score.earned != self.programme.earned:
            earned, told = self.programme.earned, record.score.earned
            self.programme, self.decisions = before
            raise PlayFileError(f"{source}: its decisions earn {earned!r}, and it says {told!r}; restore it")
        self._taken = [1] * len(record.decisions)
