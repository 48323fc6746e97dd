"""What everybody who reports a score does alike. Whatever changes here, or in a world, is another version."""

from __future__ import annotations

from juguo_agents.allocators.registry import NOTHING as NOTHING
from juguo_agents.allocators.registry import compared_names
from juguo_agents.array_types import Seeds
from juguo_agents.evaluation.seeds import BENCHMARK
from juguo_envs.worlds.family import Family, load_world
from juguo_envs.worlds.scenario import Scenario

NAME, VERSION = "juguo-7", 1
WORLDS = ("default", "sound", "poor", "crisis", "programme", "china31", "family")
"""Six shipped worlds and the family. `passive` is not among them: no programme brings anything there."""
EPISODES = 100
"""Test episodes of each world."""
OBSERVE = "noisy"
"""What an entry is shown: the observation as measured, and what `Setting` tells; nothing that is hidden."""
ORACLE, CLOSED_LOOP = "oracle", "closed_loop"
"""What the scale ends at, and the best that a search found which sees what entries see."""
RULES = (
    f"An entry sees the observations of {len(WORLDS)} worlds as measured, and never what is hidden.",
    f"It plays {EPISODES} episodes in each, of seeds that nothing else has; it may not learn on them.",
    "It may be trained on training seeds in any world, as long as it likes, and tells for how many steps.",
    "In every world it acts by what was made for that world, or else by its first part.",
    "A world in which it cannot act counts as 0.",
)
"""The rules in words."""


def baselines() -> list[str]:
    """The rules that every entry is read against: as the paper has them, and with both institutions."""
    return compared_names()


def world_of(name: str) -> Scenario | Family:
    """A world of the protocol by its name."""
    return load_world(name)


def digest_of(name: str) -> str:
    """Of a world, or of that around which a family lies."""
    world = world_of(name)
    return (world.base if isinstance(world, Family) else world).digest()


def seeds_of(name: str, episodes: int = EPISODES) -> Seeds:
    """(episodes,) seeds of the test episodes in a world, of which there are `EPISODES`."""
    return BENCHMARK.part(WORLDS.index(name), 10).take(0, episodes)
