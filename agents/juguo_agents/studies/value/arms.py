"""What is searched on in a world, where it begins, and the rounds in which it goes on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from juguo_agents.allocators.parametric.policy_classes import find_policy_class
from juguo_agents.allocators.parametric.space import Parameters
from juguo_agents.artifacts.searched import SearchResult, validated
from juguo_agents.evaluation.seeds import search_starts
from juguo_agents.search.checkpoint import Settings as SearchSettings
from juguo_agents.search.conduct import conduct
from juguo_agents.search.scoring import Scorer
from juguo_agents.studies.value.settings import Settings
from juguo_envs.worlds.scenario import Scenario

ROUNDS = 2
BEGINNING = 400
"""Episodes on which places to go on from are compared."""
Place = tuple[str, SearchResult]
"""A search's folder by name, and what it found."""
Searched = dict[str, Place]


@dataclass(frozen=True)
class Job:
    """The searches of one world: their folder, and who is told of them.

    Attributes:
        settings: World, budgets and seeds.
        folder: What is done there already is not done again.
        workers: Processes.
        say: Told what is being done.
    """

    settings: Settings
    folder: Path
    workers: int
    say: Callable[[str], None]

    def conduct(
        self, searches: Mapping[str, SearchSettings], after: Mapping[str, str] | None = None
    ) -> dict[str, SearchResult]:
        """Run or finish searches; see `juguo_agents.search.conduct.conduct`."""
        return conduct(searches, self.folder, self.workers, self._told, after)

    def _told(self, name: str, mean: float) -> None:
        self.say(f"  {name}: {mean:.3f} on the validation episodes")


@dataclass(frozen=True)
class Arm:
    """What is searched on: a family, in a world, with numbers held or a lever forced.

    Attributes:
        family: The name of what is searched.
        scenario: Where.
        held: Numbers that are held: those that switch a kind of feedback off.
        extra: Numbers that a closed loop lacks.
        lever: A lever that is forced all along, by name.
        apart: Rounds by which its episodes are others than those of the rest.
    """

    family: str
    scenario: Scenario
    held: Parameters = field(default_factory=dict)
    extra: Parameters = field(default_factory=dict)
    lever: str | None = None
    apart: int = 0

    def of(self, closed: Parameters) -> Parameters:
        """A closed loop's numbers, made this arm's."""
        return {**closed, **self.extra, **self.held}

    def best(
        self, settings: Settings, places: Sequence[Parameters], turn: int, threads: int = 1
    ) -> Parameters:
        """The best of some places to begin at, on episodes on which the search that follows ranks nothing."""
        if len(places) == 1:
            return places[0]
        episodes = search_starts(settings.onward_seed(turn + self.apart), 0, BEGINNING)
        scorer = Scorer(self.scenario, settings.observe, threads)
        means = scorer.returns(find_policy_class(self.family, self.lever), places, episodes).mean(1)
        return places[int(np.argmax(means))]

    def onward(self, settings: Settings, begin: Parameters, turn: int) -> SearchSettings:
        """A search that goes on from numbers that were found."""
        return settings.onward(
            self.family,
            begin,
            fixed=self.held,
            lever=self.lever,
            scenario=self.scenario,
            round=turn + self.apart,
        )


def better(places: Sequence[Place]) -> Place:
    """The best of some results by the validation episodes."""
    return max(places, key=lambda place: validated(place[1]))


def search_on(
    job: Job,
    arms: Mapping[str, Arm],
    begun: Parameters,
    loops: Collection[str],
    alone: Mapping[str, Parameters],
    first: int = 0,
) -> Searched:
    """Search every arm on, in `ROUNDS` rounds.

    In the first round arms begin at the closed loop's numbers, each made its own. In those that follow an arm
    begins at the better of what it found itself and of the best closed loop of all, made its own: else what
    is taken from an arm could seem to be worth more than it is, where what stands in for it takes long to
    find, or less than nothing, as there are fewer numbers to find without it.

    Args:
        job: The world.
        arms: By name.
        begun: The closed loop's numbers.
        loops: Arms whose results are closed loops with nothing forced; one of them may be the best of all.
        alone: Arms that begin at numbers of their own, and go on from what they find themselves.
        first: The first round, by which searches have their seeds.

    Returns:
        For each arm the best of its searches by the validation episodes.
    """
    found: dict[str, list[Place]] = {name: [] for name in arms}
    best = begun
    for turn in range(ROUNDS):
        onward, places = {}, {}
        for name, arm in arms.items():
            own = [better(found[name])[1].data["parameters"]] if found[name] else []
            if name in alone:
                begin = own[0] if own else alone[name]
            else:
                begin = arm.best(job.settings, [*own, arm.of(best)], first + turn, job.workers)
            places[name] = folder_of(name) + (f"-{turn + 1}" if turn else "")
            onward[places[name]] = arm.onward(job.settings, begin, first + turn)
        job.say(f"searching on, {job.settings.refine:,} episodes each, round {turn + 1}")
        done = job.conduct(onward)
        for name, place in places.items():
            found[name].append((place, done[place]))
        best = better([place for name in loops for place in found[name]])[1].data["parameters"]
    return {name: better(places) for name, places in found.items()}


def folder_of(name: str) -> str:
    """The folder of an arm's search."""
    return name.replace(" ", "_").replace(":", "_")
