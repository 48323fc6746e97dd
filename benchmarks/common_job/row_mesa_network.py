"""Mesa: agents fixed to the cells of its Network space; all decide, then all change."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import networkx
from job import PERSONS, STEPS, Episode, Graph, P, Q, main
from mesa import Model
from mesa.discrete_space import FixedAgent, Network


class Person(FixedAgent):
    """Adopts once and for good."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.adopted = self.decided = False

    def decide(self) -> None:
        """Draw whether to adopt, from the neighbours as they are."""
        if not self.adopted:
            count = met = 0
            for other in self.cell.neighborhood.agents:
                met += 1
                count += other.adopted
            share = count / met if met else 0.0
            self.decided = self.random.random() < 1.0 - math.exp(-(P + Q * share))

    def change(self) -> None:
        """Adopt if decided."""
        if self.decided:
            self.adopted = True


class Society(Model):
    """Persons on a network."""

    def __init__(self, graph: Graph, seed: int) -> None:
        super().__init__(seed=seed)
        ties = networkx.Graph()
        ties.add_nodes_from(range(PERSONS))
        ties.add_edges_from(graph.ties.tolist())
        self.space = Network(ties, capacity=1, random=random.Random(seed))
        self.people = [Person(self) for _ in range(PERSONS)]
        for person, cell in zip(self.people, self.space.all_cells.cells, strict=True):
            person.cell = cell

    def step(self) -> None:
        """One step for everybody."""
        self.agents.do("decide")
        self.agents.do("change")


def prepare(graph: Graph) -> Callable[[int], Episode]:
    """See `job`."""

    def start(seed: int) -> Episode:
        society = Society(graph, seed)

        def run() -> None:
            for _ in range(STEPS):
                society.step()

        return run, lambda: sum(person.adopted for person in society.people) / PERSONS

    return start


if __name__ == "__main__":
    main(prepare)
