"""What the tests of a play share: a small world, decisions, a session that is served."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from juguo_agents.artifacts.play_file import Decision
from juguo_agents.play.session import Session
from juguo_envs import Scenario
from juguo_envs.model.state import FUNCTIONS
from tests.support import small

WORLD = small({"programme.minimum": [2, 2, 2], "programme.maximum": [5, 5]})
SEED = 5
TOKEN = "a-token"


def decision(**changes: Any) -> Decision:
    """The same for all functions and places, and some fields changed."""
    content = {
        "functions": dict.fromkeys(FUNCTIONS, 1.0),
        "reserve": 0.5,
        "places": [1.0] * 3,
        "openness": 0.5,
        "advance": False,
        "abandon": False,
    }
    return Decision.model_validate(content | changes)


_weights = st.sampled_from([0.0, 0.1, 1.0, 33.3, 100.0]) | st.floats(0.0, 100.0)
decisions = st.builds(
    decision,
    functions=st.fixed_dictionaries(dict.fromkeys(FUNCTIONS, _weights)),
    reserve=_weights,
    places=st.lists(_weights, min_size=3, max_size=3),
    openness=st.floats(0.0, 1.0),
    advance=st.booleans(),
    abandon=st.booleans(),
)
"""Any decision for three places."""


def played(scenario: Scenario = WORLD, seed: int = SEED, **changes: Any) -> Session:
    """A programme that was played to its end, by the same decision in each quarter."""
    session = Session(scenario, seed)
    places = len(scenario.society.listed())
    while not session.over:
        session.take(decision(places=[1.0] * places, **changes))
    return session


@contextmanager
def served(session: Session, folder: Path, lang: str = "en") -> Iterator[str]:
    """The address of a session that is served from a thread."""
    import uvicorn

    from juguo_agents.play.saved import Saved
    from juguo_agents.play.server import Game, listen, make_app

    with listen(0) as listening:
        host = f"127.0.0.1:{listening.getsockname()[1]}"
        app = make_app(Game(session, Saved(folder), lang), TOKEN, (host,))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://{host}/{TOKEN}/"
        finally:
            server.should_exit = True
            thread.join()
