"""`juguo play`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from juguo_agents.artifacts.load import find_allocators, world_for
from juguo_agents.cli.options import LANG, SCENARIO, command
from juguo_agents.cli.running import show
from juguo_agents.evaluation import seeds
from juguo_agents.progress import say
from juguo_agents.report.texts import Lang
from juguo_envs.validation import Strict


class Play(Strict):
    """Which episode is played, against whom, and where."""

    scenario: str | None = SCENARIO
    seed: int = Field(0, ge=0, le=seeds.TEST_END - 1, description="seed of the episode")
    allocator: tuple[str, ...] = Field(
        (),
        description="allocators that live the same episode, beside the baseline and the proposal; the first "
        "says at the end what it would have done. Each as juguo evaluate takes it",
        json_schema_extra={"names": "allocator"},
    )
    lang: Lang = LANG
    port: int = Field(0, ge=0, le=65535, description="port on this machine; 0 for any that is free")
    browser: bool = Field(True, description="open the page in a browser")
    out: Path = Field(Path("plays"), description="folder of saved plays")


@command
def play(asked: Play) -> int:
    """Serve the page until Ctrl-C."""
    from juguo_agents.play.saved import Saved
    from juguo_agents.play.server import Game, listen, serve  # only this command needs a web server
    from juguo_agents.play.session import Session

    saved = Saved(asked.out)
    saved.check()
    with listen(asked.port) as listening:
        world = world_for(asked.allocator, asked.scenario)
        say("the others live the episode ...")
        session = Session(world, asked.seed, find_allocators(asked.allocator))
        try:
            serve(Game(session, saved, asked.lang), listening, _tell, asked.browser)
        except KeyboardInterrupt:
            say("stopped")
    return 0


def _tell(address: str) -> None:
    show(f"{address}\nplay it in a browser on this machine; Ctrl-C stops it")
