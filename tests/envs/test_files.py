"""Nobody ever sees half of a file."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from juguo_envs import Scenario
from juguo_envs.files import draft_of, is_draft, write_bytes, write_text


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


def test_text_is_written_as_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    write_text(path, "技术社会实验\n")
    assert path.read_bytes().decode("utf-8") == "技术社会实验\n"


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_files_obey_umask(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        write_text(tmp_path / "text.txt", "text")
        write_text(tmp_path / "text.txt", "again")
    finally:
        os.umask(before)
    assert (tmp_path / "text.txt").stat().st_mode & 0o777 == mode


def test_a_file_may_have_the_longest_name_there_is(tmp_path: Path) -> None:
    for name in ("x" * 255, "技" * 85):
        write_text(tmp_path / name, "text")
        assert (tmp_path / name).read_text() == "text"


def test_an_error_names_the_file_that_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left on device") as fault:
        write_text(tmp_path / "text.txt", "text")
    assert fault.value.filename == str(tmp_path / "text.txt")
    assert fault.value.errno == errno.ENOSPC


def test_only_what_is_named_as_ours_is_a_draft(tmp_path: Path) -> None:
    for path in (tmp_path / "a.json", tmp_path / ".hidden", tmp_path / ("技" * 80)):
        assert is_draft(draft_of(path)) and draft_of(path) != draft_of(path)
    for name in ("a.part", ".a.part", ".a.12345678.part.gz", ".a.1234567.part", "x.a.12345678.part"):
        assert not is_draft(tmp_path / name)
