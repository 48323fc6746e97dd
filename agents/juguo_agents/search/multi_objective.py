"""NSGA-II (Deb et al. 2002, as pymoo has it) over the numbers of the closed loop, at a budget of steps.

Objectives are means over noisy episodes. A member that was lucky once would stay for ever, so members meet
every generation's episodes together with their children, and are judged by the mean of all they ever met.

The algorithm itself is not stored. Asked and told again from the same seed it comes to the same state, bit
for bit; what it was told is kept, a file for each generation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.evaluator import Evaluator
from pymoo.core.population import Population
from pymoo.core.problem import Problem
from pymoo.core.termination import NoTermination
from pymoo.problems.static import StaticProblem

from juguo_agents.allocators.parametric.policy_classes import CLOSED_LOOP, FEEDBACK_STARTS, WARM_START
from juguo_agents.allocators.parametric.space import Parameters, Space
from juguo_agents.array_types import Floats
from juguo_agents.artifacts.archive import TornArchive, from_bytes, to_bytes
from juguo_agents.artifacts.front import front_content, front_name
from juguo_agents.artifacts.identity import identity_of
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.hypervolume import SIGNS, non_dominated
from juguo_agents.provenance import MODEL, versions
from juguo_agents.search.scoring import Scorer
from juguo_envs.errors import UserError
from juguo_envs.files import write_bytes
from juguo_envs.worlds.scenario import Scenario

CANDIDATE_EPISODES = 5
"""Episodes of every candidate in every generation, as in the other searches."""
_HEAD, _TOLD = {"kind": "juguo_front_generation", "format": 1}, "told"
BOUND = 6.0
"""The unconstrained axes are searched from minus to plus this: every number's and share's ends lie inside."""
Score = Callable[[list[Parameters], int], Floats]
"""(candidates, 3) mean breadth, resilience and excluded of candidates in the episodes of a generation."""


class ToldError(UserError):
    """A generation's file that does not belong to the search."""


@dataclass(frozen=True)
class FrontSearch:
    """A search that is asked for.

    Attributes:
        scenario: The world.
        seed: The search's own seed.
        budget: Environment steps that it may take.
        population: Members of its population.
        observe: "noisy" or "true".
        warm_start: Whether it may begin at what other searches found, whose steps are in no budget here.
    """

    scenario: Scenario
    seed: int
    budget: int
    population: int
    observe: str = "noisy"
    warm_start: bool = False

    @property
    def key(self) -> str:
        """Its name in a study."""
        return f"seed{self.seed}"

    @property
    def identity(self) -> str:
        """The identity of the search, whatever its budget: that decides only when it ends."""
        world = self.scenario.model_dump(mode="json")
        return identity_of(MODEL, world, self.seed, self.population, self.observe, self.warm_start)

    def steps(self, candidates: int) -> int:
        """Environment steps of a generation with so many candidates."""
        return candidates * CANDIDATE_EPISODES * self.scenario.programme.T


@dataclass(frozen=True)
class Searched:
    """What a search ended with.

    Attributes:
        front: The members of the last population that no other dominates.
        means: (members, 3) breadth, resilience and excluded, as the search met them.
        steps: Environment steps that it took.
        generations: Its generations.
    """

    front: list[Parameters]
    means: list[list[float]]
    steps: int
    generations: int


def first_generation(search: FrontSearch, space: Space) -> Floats:
    """(population, axes): rules' shares with every way to react, as other searches begin; then near these."""
    count = search.population
    starts_by_name = CLOSED_LOOP.starts(search.scenario)
    bases = [start for name, start in starts_by_name.items() if search.warm_start or name != WARM_START]
    starts = [{**base, **space.within(way)} for way in FEEDBACK_STARTS.values() for base in bases]
    places = np.array([space.encode(start) for start in starts])
    drawn = np.random.default_rng(search.seed).normal(size=(max(0, count - len(places)), space.size))
    near = places[np.arange(len(drawn)) % len(places)] + space.steps * drawn
    found: Floats = np.clip(np.concatenate([places, near])[:count], -BOUND, BOUND)
    return found


def scorer_of(search: FrontSearch, threads: int) -> Score:
    """What scores candidates in the episodes of a search's generations."""
    scorer = Scorer(search.scenario, search.observe, threads=threads)

    def score(candidates: list[Parameters], generation: int) -> Floats:
        episodes = seeds.search_ranking(search.seed, 0, generation, CANDIDATE_EPISODES)
        means: Floats = scorer.parts(CLOSED_LOOP, candidates, episodes).mean(1)
        return means

    return score


def search_front(search: FrontSearch, folder: Path, score: Score) -> Searched:
    """Search, or go on with a search, until the budget does not pay for another generation.

    Args:
        search: What is asked for.
        folder: Made where it is missing; keeps what the algorithm was told.
        score: Runs the episodes.

    Raises:
        ToldError: If the folder holds what this search was not told.
    """
    folder.mkdir(parents=True, exist_ok=True)
    space = CLOSED_LOOP.space(search.scenario)
    steps = generations = 0
    members = Population()
    for members, size, children in _generations(search, space):
        cost = search.steps(size)
        if steps + cost > search.budget:
            break
        path = folder / f"generation-{generations:05d}.told"
        head = {**_HEAD, "of": search.identity, "generation": generations}
        everyone = Population.merge(members, children)
        told = _read(path, len(everyone), head)
        if told is None:
            told = score([space.decode(x) for x in everyone.get("X")], generations)
            write_bytes(path, to_bytes({_TOLD: told}, head))
        take(everyone, told)
        steps += cost
        generations += 1
    kept = non_dominated(-members.get("F"))
    front = [space.decode(x) for x in members.get("X")[kept]]
    means: Floats = -members.get("F")[kept] * SIGNS
    return Searched(front, means.tolist(), steps, generations)


def result_content(search: FrontSearch, found: Searched) -> dict[str, Any]:
    """What stands in the record of a front that was searched."""
    about = {
        "name": front_name(search.seed),
        "observe": search.observe,
        "seed": search.seed,
        "budget": search.budget,
        "steps": found.steps,
        "generations": found.generations,
        "begun": search.warm_start,
        "versions": versions(),
    }
    return front_content(found.front, np.array(found.means), about, search.scenario)


def _generations(search: FrontSearch, space: Space) -> Iterator[tuple[Any, int, Any]]:
    """Members, how many they and their children are, and the children; the caller scores all of them."""
    problem = Problem(n_var=space.size, n_obj=len(SIGNS), xl=-BOUND, xu=BOUND)
    algorithm = NSGA2(pop_size=search.population, sampling=first_generation(search, space))
    algorithm.setup(problem, termination=NoTermination(), seed=search.seed, verbose=False)
    members = Population()
    while True:
        children = algorithm.ask()
        yield members, len(members) + len(children), children
        evaluated = StaticProblem(problem, F=children.get("F"))
        Evaluator().eval(evaluated, children)
        algorithm.tell(infills=children)
        members = algorithm.pop


def take(everyone: Any, told: Floats) -> None:
    """Add a generation to what each has met; pymoo makes objectives low, here minus the mean of all of it."""
    for member, means in zip(everyone, told, strict=True):
        met = [*(member.get("met") or []), means]
        member.set("met", met)
        member.set("F", -np.mean(met, axis=0) * SIGNS)


def _read(path: Path, count: int, head: dict[str, Any]) -> Floats | None:
    """What was told of a generation; nothing where it has not been.

    Args:
        path: The generation's file.
        count: Members that were scored.
        head: What the file must say that it is.
    """
    if not path.exists():
        return None
    try:
        arrays, values = from_bytes(path.read_bytes(), str(path))
    except (OSError, TornArchive) as error:
        raise ToldError(f"{error}; remove {path.name}, and it is run again") from None
    told = arrays.get(_TOLD, np.zeros(0))
    fits = told.shape == (count, len(SIGNS)) and told.dtype == np.float64 and np.isfinite(told).all()
    if values != head or not fits:
        raise ToldError(
            f"{path}: is no generation {head['generation']} of this search; it is another one's: remove it, "
            "and it is run again"
        )
    return told
