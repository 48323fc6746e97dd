"""What is measured: breadth, resilience, exclusion, diversity, and the 5 x 3 indicator board."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juguo_envs.model.compiled import inlined, internal, kernel, summed
from juguo_envs.model.equations import INTERACTOR, PARTICIPANT, PRODUCER, clip01
from juguo_envs.model.scratch import floats, wholes
from juguo_envs.model.state import (
    N_ACTORS,
    N_INDICATORS,
    N_STAGES,
    N_STRATA,
    RHO_BINS,
    Array,
    State,
    Structure,
)

TARGET, ORIENTATION, MODE, GOAL, TRADITION = range(N_INDICATORS)

_UNITS = float(1 << 39)
_BIN, _COUNT, _ONE = np.uint64(32), np.uint64(51), np.uint64(1 << 51)
_SUM, _LAST = np.uint64((1 << 51) - 1), np.uint64(RHO_BINS - 1)

HALF = 0.5
"""The aversion at which an adopting share counts by its root; above it the form changes, see `worth`."""
NEAR_ZERO = 0.1
"""Root of the adopting share, one in a hundred, below which an aversion above `HALF` gives way towards it.

It makes the measure finite where nobody in a cell has adopted; it says nothing of the world.
"""


@inlined
def worth(y: float, e: float) -> float:
    """What an adopting share counts for at an aversion: Atkinson's (1970) utility, finite at zero.

    Up to e = 0.5 it is y^(1 - e). Above, it is ((1 + sqrt(y) / NEAR_ZERO)^q - 1) / q with q = 2 (1 - e),
    which goes over into a logarithm at e = 1.
    """
    if e == HALF:
        return math.sqrt(y)
    if e < HALF:
        return float(y ** (1.0 - e))
    q, log = 2.0 * (1.0 - e), math.log1p(math.sqrt(y) / NEAR_ZERO)
    return log if q == 0.0 else math.expm1(q * log) / q


@inlined
def share_worth(u: float, e: float) -> float:
    """The adopting share that counts for u, the inverse of `worth`."""
    if e == HALF:
        return u * u
    if e < HALF:
        return float(u ** (1.0 / (1.0 - e)))
    q = 2.0 * (1.0 - e)
    root = NEAR_ZERO * math.expm1(u if q == 0.0 else math.log1p(q * u) / q)
    return root * root


@inlined
def breadth(adopters: Array, cells: Array, n: int, aversion: float) -> float:
    """Equally distributed equivalent of the adopting shares over cells.

    Args:
        adopters, cells: (R, 3) adopters and persons by community and stratum.
        n: Number of persons.
        aversion: Aversion to inequality, 0 to 2.
    """
    total = 0.0
    for c in range(cells.shape[0]):
        for j in range(cells.shape[1]):
            if cells[c, j] > 0:
                total += cells[c, j] / n * worth(adopters[c, j] / cells[c, j], aversion)
    return share_worth(total, aversion)


@kernel
def _breadth_seen(shares: Array, population: Array, aversion: Array) -> Array:
    found = np.empty(shares.shape[0])
    for i in range(shares.shape[0]):
        total = 0.0
        for c in range(shares.shape[1]):
            for j in range(shares.shape[2]):
                total += population[c] / shares.shape[2] * worth(shares[i, c, j], aversion[i])
        found[i] = share_worth(total, aversion[i])
    return found


def breadth_seen(shares: Array, population: Array, aversion: Array) -> Array:
    """Breadth of n societies as seen from shares alone: the strata of a community weigh the same.

    Args:
        shares: (n, R, 3) adopting share by community and stratum, in [0, 1].
        population: (R,) population shares.
        aversion: (n,) aversion to inequality, 0 to 2; or (1,), the same for all.

    Returns:
        (n,) in [0, 1].
    """
    each = np.array(np.broadcast_to(aversion, len(shares)), np.float64)
    seen: Array = _breadth_seen(
        np.ascontiguousarray(shares, np.float64), np.ascontiguousarray(population, np.float64), each
    )
    return seen


@kernel
def _breadths(adopters: Array, cells: Array, n: int, aversions: Array) -> Array:
    found = np.empty((adopters.shape[0], aversions.shape[0]))
    for b in range(adopters.shape[0]):
        for i in range(aversions.shape[0]):
            found[b, i] = breadth(adopters[b], cells[b], n, aversions[i])
    return found


def breadths(adopters: Array, cells: Array, n: int, aversions: Array) -> Array:
    """Breadth of societies at several aversions to inequality.

    Args:
        adopters, cells: (B, R, 3) adopters and persons by community and stratum.
        n: Persons of a society.
        aversions: (A,) aversions to inequality, 0 to 2.

    Returns:
        (B, A) in [0, 1].
    """
    found: Array = _breadths(adopters, cells, n, np.asarray(aversions, np.float64))
    return found


@inlined
def diversity(adopters: Array) -> float:
    """Effective number of community x stratum cells among the adopters, scaled to [0, 1]."""
    total = 0
    for c in range(adopters.shape[0]):
        for j in range(adopters.shape[1]):
            total += adopters[c, j]
    if total == 0:
        return 0.0
    entropy = 0.0
    for c in range(adopters.shape[0]):
        for j in range(adopters.shape[1]):
            if adopters[c, j] > 0:
                share = adopters[c, j] / total
                entropy -= share * math.log(share)
    cells = adopters.shape[0] * adopters.shape[1]
    return (math.exp(entropy) - 1.0) / (cells - 1.0) if cells > 1 else 0.0


@inlined
def boundary_bin(counts: Array, persons: float) -> tuple[int, float]:
    """The bin that the lowest `persons` values end in, and how many of its members are among them."""
    left = persons
    for i in range(counts.shape[0] - 1):
        if counts[i] >= left:
            return i, left
        left -= counts[i]
    return counts.shape[0] - 1, left


@inlined
def lower_tail_mean(counts: Array, sums: Array, persons: float) -> float:
    """Mean of the lowest `persons` of some values in [0, 1], of which there are `counts` and `sums` by bin.

    Exact but for the one bin that the tail cuts, whose members count at their mean: the error is below the
    width of a bin, 1/128.
    """
    bin_, left = boundary_bin(counts, persons)
    below = 0.0
    for i in range(bin_):
        below += sums[i]
    return (below + (left * sums[bin_] / counts[bin_] if counts[bin_] > 0 else 0.0)) / persons


@summed
def stock_sums(
    rho: Array, kappa: Array, kappa0: Array, adopted: Array, role: Array
) -> tuple[float, float, float, float, float]:
    """Sums of resilience and capability, and by role of those who moved: adopters, and others' distance."""
    rho_sum, kappa_sum, producers, interactors, participants = 0.0, 0.0, 0.0, 0.0, 0.0
    for j in range(rho.shape[0]):
        rho_sum += float(rho[j])
        kappa_sum += float(kappa[j])
        moved = 1.0 if adopted[j] == 1 else abs(float(kappa[j]) - float(kappa0[j]))
        producers += moved if role[j] == PRODUCER else 0.0
        interactors += moved if role[j] == INTERACTOR else 0.0
        participants += moved if role[j] == PARTICIPANT else 0.0
    return rho_sum, kappa_sum, producers, interactors, participants


@inlined
def count_members(adopted: Array, out: Array, role: Array, stratum: Array, block: Any) -> None:
    """Fill in a block's adopters by stratum and role, its excluded, producers and interactors."""
    gone, producers, active, interactors = 0, 0, 0, 0
    low, middle, all_, by_producers, by_interactors = 0, 0, 0, 0, 0
    for j in range(adopted.shape[0]):
        a = adopted[j] == 1
        gone += out[j] == 1
        producers += role[j] == PRODUCER
        active += (role[j] == PRODUCER) & (out[j] == 0)
        interactors += role[j] == INTERACTOR
        all_ += a
        low += a & (stratum[j] == 0)
        middle += a & (stratum[j] == 1)
        by_producers += a & (role[j] == PRODUCER)
        by_interactors += a & (role[j] == INTERACTOR)
    block.excluded, block.producers, block.active, block.interactors = gone, producers, active, interactors
    block.adopters0, block.adopters1, block.adopters2 = low, middle, all_ - low - middle
    block.users0, block.users1 = by_producers, by_interactors
    block.users2 = all_ - by_producers - by_interactors


@inlined
def tabulate(values: Array, table: Array) -> None:
    """Sort up to `BLOCK_PERSONS` values in [0, 1] into bins: how many, and their sum in whole units.

    One word of 64 bits holds both: the sum, in units of 2**-39, in the low 51 bits, and the number above.
    Whole numbers add up alike in any order. Two tables take turns, since neighbours often share a bin.

    Args:
        values: The values.
        table: (2, RHO_BINS) u8, filled.
    """
    for i in range(RHO_BINS):
        table[0, i] = np.uint64(0)
        table[1, i] = np.uint64(0)
    n = values.shape[0]
    for j in range(0, n - 1, 2):
        x, y = units(values[j]), units(values[j + 1])
        table[0, min(x >> _BIN, _LAST)] += _ONE | x
        table[1, min(y >> _BIN, _LAST)] += _ONE | y
    if n % 2 == 1:
        x = units(values[n - 1])
        table[0, min(x >> _BIN, _LAST)] += _ONE | x


@inlined
def units(x: float) -> np.uint64:
    """A value in [0, 1] in units of 2**-39."""
    return np.uint64(np.int64(float(x) * _UNITS))


@inlined
def read_table(table: Array, counts: Array, sums: Array) -> None:
    """Add a table to the numbers and the sums of values by bin."""
    for i in range(RHO_BINS):
        x = table[0, i] + table[1, i]
        counts[i] += np.int64(x >> _COUNT)
        sums[i] += float(np.int64(x & _SUM)) / _UNITS


@internal
def measure_block(s: State, w: Structure, b: int, k: int) -> None:
    """Count the persons of a block by stratum and role, sum their stocks, sort their resilience."""
    low, high = w.blocks[k, 1], w.blocks[k, 2]
    block, rho, role = s.blocks[b, k], s.rho[b, low:high], s.role[b, low:high]
    adopted = s.adopted[b, low:high]
    block.rho_sum, block.kappa_sum, block.moved0, block.moved1, block.moved2 = stock_sums(
        rho, s.kappa[b, low:high], s.kappa0[b, low:high], adopted, role
    )
    count_members(adopted, s.excluded[b, low:high], role, s.stratum[b, low:high], block)
    tabulate(rho, s.tails[b, k])


@internal
def tally(s: State, w: Structure, P: Any, b: int, people: Array, moved: Array) -> None:
    """Put together what was measured of the blocks, by community; set the three measures.

    Args:
        people: (3,) filled with the number of persons by role.
        moved: (3,) filled, by role, with the persons that adopted and the others' distance of capability.
    """
    n, r = s.rho.shape[1], w.share.shape[0]
    bins = s.tails.shape[-1]
    counts, sums, all_counts, all_sums = wholes(bins), floats(bins), wholes(bins), floats(bins)
    rho_total, out_total = 0.0, 0
    people[:] = 0
    moved[:] = 0.0
    k = 0
    for c in range(r):
        com, size = s.community[b, c], w.start[c + 1] - w.start[c]
        com.rho_sum, com.kappa_sum, producers = 0.0, 0.0, 0
        com.excluded, com.producers, com.interactors = 0, 0, 0
        s.adopters[b, c, :] = 0
        s.adopters_role[b, c, :] = 0
        counts[:] = 0
        sums[:] = 0.0
        while k < w.blocks.shape[0] and w.blocks[k, 0] == c:
            producers += add_block(s, b, c, k, moved)
            read_table(s.tails[b, k], counts, sums)
            k += 1
        com.rho_low = lower_tail_mean(counts, sums, P.tail_seen * size)
        for i in range(RHO_BINS):
            all_counts[i] += counts[i]
            all_sums[i] += sums[i]
        for j in range(N_STRATA):
            s.adopters_measured[b, c, j] = s.adopters[b, c, j]
        people[PRODUCER] += producers
        people[INTERACTOR] += com.interactors
        people[PARTICIPANT] += size - producers - com.interactors
        rho_total += com.rho_sum
        out_total += com.excluded
    quarter = s.quarter[b]
    quarter.breadth = breadth(s.adopters[b], s.cells[b], n, P.aversion)
    worst_off = lower_tail_mean(all_counts, all_sums, P.tail * n)
    quarter.resilience = (1.0 - P.w_l) * rho_total / n + P.w_l * worst_off
    quarter.excluded = out_total / n
    quarter.div = diversity(s.adopters[b])
    quarter.exposure = exposure(s, b)
    quarter.reward = (P.w_b * quarter.breadth + P.w_r * quarter.resilience - P.w_x * quarter.excluded) / P.T


@internal
def add_block(s: State, b: int, c: int, k: int, moved: Array) -> int:
    """Add a block to its community and to `moved`; returns its number of producers."""
    com, block = s.community[b, c], s.blocks[b, k]
    com.rho_sum += block.rho_sum
    com.kappa_sum += block.kappa_sum
    com.excluded += block.excluded
    com.producers += block.active
    com.interactors += block.interactors
    s.adopters[b, c, 0] += block.adopters0
    s.adopters[b, c, 1] += block.adopters1
    s.adopters[b, c, 2] += block.adopters2
    s.adopters_role[b, c, 0] += block.users0
    s.adopters_role[b, c, 1] += block.users1
    s.adopters_role[b, c, 2] += block.users2
    moved[PRODUCER] += block.moved0
    moved[INTERACTOR] += block.moved1
    moved[PARTICIPANT] += block.moved2
    return block.producers


@internal
def exposure(s: State, b: int) -> float:
    """Adopting share of the society."""
    total = 0
    for c in range(s.adopters.shape[1]):
        total += s.adopters[b, c, 0] + s.adopters[b, c, 1] + s.adopters[b, c, 2]
    return total / s.rho.shape[1]


@internal
def indicator_board(
    s: State, w: Structure, P: Any, b: int, functions: Array, sat_service: Array, people: Array, moved: Array
) -> None:
    """The paper's five core indicators by actor, each cell in [0, 1] and read off this quarter's state.

    Row 0, resource-allocation target: share of the quarter's money that each actor's functions received.
    Row 1, production orientation: producers, knowledge gained per unit of money (x / (1 + x) of the gain, in
    units of eta_K, over the money a person, in units of m0); interactors, the
    application environment they built; participants, the share whose behaviour changed (they adopted).
    Row 2, governance mode: of the hazard that made this quarter's new adopters adopt, the share that was
    demand of their own (market), guidance and trials (organised), and peers (self-governed).
    Row 3, technology goal: producers, knowledge; interactors, the adopters whom service
    covers; participants, those among the adopters outside production who became interactors and so govern
    their own use.
    Row 4, technology-culture tradition: how far practice has moved from where it began, the share of each
    actor that adopted, or else the distance of capability from a person's own.

    Args:
        functions: (9,) shares of the spent money by function.
        sat_service: (R,) saturated delivery of service.
        people: (3,) persons by role.
        moved: (3,) by role, persons that adopted, and of the others the distance of capability.
    """
    programme, quarter, board = s.programme[b], s.quarter[b], s.board[b]
    n = s.rho.shape[1]
    for a in range(N_ACTORS):
        board[TARGET, a] = 0.0
        for f in range(N_STAGES):
            board[TARGET, a] += functions[N_STAGES * a + f]
    gain = max(0.0, programme.K - programme.K_before) / P.eta_K if P.eta_K > 0.0 else 0.0
    money = quarter.spent / n / P.m0
    board[ORIENTATION, 0] = gain / (gain + money) if gain + money > 0.0 else 0.0
    adopters = wholes(s.adopters_role.shape[2])
    built, covered = 0.0, 0.0
    for c in range(w.share.shape[0]):
        for a in range(N_ACTORS):
            adopters[a] += s.adopters_role[b, c, a]
        built += w.share[c] * s.community[b, c].E
        users = s.adopters[b, c, 0] + s.adopters[b, c, 1] + s.adopters[b, c, 2]
        covered += users * sat_service[c]
    total = adopters[0] + adopters[1] + adopters[2]
    board[ORIENTATION, 1] = built
    board[ORIENTATION, 2] = adopters[PARTICIPANT] / people[PARTICIPANT] if people[PARTICIPANT] > 0 else 0.0
    hazard = quarter.market + quarter.organised + quarter.peers
    board[MODE, 0] = quarter.market / hazard if hazard > 0.0 else 0.0
    board[MODE, 1] = quarter.organised / hazard if hazard > 0.0 else 0.0
    board[MODE, 2] = quarter.peers / hazard if hazard > 0.0 else 0.0
    outside = adopters[INTERACTOR] + adopters[PARTICIPANT]
    board[GOAL, 0] = programme.K
    board[GOAL, 1] = covered / total if total > 0 else 0.0
    board[GOAL, 2] = adopters[INTERACTOR] / outside if outside > 0 else 0.0
    for a in range(N_ACTORS):
        board[TRADITION, a] = clip01(moved[a] / people[a]) if people[a] > 0 else 0.0
