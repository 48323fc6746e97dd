"""The arrays of a batch of societies.

The first axis of every array is the batch. Persons stand in the order of their communities, so a community
is a slice. Shapes: B societies, N persons, R communities, 9 functions, 3 strata or roles.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

FUNCTIONS = (
    "research", "adaptation", "iteration",
    "scenarios", "governance", "service",
    "engagement", "enablement", "resilience",
)  # fmt: skip
"""The nine fundable functions: actor by stage, so that f // 3 is the actor and f % 3 the stage."""
STAGES = ("production", "diffusion", "application")
ACTORS = ("producers", "interactors", "participants")
INDICATORS = (
    "resource-allocation target",
    "production orientation",
    "governance mode",
    "technology goal",
    "technology-culture tradition",
)
N_FUNCTIONS, N_STAGES, N_ACTORS, N_INDICATORS = len(FUNCTIONS), len(STAGES), len(ACTORS), len(INDICATORS)
N_STRATA, N_ROLES = 3, N_ACTORS
RESEARCH, ADAPTATION, ITERATION, SCENARIOS, GOVERNANCE, SERVICE, ENGAGEMENT, ENABLEMENT, RESILIENCE = range(
    N_FUNCTIONS
)
GUIDANCE, RELIEF = N_FUNCTIONS, N_FUNCTIONS + 1
"""Columns of the saturated deliveries beyond the nine functions."""
N_SATURATIONS = N_FUNCTIONS + 2
CRISIS, SHOCK = N_SATURATIONS, N_SATURATIONS + 1
"""Columns of `State.shared` beyond the saturated deliveries."""
N_SHARES = N_FUNCTIONS + 1
"""Shares of an allocation: of the functions, and of the reserve. Those of the communities follow."""
OPENNESS, ADVANCE, ABANDON, N_REQUESTS = range(4)
"""Entries of an allocation after the communities' shares, and their number."""
YES = 0.5
"""The least entry of an allocation that is a yes."""
CAUSES = ("market", "organised", "peers")
"""What the hazard of a new adopter is divided by; fields of `QUARTER`."""
RHO_BINS = 128
"""Bins of the histogram from which the lower tails of resilience are read."""

COMMUNITY = np.dtype(
    [
        ("k", "f8"),  # know-how
        ("E", "f8"),  # application environment
        ("tau", "f8"),  # trust
        ("crisis", "f8"),  # crisis level
        ("kappa_sum", "f8"),  # sum of members' capability
        ("rho_sum", "f8"),  # sum of members' resilience
        ("rho_low", "f8"),  # mean resilience of the lowest decile
        ("excluded", "i8"),  # members under the floor
        ("producers", "i8"),  # producers able to act
        ("interactors", "i8"),
    ]
)

PROGRAMME = np.dtype(
    [
        ("seed", "u8"),
        ("t", "i8"),  # quarters done
        ("stage", "i8"),
        ("stage_steps", "i8"),
        ("round", "i8"),
        ("project", "i8"),  # index of the technology, from 0
        ("age", "i8"),  # quarters of this project
        ("abandoned", "i8"),  # projects given up
        ("M", "f8"),  # reserve, money
        ("K", "f8"),
        ("K_before", "f8"),  # knowledge a quarter ago
        ("F", "f8"),
        ("X", "f8"),  # hidden defect
        ("C", "f8"),  # hidden ceiling
        ("Y", "f8"),  # hidden repairability
        ("rumour", "f8"),  # hidden: unharmed adopters who blame the technology where nothing is evaluated
        ("D", "f8"),  # evidence of harm, persons
        ("D_true", "f8"),  # hidden: harm as it was, without rumour, persons
        ("W", "f8"),  # experience, person-quarters
    ]
)

QUARTER = np.dtype(
    [
        ("budget", "f8"),  # money that came in
        ("released", "f8"),  # money released from the reserve
        ("spent", "f8"),  # money spent on functions
        ("payout", "f8"),  # money the reserve paid for damage
        ("saved", "f8"),  # change of the reserve
        ("breadth", "f8"),
        ("resilience", "f8"),
        ("excluded", "f8"),
        ("reward", "f8"),
        ("exposure", "f8"),  # adopting share at the end
        ("div", "f8"),  # diversity of the adopters
        ("harmed", "i8"),  # persons harmed
        ("shocks", "i8"),  # communities struck
        ("market", "f8"),  # new adopters by demand of their own (each counts by the shares of its hazard)
        ("organised", "f8"),  # new adopters by guidance and trials
        ("peers", "f8"),  # new adopters by peers
        ("advanced", "i8"),  # 1 if the stage or the round moved on
        ("gave_up", "i8"),  # 1 if the project was abandoned
        ("gave_up_stage", "i8"),  # the stage in which that happened, or -1
        ("gave_up_harm", "f8"),  # estimate of harm at that moment
        ("gave_up_defect", "f8"),  # true defect at that moment
    ]
)


BLOCK_PERSONS = 2048
"""Most persons in a block: what their arrays take fits the processor's nearest cache, about 45 kB."""

BLOCK = np.dtype(
    [
        ("changes", "i8"),  # entries in `changed`, from twice the block's first person on
        ("harmed", "i8"),  # persons harmed
        ("rho_sum", "f8"),
        ("kappa_sum", "f8"),
        ("moved0", "f8"),  # by role: persons that adopted, and of the others the distance of capability
        ("moved1", "f8"),
        ("moved2", "f8"),
        ("excluded", "i8"),
        ("producers", "i8"),  # all, and those able to act
        ("active", "i8"),
        ("interactors", "i8"),
        ("adopters0", "i8"),  # by stratum
        ("adopters1", "i8"),
        ("adopters2", "i8"),
        ("users0", "i8"),  # adopters by role
        ("users1", "i8"),
        ("users2", "i8"),
    ]
)
"""What is summed over a block, a part of one community."""


class State(NamedTuple):
    """Everything that changes. See the dtypes above for units; all stocks are in [0, 1] unless said."""

    kappa: Array  # (B, N) f4 capability
    kappa0: Array  # (B, N) f4 a person's own capability
    rho: Array  # (B, N) f4 resilience
    adopted: Array  # (B, N) u1
    excluded: Array  # (B, N) u1
    role: Array  # (B, N) u1
    stratum: Array  # (B, N) u1 tercile of initial capability
    peers: Array  # (B, N) i4 adopting neighbours
    offsets: Array  # (B, N + 1) i8 where a person's neighbours begin
    neighbours: Array  # (B, 2m) i4
    hit: Array  # (B, N) f4 scratch: damage by shocks and harm
    candidate: Array  # (B, N) u1 scratch: whose draws may change something
    changed: Array  # (B, 2N) i4 scratch: who adopted (i) or left (~i)
    blocks: Array  # (B, K) BLOCK
    causes: Array  # (B, K, 3) f8 a block's new adopters by `CAUSES`
    tails: Array  # (B, K, 2, RHO_BINS) u8 a block's resilience by bin: how many, and their sum
    shared: Array  # (B, R, 13) f8 what every block of a community needs: saturations, crisis, shock
    community: Array  # (B, R) COMMUNITY
    z: Array  # (B, R, 9) f8 delivery, money per person and quarter
    cells: Array  # (B, R, 3) i8 persons by community and stratum
    adopters: Array  # (B, R, 3) i8 adopters by community and stratum
    adopters_before: Array  # (B, R, 3) i8 the same a quarter ago
    adopters_measured: Array  # (B, R, 3) i8 the same when breadth was measured, before a next technology
    adopters_role: Array  # (B, R, 3) i8 adopters by community and role
    programme: Array  # (B,) PROGRAMME
    quarter: Array  # (B,) QUARTER
    board: Array  # (B, 5, 3) f8 indicator board
    allocation: Array  # (B, 10 + R + 3) f8 last allocation: shares, shares, openness, advance, abandon


class Structure(NamedTuple):
    """What is the same for every society of a scenario: communities, blocks, and where ties lead."""

    start: Array  # (R + 1,) i8 first person of each community
    blocks: Array  # (K, 3) i8 community, first person and end of each block
    share: Array  # (R,) f8 population share
    hub: Array  # (R,) f8 1 for a hub
    kappa_mean: Array  # (R,) f8 mean capability at the start
    producers: Array  # (R,) i8 producers
    mixing: Array  # (R, R) f8 cumulative probabilities of the community of a tie's other end
    edges: Array  # () i8 ties
    offsets: Array  # (N + 1,) i8 where a person's listed neighbours begin, or (0,) where ties are drawn
    neighbours: Array  # (2m,) i4 listed neighbours, or (0,)
    team: Array  # i8 words by which the engine's threads share the work; (0,) where one works alone


def cut_into_blocks(start: Array) -> Array:
    """(K, 3) community, first person and end of each block, from (R + 1,) first persons of communities."""
    blocks = []
    for c, (low, high) in enumerate(pairwise(start.tolist())):
        cuts = np.linspace(low, high, max(1, -(-(high - low) // BLOCK_PERSONS)) + 1).astype("i8").tolist()
        blocks += [(c, first, end) for first, end in pairwise(cuts)]
    return np.array(blocks, "i8")


def state_layout(
    batch: int, persons: int, communities: int, edges: int, blocks: int
) -> dict[str, tuple[tuple[int, ...], Any]]:
    """Shape and dtype of each array of a state. `edges` is the number of undirected ties; for `blocks` see
    `cut_into_blocks`."""
    b, n, r = batch, persons, communities
    return {
        "kappa": ((b, n), "f4"),
        "kappa0": ((b, n), "f4"),
        "rho": ((b, n), "f4"),
        "adopted": ((b, n), "u1"),
        "excluded": ((b, n), "u1"),
        "role": ((b, n), "u1"),
        "stratum": ((b, n), "u1"),
        "peers": ((b, n), "i4"),
        "offsets": ((b, n + 1), "i8"),
        "neighbours": ((b, 2 * edges), "i4"),
        "hit": ((b, n), "f4"),
        "candidate": ((b, n), "u1"),
        "changed": ((b, 2 * n), "i4"),
        "blocks": ((b, blocks), BLOCK),
        "causes": ((b, blocks, len(CAUSES)), "f8"),
        "tails": ((b, blocks, 2, RHO_BINS), "u8"),
        "shared": ((b, r, SHOCK + 1), "f8"),
        "community": ((b, r), COMMUNITY),
        "z": ((b, r, N_FUNCTIONS), "f8"),
        "cells": ((b, r, N_STRATA), "i8"),
        "adopters": ((b, r, N_STRATA), "i8"),
        "adopters_before": ((b, r, N_STRATA), "i8"),
        "adopters_measured": ((b, r, N_STRATA), "i8"),
        "adopters_role": ((b, r, N_ROLES), "i8"),
        "programme": ((b,), PROGRAMME),
        "quarter": ((b,), QUARTER),
        "board": ((b, N_INDICATORS, N_ACTORS), "f8"),
        "allocation": ((b, N_SHARES + r + N_REQUESTS), "f8"),
    }


def allocate_state(batch: int, persons: int, communities: int, edges: int, blocks: int) -> State:
    """An empty state; see `state_layout`."""
    layout = state_layout(batch, persons, communities, edges, blocks)
    return State(**{name: np.zeros(shape, dtype) for name, (shape, dtype) in layout.items()})


def state_bytes(batch: int, persons: int, communities: int, edges: int, blocks: int) -> int:
    """Bytes that a state takes; see `state_layout`."""
    layout = state_layout(batch, persons, communities, edges, blocks)
    return sum(math.prod(shape) * np.dtype(dtype).itemsize for shape, dtype in layout.values())
