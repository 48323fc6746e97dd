"""The server of a play: it answers its own page, one request at a time, and refuses all else in one line."""

from __future__ import annotations

import http.client
import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from juguo_agents.play.session import Session
from juguo_envs import Scenario
from tests.agents.play.playing import SEED, TOKEN, WORLD, decision, played, served
from tests.running import TINY_WORLD, juguo, refused

pytest.importorskip("starlette", reason="starlette is not installed")
pytest.importorskip("uvicorn", reason="uvicorn is not installed")


class Server:
    """A served session, asked by plain HTTP."""

    def __init__(self, address: str, session: Session, folder: Path) -> None:
        self.host, self.path = urlsplit(address).netloc, urlsplit(address).path
        self.session, self.folder = session, folder

    def raw(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str]:
        """Status and text of an answer."""
        link = http.client.HTTPConnection(self.host, timeout=60)
        try:
            link.request(method, path, body, {name.replace("_", "-"): text for name, text in headers.items()})
            answer = link.getresponse()
            return answer.status, answer.read().decode("utf-8")
        finally:
            link.close()

    def ask(self, name: str, content: Any) -> tuple[int, dict[str, Any]]:
        """Status and content of an answer to JSON."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        status, text = self.raw("POST", self.path + name, body, content_type="application/json")
        return status, json.loads(text)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    session = Session(WORLD, SEED)
    with served(session, tmp_path / "plays") as address:
        yield Server(address, session, tmp_path / "plays")


STEP = {"quarter": 0, "quarters": 1, "decision": decision().model_dump(mode="json")}


def test_a_programme_is_played_undone_saved_and_opened(server: Server) -> None:
    status, page = server.raw("GET", server.path)
    assert status == 200 and "default-src 'none'" in page and "connect-src 'self'" in page
    told = json.loads(server.raw("GET", server.path + "state")[1])
    assert (told["quarter"], told["last"], told["end"]) == (0, None, None)
    status, told = server.ask("step", STEP)
    assert (status, told["quarter"]) == (200, 1)
    assert len(told["systems"]) == 3 and len(told["systems"][0]["adoption"]) == 2
    assert server.ask("undo", {"quarter": 1})[1]["quarter"] == 0
    while not told["over"]:
        quarter = json.loads(server.raw("GET", server.path + "state")[1])["quarter"]
        told = server.ask("step", STEP | {"quarter": quarter, "quarters": 4})[1]
    assert told["end"]["scores"][0]["return"] == played().programme.earned == server.session.programme.earned
    told = server.ask("save", {"quarter": 12})[1]
    assert Path(told["saved"]).parent == server.folder and [row["quarters"] for row in told["plays"]] == [12]
    assert server.ask("again", {"quarter": 12})[1]["quarter"] == 0
    told = server.ask("open", {"file": told["plays"][0]["file"]})[1]
    assert (told["quarter"], told["over"]) == (12, True)


@pytest.mark.parametrize(
    ("name", "content", "status", "told"),
    [
        ("step", STEP | {"quarter": 3}, 409, "the play is at quarter 0: load the page anew"),
        ("step", STEP | {"quarters": 53}, 400, "quarters is 53; allowed is 1 to 52"),
        ("step", STEP | {"quarters": True}, 400, "quarters"),
        ("step", STEP | {"more": 1}, 400, "more"),
        ("step", {"quarter": 0, "quarters": 1}, 400, "decision is missing"),
        ("step", STEP | {"decision": STEP["decision"] | {"openness": "0.5"}}, 400, "decision.openness"),
        ("step", STEP | {"decision": STEP["decision"] | {"places": [1.0]}}, 400, "this world has 3 places"),
        ("step", b'{"quarter": 0, "quarter": 0}', 400, "the key 'quarter' stands twice"),
        ("step", b'{"quarter": NaN}', 400, "NaN is no number"),
        ("step", b"[" * 100_000, 400, "request"),
        ("step", b"\xff", 400, "request: no UTF-8"),
        ("step", b"", 400, "request"),
        ("step", b" " * (4 * 2**20 + 1), 413, "the request is larger than 4,194,304 bytes"),
        ("undo", {"quarter": 0}, 400, "nothing was decided yet"),
        ("open", {"file": "../../etc/passwd"}, 400, "is no play in"),
        ("open", {"file": ""}, 400, "file"),
    ],
)  # fmt: skip
def test_what_is_not_asked_rightly_is_refused_in_one_line(
    server: Server, name: str, content: Any, status: int, told: str
) -> None:
    found, answer = server.ask(name, content)
    assert list(answer) == ["error"] and told in answer["error"] and "\n" not in answer["error"]
    assert found == status and server.session.programme.quarter == 0


def test_only_who_knows_the_token_names_this_host_and_comes_from_its_page_is_answered(server: Server) -> None:
    body = json.dumps(STEP).encode()
    wrong = ("/", "/state", "/wrong/state", f"/{TOKEN[:-1]}/state", f"//{TOKEN}/state", "/%C3%A9/", "/%FF/")
    for path in wrong:
        assert server.raw("GET", path)[0] == 404
    for host in ("evil.example", "127.0.0.1", "127.0.0.1:1", f"evil@{server.host}"):
        assert server.raw("GET", server.path, host=host)[0] == 421
    for origin, status in (("http://evil.example", 403), ("null", 403), (f"http://{server.host}", 200)):
        found, _ = server.raw(
            "POST", server.path + "step", body, content_type="application/json", origin=origin
        )
        assert found == status
    assert server.session.programme.quarter == 1  # the last alone
    assert server.raw("POST", server.path + "step", body, content_type="text/plain")[0] == 415
    assert server.raw("GET", server.path + "step")[0] == 405
    assert server.raw("GET", server.path + "nothing")[0] == 404


def test_a_full_disk_is_told_and_the_play_goes_on(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.ask("step", STEP)

    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("juguo_agents.play.saved.write_text", full)
    status, answer = server.ask("save", {"quarter": 1})
    assert status == 500 and answer["error"].endswith("No space left on device")
    assert server.ask("step", STEP | {"quarter": 1})[1]["quarter"] == 2


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused(juguo("play", "--port", port, cwd=tmp_path), f"--port is {port}", "name another")


def test_what_cannot_be_played_is_refused_before_anything_is_served(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for words, told in (
        (("--scenario", "defualt"), "did you mean 'default'"),
        (("--allocator", "no-such"), "unknown allocator"),
        (("--lang", "xx"), "--lang"),
        (("--seed", "2147483648"), "--seed is 2147483648"),
        (("--out", "file"), "file is no folder"),
    ):
        refused(juguo("play", "--no-browser", *words, cwd=tmp_path), told)


def test_it_serves_its_address_until_ctrl_c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from juguo_agents.play import server

    (tmp_path / "tiny.yaml").write_text(TINY_WORLD, encoding="utf-8")
    answered = []

    def startup(self: Any, sockets: Any = None) -> Any:
        async def told() -> None:
            await start(self, sockets)
            answered.append(sockets[0].getsockname())
            self.handle_exit(2, None)  # as Ctrl-C does

        return told()

    start = server.uvicorn.Server.startup
    monkeypatch.setattr(server.uvicorn.Server, "startup", startup)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    try:
        done = juguo("play", "--no-browser", "--scenario", "tiny.yaml", cwd=tmp_path)
    finally:
        signal.signal(signal.SIGINT, before)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "stopped")
    assert answered[0][0] == "127.0.0.1"
    assert done.stdout.startswith(f"http://127.0.0.1:{answered[0][1]}/")
    assert not (tmp_path / "plays").exists()


def test_a_page_of_names_that_are_markup_holds_none(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    world = Scenario.parse(
        {
            "name": evil,
            "society": {
                "persons": 60,
                "communities": [
                    {"name": evil, "population": 1, "producers": 1, "capability": 0.5},
                    {"name": "</script><img src=x>", "population": 1, "producers": 0, "capability": 0.3},
                ],
            },
            "programme": {"T": 3},
        }
    )
    session = Session(world, 0)
    with served(session, tmp_path / "plays", "zh") as address:
        page = Server(address, session, tmp_path).raw("GET", urlsplit(address).path)[1]
        assert 'lang="zh"' in page and evil not in page and "<img" not in page
        assert page.count("<script") == 5
        done = Server(address, session, tmp_path).ask("save", {"quarter": 0})[1]
        assert Path(done["saved"]).parent == tmp_path / "plays"
