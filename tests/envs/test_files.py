"""Nobody ever sees half of a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from juguo_envs import Scenario
from juguo_envs.files import write_bytes, write_text


def fail(*_: Any) -> None:
    """Stand in for a full disk."""
    raise OSError("no space left")


@pytest.mark.parametrize("where", ["while writing", "while renaming"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    path = tmp_path / "world.yaml"
    path.write_text("old", encoding="utf-8")
    if where == "while renaming":
        monkeypatch.setattr(Path, "replace", fail)
    else:
        monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no space"):
        Scenario.load("default").save(path)
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_makes_no_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no space"):
        write_text(tmp_path / "new.txt", "text")
    assert list(tmp_path.iterdir()) == []


def test_the_new_content_is_whole_before_it_has_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(b"old")
    seen = []
    replace = Path.replace

    def watched(self: Path, target: Path) -> Path:
        seen.append((self.read_bytes(), path.read_bytes(), self.parent))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", watched)
    write_bytes(path, b"new and longer")
    assert seen == [(b"new and longer", b"old", tmp_path)]
    assert path.read_bytes() == b"new and longer"


def test_text_is_written_as_utf_8_and_can_be_read_by_others(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    write_text(path, "技术社会实验\n")
    assert path.read_bytes().decode("utf-8") == "技术社会实验\n"
    assert path.stat().st_mode & 0o777 == 0o644
