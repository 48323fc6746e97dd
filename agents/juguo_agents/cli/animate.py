"""`juguo animate`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from juguo_agents.artifacts.load import find_allocator, world_for
from juguo_agents.cli.options import SCENARIO, command
from juguo_agents.cli.running import show
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.rollout import longest_programme
from juguo_agents.folders import check_new_file
from juguo_agents.progress import progress
from juguo_agents.report.animation import MOST, films, gif
from juguo_envs.errors import UserError
from juguo_envs.files import write_bytes
from juguo_envs.validation import Strict


class Animate(Strict):
    """Who is shown, and in which episode."""

    names: tuple[str, ...] = Field(
        (),
        description=f"1 to {MOST} allocators: rules, your own as FILE.py:CLASS, or runs, searches and trees "
        "by folder or file",
        json_schema_extra={"positional": True, "names": "allocator"},
    )
    scenario: str | None = SCENARIO
    seed: int = Field(0, ge=0, le=seeds.TEST_END - 1, description="seed of the test episode")
    every: int = Field(1, ge=1, description="quarters from one picture to the next")
    out: Path = Field(Path("animation.gif"), description="file, which must be new and end in .gif")


@command
def animate(asked: Animate) -> int:
    """Draw the pictures, and write the file."""
    if not 1 <= len(asked.names) <= MOST:
        raise UserError(f"{len(asked.names)} allocators are named; name 1 to {MOST}, for example flat")
    if asked.out.suffix.lower() != ".gif":
        raise UserError(f"--out is {asked.out}; expected the name of a file that ends in .gif")
    check_new_file(asked.out)
    world = world_for(asked.names, asked.scenario)
    allocators = [find_allocator(name, "allocator") for name in asked.names]
    episode = seeds.test(asked.seed, 1)
    total = len(allocators) * longest_programme(world, episode)
    with progress(total, "drawing", "picture") as bar:
        pictures = films(allocators, world, episode, asked.every, bar.update)
    write_bytes(asked.out, gif(pictures))
    show(str(asked.out))
    return 0
