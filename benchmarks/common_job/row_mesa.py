"""Mesa: agents with plain lists of neighbours; all decide, then all change."""

from __future__ import annotations

import math
from collections.abc import Callable

from job import PERSONS, STEPS, Episode, Graph, P, Q, main
from mesa import Agent, Model


class Person(Agent):
    """Adopts once and for good."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.adopted = self.decided = False
        self.neighbours: list[Person] = []

    def decide(self) -> None:
        """Draw whether to adopt, from the neighbours as they are."""
        if not self.adopted:
            count = 0
            for other in self.neighbours:
                count += other.adopted
            share = count / len(self.neighbours) if self.neighbours else 0.0
            self.decided = self.random.random() < 1.0 - math.exp(-(P + Q * share))

    def change(self) -> None:
        """Adopt if decided."""
        if self.decided:
            self.adopted = True


class Society(Model):
    """Persons and their ties."""

    def __init__(self, graph: Graph, seed: int) -> None:
        super().__init__(seed=seed)
        self.people = [Person(self) for _ in range(PERSONS)]
        for a, b in graph.ties.tolist():
            self.people[a].neighbours.append(self.people[b])
            self.people[b].neighbours.append(self.people[a])

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
