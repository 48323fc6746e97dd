"""mesa-frames: the persons are a polars frame, the ties another; neighbours meet by a join."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from job import PERSONS, STEPS, Episode, Graph, P, Q, main
from mesa_frames import AgentSetPolars, ModelDF


class People(AgentSetPolars):
    """Everybody at once."""

    def __init__(self, model: ModelDF, ties: pl.DataFrame) -> None:
        super().__init__(model)
        self.ties = ties
        ids = np.arange(PERSONS)
        self.add(pl.DataFrame({"unique_id": ids, "adopted": np.zeros(PERSONS, np.int8)}))

    def step(self) -> None:
        """One step for everybody."""
        people = self.agents.select("unique_id", "adopted")
        shares = (
            self.ties.join(people, left_on="other", right_on="unique_id")
            .group_by("one")
            .agg(pl.col("adopted").mean().alias("share"))
        )
        draws = pl.Series("draw", self.model.random.random(PERSONS))
        hazard = P + Q * pl.col("share").fill_null(0.0)
        adopts = (pl.col("draw") < 1.0 - (-hazard).exp()).cast(pl.Int8)
        self.agents = (
            people.join(shares, left_on="unique_id", right_on="one", how="left", maintain_order="left")
            .with_columns(draws)
            .select("unique_id", pl.max_horizontal("adopted", adopts).alias("adopted"))
        )


class Society(ModelDF):
    """The persons, and nothing else."""

    def __init__(self, ties: pl.DataFrame, seed: int) -> None:
        super().__init__(seed)
        self.people = People(self, ties)
        self.agents += self.people


def prepare(graph: Graph) -> Callable[[int], Episode]:
    """See `job`."""
    one = np.repeat(np.arange(PERSONS), np.diff(graph.offsets))
    ties = pl.DataFrame({"one": one, "other": graph.neighbours.astype(np.int64)})

    def start(seed: int) -> Episode:
        society = Society(ties, seed)

        def run() -> None:
            for _ in range(STEPS):
                society.step()

        return run, lambda: float(society.get_agents_of_type(People).agents["adopted"].mean())

    return start


if __name__ == "__main__":
    main(prepare)
