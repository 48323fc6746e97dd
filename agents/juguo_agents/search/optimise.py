"""The search: CMA-ES (Hansen 2016) under common random numbers, at a stated budget of episodes.

All candidates of a generation meet the same episodes, and every generation meets new ones. A fixed set of
episodes would be cheaper to be good at than to be good: the optimiser would fit their luck.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from cmaes import CMA, SepCMA

from juguo_agents.allocators.parametric.policy_classes import (
    CLOSED_LOOP,
    FEEDBACK_OFF,
    FEEDBACK_STARTS,
    KNOWLEDGE_OFF,
    OPEN_LOOP,
    ORACLE,
    REFINE,
    PolicyClass,
    find_policy_class,
)
from juguo_agents.allocators.parametric.space import Parameters, Space
from juguo_agents.array_types import Seeds
from juguo_agents.artifacts.searched import STATE_FILE
from juguo_agents.evaluation import seeds
from juguo_agents.search.checkpoint import (
    CheckpointError,
    Earlier,
    Keeper,
    Outcome,
    PhaseState,
    Settings,
    State,
    StateRecord,
    load_state,
)
from juguo_agents.search.scoring import Scorer
from juguo_envs.errors import UserError

CHOICE = 0.1
"""Share of the budget spent on choosing between the finalists."""
STARTS = 0.05
"""At most this share of the budget is spent on finding out where to begin."""
START_EPISODES = 50
"""Episodes on which the places to begin at are compared, at most."""
MARKS = (0.6, 0.8, 1.0)
"""Shares of the generations after which the mean of the distribution becomes a finalist."""

OPTIMISERS: dict[str, type[CMA | SepCMA]] = {"full": CMA, "diagonal": SepCMA}
"""By what they learn of the covariance of good steps."""
QUICK: dict[str, Any] = {"covariance": "diagonal", "episodes": 2}
"""Settings of a search that comes far in few episodes, for when many worlds are searched."""

Progress = Callable[[int, float], None]
"""Told of episodes just run, and of their mean return."""


class BudgetTooSmall(UserError):
    """A budget that does not pay for a single generation."""


@dataclass(frozen=True)
class Plan:
    """How a phase spends its budget."""

    population: int
    episodes: int
    generations: int
    choice_episodes: int
    start_episodes: int

    @classmethod
    def of(cls, dimensions: int, budget: int, episodes: int, starts: int) -> Plan:
        """The library's population for so many dimensions, and as many generations as can be paid.

        Raises:
            BudgetTooSmall: If that is none.
        """
        population = 4 + int(3 * np.log(dimensions))
        finalists = len(MARKS) + 1
        start_episodes = max(1, min(START_EPISODES, int(STARTS * budget) // starts)) if starts > 1 else 0
        first = start_episodes * starts
        generations = int(budget * (1.0 - CHOICE) - first) // (population * episodes)
        left = budget - first - generations * population * episodes
        if generations < 1 or left < finalists:
            least = int(np.ceil((population * episodes + starts + finalists) / (1.0 - CHOICE - STARTS)))
            raise BudgetTooSmall(
                f"budget is too small for {dimensions} dimensions: a phase needs {least} episodes or more, "
                f"and would have {budget}"
            )
        return cls(population, episodes, generations, left // finalists, start_episodes)


@dataclass(frozen=True)
class Phase:
    """One phase of a search: a policy class from a start, at a budget."""

    policy_class: PolicyClass
    space: Space
    starts: dict[str, Parameters]
    plan: Plan
    reacting: dict[str, Parameters] = field(default_factory=dict)


def phase_budgets(
    policy_class: PolicyClass, budget: int, warm_start: bool = False
) -> list[tuple[PolicyClass, int]]:
    """The phases of a policy class's search. A closed loop spends half its budget on the open one, its start.

    Args:
        policy_class: What is searched.
        budget: Episodes.
        warm_start: Whether the search begins at given numbers; then there is nothing to find out first.
    """
    if policy_class.name in (CLOSED_LOOP.name, ORACLE.name) and not warm_start:
        return [(OPEN_LOOP, budget // 2), (policy_class, budget - budget // 2)]
    return [(policy_class, budget)]


def make_phase(state: State, index: int) -> Phase:
    """A phase, begun where the one before it ended."""
    settings = state.settings
    policy_class, budget = _phases(settings)[index]
    space = _space(settings, policy_class)
    before = state.phases[index - 1].outcome if index else None
    if before is not None:
        space = space.starting(before.parameters, REFINE)
        off = FEEDBACK_OFF | (KNOWLEDGE_OFF if policy_class.name == ORACLE.name else {})
        starts = {"open_loop": {**before.parameters, **off, **space.fixed}}
    elif settings.begin is not None:
        space = space.starting(settings.begin, REFINE)
        starts = {"begin": space.start}
    else:
        starts = {n: space.starting(p, REFINE).start for n, p in _starts(settings, policy_class).items()}
    reacting = _reacting(settings, policy_class, space) if before is not None else {}
    plan = Plan.of(space.size, budget, settings.episodes, len(reacting) or len(starts))
    return Phase(policy_class, space, starts, plan, reacting)


def _reacting(settings: Settings, policy_class: PolicyClass, space: Space) -> dict[str, Parameters]:
    """Where the search of a closed loop may begin: the open loop found, and the rules' shares, reacting.

    The open loop's shares alone would lead to a closed loop that is best beside a blind one: where nothing
    can be done about a fault, money is best spent on care.
    """
    bases = {"open_loop": space.start}
    bases |= {n: space.starting(p, REFINE).start for n, p in _starts(settings, policy_class).items()}
    return {
        f"{base}, {way}": {**numbers, **space.within(reaction)}
        for base, numbers in bases.items()
        for way, reaction in FEEDBACK_STARTS.items()
    }


def _phases(settings: Settings) -> list[tuple[PolicyClass, int]]:
    policy_class = find_policy_class(settings.family, settings.lever)
    return [
        (part if part is policy_class else find_policy_class(part.name, settings.lever), budget)
        for part, budget in phase_budgets(policy_class, settings.budget, settings.begin is not None)
    ]


def _space(settings: Settings, policy_class: PolicyClass) -> Space:
    """A phase's free numbers; a phase that comes before another may lack some of the fixed ones."""
    space = policy_class.space(settings.scenario)
    own = policy_class.name == settings.family
    return space.fixing({n: v for n, v in settings.fixed.items() if own or n in space.names})


def _starts(settings: Settings, policy_class: PolicyClass) -> dict[str, Parameters]:
    """Where a search may begin."""
    starts = policy_class.starts(settings.scenario)
    if settings.start is None:
        return starts
    if settings.start not in starts:
        raise UserError(f"start is {settings.start!r}; {policy_class.name} may begin at {', '.join(starts)}")
    return {settings.start: starts[settings.start]}


def begin(settings: Settings) -> State:
    """A search that has not done anything yet.

    Raises:
        UserError: If one of the settings is not allowed.
    """
    for name, value, least, most in (
        ("seed", settings.seed, 0, seeds.SEEDS_OF_SEARCH - 1),
        ("budget", settings.budget, 1, seeds.LARGEST_BUDGET),
        ("validation", settings.validation, 1, seeds.SEARCH_VALIDATION.size),
    ):
        if not least <= value <= most:
            raise UserError(f"{name} is {value}; allowed is {least} to {most}")
    if settings.covariance not in OPTIMISERS:
        raise UserError(
            f"covariance is {settings.covariance!r}; allowed is {' or '.join(map(repr, OPTIMISERS))}"
        )
    phases = _phases(settings)
    if settings.begin is not None:
        if settings.start is not None:
            raise UserError(
                f"start is {settings.start!r}, but a search with --begin begins there; leave it out"
            )
        space = phases[-1][0].space(settings.scenario)
        if fault := space.fault({**space.start, **settings.begin}):
            raise UserError(f"begin: {fault}")
    for index, (policy_class, budget) in enumerate(phases):
        space = _space(settings, policy_class)
        starts = 1 if settings.begin is not None else len(_starts(settings, policy_class))
        Plan.of(
            space.size,
            budget,
            settings.episodes,
            len(_reacting(settings, policy_class, space)) if index else starts,
        )
    return State(settings, [PhaseState() for _ in phases])


def take_up(folder: Path) -> State:
    """The state of a search that can be gone on with.

    Raises:
        CheckpointError: If there is none, it is not whole, or holds what no search could have come to.
    """
    state = load_state(folder)
    path = folder / STATE_FILE
    try:
        count = len(begin(state.settings).phases)
        if len(state.phases) != count:
            raise CheckpointError(f"phases holds {len(state.phases)}; allowed is {count}")
        for index in range(count):
            _check_phase(state, index)
    except UserError as error:
        raise CheckpointError(f"{path}: {error}; {StateRecord.AGAIN}") from None
    return state


def _check_phase(state: State, index: int) -> None:
    """Refuse what cannot have come of a phase.

    Raises:
        UserError: Naming the field.
    """
    part, before = state.phases[index], state.phases[index - 1] if index else None
    if before is not None and before.outcome is None:
        if part != PhaseState():
            raise CheckpointError(f"phases.{index} has begun, and the one before it is not finished")
        return
    phase, at = make_phase(state, index), f"phases.{index}"
    if part.start is not None and part.start not in phase.starts:
        raise CheckpointError(f"{at}.start is {part.start!r}; allowed is {', '.join(phase.starts)}")
    if part.centre is not None and part.centre not in phase.reacting:
        raise CheckpointError(f"{at}.centre is {part.centre!r}, where the search cannot have begun")
    if (part.told or part.outcome) and (part.start is None or (phase.reacting and part.centre is None)):
        raise CheckpointError(f"{at} holds returns, and not where it began")
    if len(part.told) > phase.plan.generations:
        raise CheckpointError(
            f"{at}.told holds {len(part.told)} generations; allowed is up to {phase.plan.generations}"
        )
    for generation, told in enumerate(part.told):
        if len(told) != phase.plan.population:
            raise CheckpointError(
                f"{at}.told.{generation} holds {len(told)} returns; expected {phase.plan.population}"
            )
    if part.outcome is not None:
        if len(part.told) < phase.plan.generations:
            raise CheckpointError(f"{at} has an outcome, and {len(part.told)} of its generations")
        if fault := phase.space.fault(part.outcome.parameters):
            raise CheckpointError(f"{at}.outcome: {fault}")


def raised(state: State, settings: Settings) -> State | None:
    """A search from where the same one at a smaller budget is, or None where it cannot go on from there.

    A search that begins at given numbers has one phase, and its budget decides only when that ends and what
    is chosen from: until then it asks, and is told, the same. So it ends as if it had had it all at once.

    Raises:
        UserError: If the larger budget is not allowed.
    """
    if settings.begin is None or settings.budget <= state.settings.budget:
        return None
    if replace(state.settings, budget=settings.budget) != settings:
        return None
    begin(settings)
    (part,) = state.phases
    earlier = list(state.earlier)
    if part.outcome is not None:
        earlier.append(Earlier(state.settings.budget, part.outcome.parameters))
    spent = settings.episodes * sum(len(row) for row in part.told)
    return State(settings, [PhaseState(part.start, told=part.told, spent=spent)], earlier)


def search(state: State, folder: Path, scorer: Scorer, progress: Progress | None = None) -> None:
    """Run every phase that is not done yet, keeping the state in the folder after each generation.

    Args:
        state: A new search, or one that was interrupted; written in place.
        folder: Where the state is kept.
        scorer: Runs the episodes.
        progress: Told of every generation, also of those done before an interruption.
    """
    for index, part in enumerate(state.phases):
        phase = make_phase(state, index)
        if part.outcome is None:
            _run_phase(state, index, phase, folder, scorer, progress)
        elif progress:
            progress(part.spent, part.outcome.search_mean)


def _run_phase(
    state: State, index: int, phase: Phase, folder: Path, scorer: Scorer, progress: Progress | None
) -> None:
    part, plan, seed = state.phases[index], phase.plan, state.settings.seed
    if part.start is None:
        part.start = _begin_at(phase, scorer, seeds.search_starts(seed, index, plan.start_episodes))
        part.spent += plan.start_episodes * len(phase.starts) if len(phase.starts) > 1 else 0
        state.save(folder)
    if progress:
        progress(plan.start_episodes * len(phase.reacting if index else phase.starts), 0.0)
    start = phase.starts[part.start]
    if index and part.centre is None:
        part.centre = _react_at(phase, scorer, seeds.search_starts(seed, index, plan.start_episodes))
        part.spent += plan.start_episodes * len(phase.reacting)
        state.save(folder)
    # a closed loop begins with feedback; its start as such, which stays a finalist, has none
    middle = phase.space.encode(phase.reacting[part.centre] if part.centre else start)
    optimiser = OPTIMISERS[state.settings.covariance](
        mean=np.zeros(phase.space.size),
        sigma=1.0,
        seed=seed * seeds.PHASES + index,
        population_size=plan.population,
    )
    marks = {max(1, round(mark * plan.generations)) for mark in MARKS}
    finalists, keeper = {"start": start}, Keeper(state, folder)
    for generation in range(plan.generations):
        asked = [optimiser.ask() for _ in range(plan.population)]
        if generation == len(part.told):
            candidates = [phase.space.decode(middle + phase.space.steps * z) for z in asked]
            episodes = seeds.search_ranking(seed, index, generation, plan.episodes)
            returns = scorer.returns(phase.policy_class, candidates, episodes)
            part.told.append(returns.mean(1).tolist())
            part.spent += returns.size
            keeper.save_if_due()
        told = part.told[generation]
        optimiser.tell([(z, -value) for z, value in zip(asked, told, strict=True)])
        if generation + 1 in marks:
            name = f"generation {generation + 1}"
            finalists[name] = phase.space.decode(middle + phase.space.steps * optimiser.mean)
        if progress:
            progress(plan.population * plan.episodes, float(np.mean(told)))
    part.outcome = _choose(phase, finalists, scorer, seeds.search_choice(seed, index, plan.choice_episodes))
    part.spent += len(finalists) * plan.choice_episodes
    state.save(folder)
    if progress:
        progress(len(finalists) * plan.choice_episodes, part.outcome.search_mean)


def _begin_at(phase: Phase, scorer: Scorer, episodes: Seeds) -> str:
    """The best place to begin at."""
    names = list(phase.starts)
    if len(names) == 1:
        return names[0]
    means = scorer.returns(phase.policy_class, list(phase.starts.values()), episodes).mean(1)
    return names[int(np.argmax(means))]


def _react_at(phase: Phase, scorer: Scorer, episodes: Seeds) -> str:
    """The best way to react to begin with."""
    means = scorer.returns(phase.policy_class, list(phase.reacting.values()), episodes).mean(1)
    return list(phase.reacting)[int(np.argmax(means))]


def _choose(phase: Phase, finalists: dict[str, Parameters], scorer: Scorer, episodes: Seeds) -> Outcome:
    """The finalist with the highest mean return on episodes that none was ranked on; the start is one."""
    means = scorer.returns(phase.policy_class, list(finalists.values()), episodes).mean(1)
    best = int(np.argmax(means))
    name = list(finalists)[best]
    return Outcome(finalists[name], float(means[best]), float(means[0]), name)
