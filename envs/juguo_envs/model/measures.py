"""What is measured: breadth, resilience, exclusion, diversity, and the 5 x 3 indicator board."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juguo_envs.model.compiled import inlined
from juguo_envs.model.equations import INTERACTOR, PARTICIPANT, PRODUCER, clip01
from juguo_envs.model.state import RHO_BINS, Array, State, World


@inlined
def breadth(adopters: Array, cells: Array, n: int) -> float:
    """Equally distributed equivalent of the adopting shares over cells (Atkinson 1970, aversion 0.5).

    Args:
        adopters, cells: (R, 3) adopters and persons by community and stratum.
        n: Number of persons.
    """
    total = 0.0
    for c in range(cells.shape[0]):
        for j in range(cells.shape[1]):
            if cells[c, j] > 0:
                total += cells[c, j] / n * math.sqrt(adopters[c, j] / cells[c, j])
    return total * total


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
def lower_tail_mean(counts: Array, sums: Array, persons: float) -> float:
    """Mean of the lowest `persons` values of a histogram that holds counts and sums per bin.

    Exact but for the one bin that the tail cuts, whose members count at their mean: the error is below the
    width of a bin, 1/128.
    """
    left = persons
    total = 0.0
    for i in range(counts.shape[0]):
        if counts[i] == 0:
            continue
        if counts[i] >= left:
            return (total + left * sums[i] / counts[i]) / persons
        left -= counts[i]
        total += sums[i]
    return total / max(persons - left, 1e-300)


@inlined
def tally(s: State, w: World, P: Any, b: int, people: Array, moved: Array) -> None:
    """Count persons by community, stratum and role, and the tails of resilience; set the three measures.

    Args:
        people: (3,) filled with the number of persons by role.
        moved: (3,) filled, by role, with the persons that adopted and the others' distance of capability.
    """
    n, r = s.rho.shape[1], w.share.shape[0]
    counts = np.zeros(RHO_BINS, np.int64)
    sums = np.zeros(RHO_BINS)
    all_counts = np.zeros(RHO_BINS, np.int64)
    all_sums = np.zeros(RHO_BINS)
    rho_total, out_total = 0.0, 0
    people[:] = 0
    moved[:] = 0.0
    for c in range(r):
        counts[:] = 0
        sums[:] = 0.0
        for j in range(3):
            s.adopters[b, c, j] = 0
            s.adopters_role[b, c, j] = 0
        kappa_sum = 0.0
        out, producers, interactors = 0, 0, 0
        for i in range(w.start[c], w.start[c + 1]):
            x = float(s.rho[b, i])
            bin_ = min(RHO_BINS - 1, int(x * RHO_BINS))
            counts[bin_] += 1
            sums[bin_] += x
            kappa_sum += float(s.kappa[b, i])
            gone = s.excluded[b, i]
            out += gone
            role = s.role[b, i]
            producers += role == PRODUCER and gone == 0
            interactors += role == INTERACTOR
            a = s.adopted[b, i]
            people[role] += 1
            if a == 1:
                s.adopters[b, c, s.stratum[b, i]] += 1
                s.adopters_role[b, c, role] += 1
                moved[role] += 1.0
            else:
                moved[role] += abs(float(s.kappa[b, i]) - float(s.kappa0[b, i]))
        com = s.community[b, c]
        rho_sum = 0.0
        for i in range(RHO_BINS):
            rho_sum += sums[i]
            all_counts[i] += counts[i]
            all_sums[i] += sums[i]
        com.kappa_sum = kappa_sum
        com.rho_sum = rho_sum
        com.rho_low = lower_tail_mean(counts, sums, 0.1 * (w.start[c + 1] - w.start[c]))
        com.excluded = out
        com.producers = producers
        com.interactors = interactors
        rho_total += rho_sum
        out_total += out
    quarter = s.quarter[b]
    quarter.breadth = breadth(s.adopters[b], s.cells[b], n)
    quarter.resilience = 0.5 * rho_total / n + 0.5 * lower_tail_mean(all_counts, all_sums, 0.2 * n)
    quarter.excluded = out_total / n
    quarter.div = diversity(s.adopters[b])
    quarter.exposure = exposure(s, P, b)
    quarter.reward = (P.w_b * quarter.breadth + P.w_r * quarter.resilience - P.w_x * quarter.excluded) / P.T


@inlined
def exposure(s: State, P: Any, b: int) -> float:
    """Adopting share of the society, a participant's use weighted omega."""
    n, total = s.rho.shape[1], 0.0
    for c in range(s.adopters_role.shape[1]):
        total += s.adopters_role[b, c, PRODUCER] + s.adopters_role[b, c, INTERACTOR]
        total += P.omega * s.adopters_role[b, c, PARTICIPANT]
    return total / n


@inlined
def indicator_board(
    s: State, w: World, P: Any, b: int, functions: Array, sat_service: Array, people: Array, moved: Array
) -> None:
    """The paper's five core indicators by actor, each cell in [0, 1] and read off this quarter's state.

    Row 0, resource-allocation target: share of the quarter's money that each actor's functions received.
    Row 1, production orientation: producers, knowledge gained per unit of money a person
    (a squash, x / (1 + x), of the gain over the quarter's money in saturation units); interactors, the
    application environment they built; participants, the share whose behaviour changed (they adopted).
    Row 2, governance mode: of the hazard that made this quarter's new adopters adopt, the share that was
    demand of their own (market), guidance and trials (organised), and peers (self-governed).
    Row 3, technology goal: producers, what iteration banked (Q); interactors, the adopters whom service
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
    for a in range(3):
        board[0, a] = functions[3 * a] + functions[3 * a + 1] + functions[3 * a + 2]
    gain = max(0.0, programme.K - programme.K_before)
    money = quarter.spent / n / P.m0
    board[1, 0] = gain / (gain + money) if gain + money > 0.0 else 0.0
    adopters = np.zeros(3, np.int64)
    built, covered = 0.0, 0.0
    for c in range(w.share.shape[0]):
        for a in range(3):
            adopters[a] += s.adopters_role[b, c, a]
        built += w.share[c] * s.community[b, c].E
        users = s.adopters[b, c, 0] + s.adopters[b, c, 1] + s.adopters[b, c, 2]
        covered += users * sat_service[c]
    total = adopters[0] + adopters[1] + adopters[2]
    board[1, 1] = built
    board[1, 2] = adopters[PARTICIPANT] / people[PARTICIPANT] if people[PARTICIPANT] > 0 else 0.0
    hazard = quarter.market + quarter.organised + quarter.peers
    board[2, 0] = quarter.market / hazard if hazard > 0.0 else 0.0
    board[2, 1] = quarter.organised / hazard if hazard > 0.0 else 0.0
    board[2, 2] = quarter.peers / hazard if hazard > 0.0 else 0.0
    outside = adopters[INTERACTOR] + adopters[PARTICIPANT]
    board[3, 0] = programme.Q
    board[3, 1] = covered / total if total > 0 else 0.0
    board[3, 2] = adopters[INTERACTOR] / outside if outside > 0 else 0.0
    for a in range(3):
        board[4, a] = clip01(moved[a] / people[a]) if people[a] > 0 else 0.0
