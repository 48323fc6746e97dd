"""`juguo dataset` without Minari; with it: tests/integrations/test_minari.py."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from juguo_agents.cli import running
from tests.running import juguo, refused


def test_who_and_where_must_be_named(tmp_path: Path) -> None:
    for words in ((), ("flat",), ("--id", "juguo/flat-v0")):
        refused(juguo("dataset", *words, cwd=tmp_path), "name at least one allocator and the --id")


def test_without_minari_it_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "minari", None)
    monkeypatch.delitem(sys.modules, "juguo_agents.evaluation.dataset", raising=False)
    monkeypatch.setattr(running, "extras", lambda: {"dataset": ["minari"]})
    done = juguo("dataset", "flat", "--id", "juguo/flat-v0", cwd=tmp_path)
    refused(done, "pip install 'juguo[dataset]'")
