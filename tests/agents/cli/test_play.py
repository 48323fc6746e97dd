"""`juguo play` without a web server; with one: tests/agents/play."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from juguo_agents.cli import running
from tests.running import juguo, refused


def test_without_the_web_server_it_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "juguo_agents.play.server", raising=False)
    monkeypatch.setattr(running, "extras", lambda: {"play": ["starlette", "uvicorn"]})
    refused(juguo("play", cwd=tmp_path), "pip install 'juguo[play]'")
