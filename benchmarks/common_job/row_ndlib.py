"""NDlib: a model of its own kind, written after its `ThresholdModel`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import ndlib.models.ModelConfig as config
import networkx
import numpy as np
from job import PERSONS, STEPS, Episode, Graph, P, Q, main
from ndlib.models.DiffusionModel import DiffusionModel


class Bass(DiffusionModel):
    """Adoption by an outside hazard and by neighbours; for good."""

    def __init__(self, graph: Any, seed: int) -> None:
        super().__init__(graph, seed)
        self.available_statuses = {"Susceptible": 0, "Infected": 1}
        self.parameters = {"model": {}, "nodes": {}, "edges": {}}
        self.name = "Bass"

    def iteration(self, node_status: bool = True) -> dict[str, Any]:
        """One step."""
        self.clean_initial_status(list(self.available_statuses.values()))
        after = dict(self.status)
        for person in self.graph.nodes:
            if self.status[person] == 0:
                neighbours = list(self.graph.neighbors(person))
                count = sum(self.status[other] for other in neighbours)
                share = count / len(neighbours) if neighbours else 0.0
                if np.random.random() < 1.0 - math.exp(-(P + Q * share)):  # noqa: NPY002 - as NDlib does
                    after[person] = 1
        delta, counts, status_delta = self.status_delta(after)
        self.status = after
        self.actual_iteration += 1
        return {
            "iteration": self.actual_iteration - 1,
            "status": delta if node_status else {},
            "node_count": counts,
            "status_delta": status_delta,
        }


def prepare(graph: Graph) -> Callable[[int], Episode]:
    """See `job`."""
    ties = networkx.Graph()
    ties.add_nodes_from(range(PERSONS))
    ties.add_edges_from(graph.ties.tolist())

    def start(seed: int) -> Episode:
        model = Bass(ties, seed)
        settings = config.Configuration()
        settings.add_model_initial_configuration("Infected", [])
        model.set_initial_status(settings)
        for person in model.status:  # without a share of first adopters NDlib draws some of its own
            model.status[person] = 0

        def run() -> None:
            for _ in range(STEPS):
                model.iteration(node_status=False)

        return run, lambda: sum(model.status.values()) / PERSONS

    return start


if __name__ == "__main__":
    main(prepare)
