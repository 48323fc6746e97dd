"""The page of a play, and what it asks for, on the loopback address alone.

Whoever asks must know the token in the address, name this host, and send JSON of the models below.
"""

from __future__ import annotations

import secrets
import socket
import sys
import threading
import webbrowser
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import resources
from typing import Annotated, Any, TypeVar

import uvicorn
from pydantic import Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from juguo_agents.artifacts.play_file import Decision
from juguo_agents.play.saved import Saved
from juguo_agents.play.session import Session
from juguo_agents.play.view import ranking, setup, state
from juguo_agents.report.page import document
from juguo_agents.report.texts import say, speaking
from juguo_envs.documents import load_json
from juguo_envs.errors import UserError
from juguo_envs.validation import Strict, explain
from juguo_envs.worlds.scenario import STEPS_A_YEAR

ADDRESS = "127.0.0.1"
LARGEST = 4 * 2**20
"""Bytes of the largest request."""
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class At(Strict):
    """A request that moves the play: it says which quarter its page shows."""

    quarter: Annotated[int, Field(ge=0)]


class Step(At):
    """Decide, and move on."""

    decision: Decision
    quarters: Annotated[int, Field(ge=1, le=max(STEPS_A_YEAR.values()))]


class Open(Strict):
    """Go on with a saved play."""

    file: Annotated[str, Field(min_length=1, max_length=255)]


M = TypeVar("M", bound=Strict)
"""What is asked."""


class Refused(UserError):
    """A request that is not answered; the message says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Game:
    """What is served.

    Attributes:
        session: The play.
        saved: The folder of saved plays.
        lang: Language of the page.
    """

    session: Session
    saved: Saved
    lang: str

    def page(self) -> str:
        """The page as HTML."""
        assets = resources.files("juguo_agents.play")
        script, style = ((assets / name).read_text(encoding="utf-8") for name in ("play.js", "play.css"))
        with self._speaking():
            title = say("play.title", world=self.session.scenario.name)
            return document(title, self.lang, "", setup(self.session), script, style, "'self'")

    def state(self) -> dict[str, Any]:
        """The state now."""
        with self._speaking():
            return state(self.session)

    def whole(self) -> dict[str, Any]:
        """The state now, and the saved plays."""
        return self.state() | ranking(self.session, self.saved)

    def _speaking(self) -> AbstractContextManager[None]:
        return speaking(self.lang, self.session.scenario.step)

    def step(self, asked: Step) -> dict[str, Any]:
        """Decide, and move on."""
        self._check(asked)
        self.session.take(asked.decision, asked.quarters)
        return self.state()

    def undo(self, asked: At) -> dict[str, Any]:
        """Take the last step back."""
        self._check(asked)
        self.session.undo()
        return self.state()

    def again(self, asked: At) -> dict[str, Any]:
        """Take everything back."""
        self._check(asked)
        self.session.begin_again()
        return self.state()

    def save(self, asked: At) -> dict[str, Any]:
        """Write the play."""
        self._check(asked)
        path = self.saved.save(self.session)
        return self.whole() | {"saved": str(path)}

    def open(self, asked: Open) -> dict[str, Any]:
        """Go on with a saved play."""
        self.session.open(self.saved.load(asked.file), asked.file)
        return self.whole()

    def _check(self, asked: At) -> None:
        here = self.session.programme.quarter
        if asked.quarter != here:
            raise Refused(
                409, f"quarter is {asked.quarter}; the play is at quarter {here}: load the page anew"
            )


def make_app(game: Game, token: str, hosts: tuple[str, ...]) -> ASGIApp:
    """What answers requests.

    Args:
        game: What is served.
        token: The first part of every path.
        hosts: Names of this host with its port, as a request must name it.
    """

    async def page(request: Request) -> Response:
        return HTMLResponse(game.page())

    async def now(request: Request) -> Response:
        return _json(game.whole())

    asks: list[tuple[str, type[Any], Callable[[Any], dict[str, Any]]]] = [
        ("step", Step, game.step),
        ("undo", At, game.undo),
        ("again", At, game.again),
        ("save", At, game.save),
        ("open", Open, game.open),
    ]
    routes = [Route(f"/{token}/", page), Route(f"/{token}/state", now)]
    routes += [Route(f"/{token}/{name}", _answer(model, act), methods=["POST"]) for name, model, act in asks]
    return _Guard(Starlette(routes=routes), token, hosts)


def _answer(model: type[M], act: Callable[[M], dict[str, Any]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return _json(act(await _asked(request, model)))
        except UserError as error:
            return _json({"error": str(error)}, getattr(error, "status", 400))
        except OSError as error:
            return _json({"error": f"{error.filename}: {error.strerror}"}, 500)

    return answer


async def _asked(request: Request, model: type[M]) -> M:
    """The content of a request, checked.

    Raises:
        Refused: If it is too large, or not what is asked for here.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(415, f"content-type is {kind!r}; expected application/json")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise Refused(413, f"the request is larger than {LARGEST:,} bytes")
    try:
        return model.model_validate(load_json(body.decode("utf-8"), "request"))
    except UnicodeDecodeError:
        raise Refused(400, "request: no UTF-8") from None
    except ValidationError as error:
        raise Refused(400, explain(error, model, "request")) from None


def _json(content: dict[str, Any], status: int = 200) -> JSONResponse:
    return JSONResponse(content, status)


class _Guard:
    """Answers those alone who know the token and name this host, and says to keep nothing."""

    def __init__(self, app: ASGIApp, token: str, hosts: tuple[str, ...]) -> None:
        self.app, self.token, self.hosts = app, token, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or refuse a request."""
        if scope["type"] != "http":
            return
        refused = self._refused(scope)
        if refused:
            await refused(scope, receive, send)
            return

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                told = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
                message = {**message, "headers": [*message["headers"], *told]}
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _refused(self, scope: Scope) -> Response | None:
        headers = [(name.lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        host = [value for name, value in headers if name == b"host"]
        if len(host) != 1 or host[0].lower() not in self.hosts:
            return _json({"error": f"host is {', '.join(host) or 'missing'}; this is {self.hosts[0]}"}, 421)
        if any(value.lower() not in self.origins for name, value in headers if name == b"origin"):
            return _json({"error": "the request comes from another page"}, 403)
        first = scope["path"].split("/")[1] if scope["path"].startswith("/") else ""
        if not secrets.compare_digest(first.encode("utf-8", "surrogateescape"), self.token.encode()):
            return _json({"error": "open the whole address that juguo play printed"}, 404)
        return None

    @property
    def origins(self) -> tuple[str, ...]:
        """As a browser names the pages of this host."""
        return tuple(f"http://{host}" for host in self.hosts)


def listen(port: int) -> socket.socket:
    """A socket on the loopback address.

    Args:
        port: Its port; 0 for any that is free.

    Raises:
        UserError: If it is taken, or not permitted.
    """
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # there it would share the port
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((ADDRESS, port))
        made.listen()
    except OSError as error:
        made.close()
        raise UserError(
            f"--port is {port}: {error.strerror}; name another, or leave it out for any that is free"
        ) from None
    return made


def serve(game: Game, listening: socket.socket, show: Callable[[str], None], browser: bool) -> None:
    """Serve the page until Ctrl-C.

    Args:
        game: What is served.
        listening: A socket of `listen`.
        show: Is told the address once it answers.
        browser: Whether to open it.
    """
    port, token = listening.getsockname()[1], secrets.token_urlsafe(16)
    hosts = tuple(f"{name}:{port}" for name in (ADDRESS, "localhost"))
    address = f"http://{hosts[0]}/{token}/"
    config = uvicorn.Config(
        make_app(game, token, hosts),
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=1,
    )

    class Server(uvicorn.Server):
        """Tells its address once it answers."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            """Begin to answer."""
            await super().startup(sockets)
            show(address)
            if browser:
                threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    Server(config).run(sockets=[listening])
