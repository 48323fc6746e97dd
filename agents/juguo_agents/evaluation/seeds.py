"""Every range of seeds of the project, in one table; two uses never share a seed.

An episode is a function of its seed. So whoever chooses on some episodes and measures on them measures
luck. Each range therefore has one use. The tables are checked when this module is imported, and the page
`docs/reference/seeds.md` is written from them.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from juguo_agents.array_types import Seeds
from juguo_agents.tables import markdown_table
from juguo_envs.errors import UserError


@dataclass(frozen=True)
class Range:
    """Seeds with one use.

    Attributes:
        name: Of the use.
        first: The lowest seed.
        size: Number of seeds.
        purpose: What the seeds are for, in words.
    """

    name: str
    first: int
    size: int
    purpose: str

    @property
    def end(self) -> int:
        """The seed after the last."""
        return self.first + self.size

    def __contains__(self, seed: int) -> bool:
        return self.first <= seed < self.end

    def part(self, index: int, parts: int) -> Range:
        """One of so many equal parts, by its number from 0."""
        size = self.size // parts
        return Range(self.name, self.first + index * size, size, self.purpose)

    def take(self, start: int, count: int) -> Seeds:
        """(count,) seeds, beginning `start` seeds after the first.

        Raises:
            ValueError: If the range does not hold them.
        """
        if start < 0 or start + count > self.size:
            raise ValueError(f"{self.name}: seeds {start} to {start + count} of {self.size}")
        return np.arange(self.first + start, self.first + start + count, dtype=np.uint64)


EPISODES: list[Range] = []
"""Seeds of episodes, and of the worlds that a family draws for them."""
SEARCHES: list[Range] = []
"""Numbers of searches (`--seed`). Each search has episodes of its own for ranking and for choice."""
TRAININGS: list[Range] = []
"""Seeds of trainings: of first weights, of exploration, and of the draw of training episodes."""
DESIGNS: list[Range] = []
"""Seeds of the samples that spread worlds over the sampling ranges."""


def _row(table: list[Range], name: str, first: int, size: int, purpose: str) -> Range:
    table.append(Range(name, first, size, purpose))
    return table[-1]


TEST_END = 2**31
"""Test episodes have seeds below this. Selection, searches and training have the seeds above."""

TEST = _row(EPISODES, "test", 0, 500_000, "tests without a range of their own, from `--first-seed` on")
VALUE = _row(EPISODES, "value", 500_000, 100_000, "test of `value` and `ablation`")
PASSIVE = _row(EPISODES, "passive", 600_000, 40_000, "test of `passive`")
PATTERNS = _row(EPISODES, "patterns", 640_000, 50_000, "test of `patterns` and `mechanisms`")
BENCHMARK = _row(EPISODES, "benchmark", 700_000, 100_000, "test of `juguo benchmark`, 10,000 a world")
QUESTIONS = _row(EPISODES, "questions", 800_000, 40_000, "choice and test of `questions`")
CONFIRMING = _row(
    EPISODES, "confirming", 940_000, 50_000, "test of `patterns --confirm`, of a finished world"
)
HELD_OUT_WORLDS = _row(EPISODES, "held-out worlds", 2**29, 2**15, "worlds of `generalisation`")
HELD_OUT = _row(EPISODES, "held-out test", 3 * 2**28, 2**27, "test of `generalisation`, 4,096 a world")
HYPOTHESES = _row(EPISODES, "hypotheses", 10**9, 4_096_000, "test of `hypotheses`, 1,000 a world")
MAP = _row(EPISODES, "map", 2**30, 2**30, "test of `map`: 8,388,608 a map, 128 a world")
SELECTION = _row(EPISODES, "selection", TEST_END, 1_000_000, "choice of the best policy of a training")
TUNING = _row(EPISODES, "tuning", TEST_END + 2**26, 100_000, "scores of the trials of `juguo tune`")
DATASETS = _row(
    EPISODES, "data sets", TEST_END + 3 * 2**25, 2**25, "episodes of `juguo dataset`, from `--seed` on"
)
EXPLAIN_ROLLOUTS = _row(EPISODES, "rollouts", TEST_END + 2**27, 2**26, "`explain`: the allocator is asked")
EXPLAIN_RANKING = _row(EPISODES, "tree ranking", EXPLAIN_ROLLOUTS.end, 2**25, "`explain`: rank of the trees")
EXPLAIN_CHOICE = _row(EPISODES, "tree choice", EXPLAIN_RANKING.end, 2**25, "`explain`: choice of a tree")
HYPOTHESES_CHOICE = _row(
    EPISODES, "hypotheses, choice", TEST_END + 2**28, 4_096_000, "choice of tuned numbers, 1,000 a world"
)
MAP_CHOICE = _row(EPISODES, "map, choice", TEST_END + 2**29, 2**29, "choice of tuned numbers, 64 a world")
SEARCH_RANKING = _row(
    EPISODES, "search ranking", 3 * 2**30, 2**29, "rank of a search's candidates and starts"
)
SEARCH_CHOICE = _row(EPISODES, "search choice", SEARCH_RANKING.end, 2**28, "choice of a search's finalist")
SEARCH_VALIDATION = _row(EPISODES, "validation", SEARCH_CHOICE.end, 2**28, "the same for all searches")
TRAINING = _row(EPISODES, "training", 2**32, 2**63 - 2**32, "training")

SINGLE = _row(SEARCHES, "single", 0, 8, "searches by hand; the model was tuned with them")
YARDSTICKS = _row(SEARCHES, "yardsticks", 8, 24, "the first searches of `value` and `ablation`")
REFINEMENTS = _row(SEARCHES, "refinements", 32, 8, "searches of both that go on from what was found")
WORLD_SEARCH = _row(SEARCHES, "world", 40, 1, "a search in each world of `hypotheses` or `generalisation`")
RULE_SEARCH = _row(SEARCHES, "rules", 41, 1, "tuning of rules for `hypotheses` and `generalisation`")
TRAIN_SEARCH = _row(SEARCHES, "train", 51, 3, "the searches of `juguo train`; the last is its third")
REFERENCE_SEARCH = _row(SEARCHES, "references", 54, 2, "the closed loop and the oracle of `juguo benchmark`")
MANY_SEARCHES = _row(SEARCHES, "many", 64, 64, "tuning for `map`; searches of `mechanisms` and of `pareto`")

TRAINED = _row(TRAININGS, "training", 0, 1000, "trainings of a configuration")
TRIALS = _row(TRAININGS, "trials", 1000, 1000, "trainings of the trials of `juguo tune`")

MAP_DESIGN = _row(DESIGNS, "map", 0, 128, "worlds of `map`")
HYPOTHESES_DESIGN = _row(DESIGNS, "hypotheses", 7301, 2, "worlds of `hypotheses`: the test, the tuning")
MAP_TUNING_DESIGN = _row(DESIGNS, "map, tuning", 2**20, 128, "worlds where `map` tunes rules")


def check_disjoint(table: list[Range]) -> None:
    """Check that the ranges of a table are in order and that no two share a seed.

    Raises:
        ValueError: Naming the first two that are not.
    """
    for one, next_ in itertools.pairwise(table):
        if one.size < 1 or one.end > next_.first:
            raise ValueError(f"seeds of {one.name!r} reach into those of {next_.name!r}")


for _table in (EPISODES, SEARCHES, TRAININGS, DESIGNS):
    check_disjoint(_table)

SEEDS_OF_SEARCH = MANY_SEARCHES.end
"""A search's number is below this."""
LARGEST_BUDGET = 5_000_000
"""Episodes of a search, at most: what its part of the ranking seeds suffices for."""
PHASES = 2
"""Phases of a search, at most."""
MAPS, MAP_POINTS, MAP_EPISODES, MAP_CHOICES = 128, 2**16, 128, 64
"""Maps, worlds of a map, and a world's episodes for the test and for the choice, at most."""
HELD_OUT_EPISODES = HELD_OUT.size // HELD_OUT_WORLDS.size
"""Test episodes of a held-out world, at most."""
HYPOTHESES_BLOCK = 1000
"""Episodes of a world of the hypotheses: test episodes, and as many to choose numbers on."""
EXPLAIN_ROUNDS, EXPLAIN_EPISODES = 100, 100_000
"""Rounds of an explanation, and episodes of each of its parts, at most."""


def test(first: int, episodes: int) -> Seeds:
    """(episodes,) seeds of test episodes, from a first one on.

    Raises:
        UserError: If they would overlap the selection seeds, or there is no episode.
    """
    if episodes < 1:
        raise UserError(f"episodes is {episodes}; allowed is 1 or more")
    if first < 0 or first + episodes > TEST_END:
        raise UserError(f"seed is {first}; allowed is 0 to {TEST_END - episodes} for {episodes} episodes")
    return np.arange(first, first + episodes, dtype=np.uint64)


def held_out_world(index: int) -> int:
    """The seed from which a family draws a held-out world, by its number from 0."""
    return int(HELD_OUT_WORLDS.take(index, 1)[0])


def held_out(index: int, episodes: int) -> Seeds:
    """(episodes,) seeds of the test episodes in a held-out world."""
    return HELD_OUT.part(index, HELD_OUT_WORLDS.size).take(0, episodes)


def map_test(map_: int, point: int, episodes: int, after: int = 0) -> Seeds:
    """(episodes,) seeds of test episodes at a point of a map, behind so many others of the point."""
    return MAP.part(map_, MAPS).part(point, MAP_POINTS).take(after, episodes)


def map_choice(map_: int, point: int, episodes: int) -> Seeds:
    """(episodes,) seeds on which a tuned rule's numbers are chosen at a point of a map."""
    return MAP_CHOICE.part(map_, MAPS).part(point, MAP_POINTS).take(0, episodes)


def hypotheses_choice(index: int, episodes: int) -> Seeds:
    """(episodes,) seeds on which tuned numbers are chosen in a world of the hypotheses."""
    return HYPOTHESES_CHOICE.take(index * HYPOTHESES_BLOCK, episodes)


def explain_rollouts(round_: int, episodes: int) -> Seeds:
    """(episodes,) seeds of a round in which an explained allocator is asked; no other round has them."""
    return EXPLAIN_ROLLOUTS.take(round_ * episodes, episodes)


def search_ranking(search: int, phase: int, generation: int, episodes: int) -> Seeds:
    """(episodes,) seeds of a generation; no other generation of any search has one of them."""
    return _of_search(SEARCH_RANKING, search, phase).take(generation * episodes, episodes)


def search_starts(search: int, phase: int, episodes: int) -> Seeds:
    """(episodes,) seeds on which the starts of a phase are compared: the last of those for ranking."""
    part = _of_search(SEARCH_RANKING, search, phase)
    return part.take(part.size - episodes, episodes)


def search_choice(search: int, phase: int, episodes: int) -> Seeds:
    """(episodes,) seeds on which the finalists of a phase are compared."""
    return _of_search(SEARCH_CHOICE, search, phase).take(0, episodes)


def _of_search(range_: Range, search: int, phase: int) -> Range:
    """The part of a range that a phase of a search has to itself."""
    return range_.part(search * PHASES + phase, SEEDS_OF_SEARCH * PHASES)


def draw_training(generator: np.random.Generator, episodes: int) -> Seeds:
    """(episodes,) training seeds, drawn at random."""
    return generator.integers(TRAINING.first, TRAINING.end, episodes).astype(np.uint64)


def tables() -> str:
    """The tables as Markdown, for the page of seeds."""
    found = []
    for title, table in (
        ("Episodes", EPISODES),
        ("Searches", SEARCHES),
        ("Trainings", TRAININGS),
        ("Samples of worlds", DESIGNS),
    ):
        rows = [(r.name, f"{r.first:,}", f"{r.end - 1:,}", r.purpose) for r in table]
        found.append(f"**{title}**\n\n{markdown_table(('range', 'first', 'last', 'for'), rows)}")
    return "\n\n".join(found)
