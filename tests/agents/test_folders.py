"""The folder of a job: looked at first, whole or absent, never another one's, gone where a job refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from juguo_agents.folders import (
    FolderExists,
    check_destination,
    check_new,
    is_vacant,
    locked,
    new_folder,
    next_free,
    sweep,
    working_in,
)
from juguo_envs.errors import UserError
from juguo_envs.files import draft_of, write_text
from juguo_envs.names import slug


def entries(folder: Path) -> list[str]:
    """All that is in a folder, however deep."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("file", "file is no folder"),
        ("file/below", "file is no folder"),
        ("x" * 256, "File name too long"),
        (f"new/{'x' * 256}/deep", "File name too long"),
        ("/".join(["y" * 200] * 25), "File name too long"),
        ("nul\0l", "null"),
        ("nowhere", "nowhere is no folder"),
        ("\ud800", "encode"),
    ],
)
def test_a_folder_that_could_not_be_made_is_refused_before_it_is(
    tmp_path: Path, name: str, words: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "nowhere").symlink_to(tmp_path / "absent")
    before = entries(tmp_path)
    with pytest.raises(UserError, match=r"^--out is") as refusal:
        check_destination(tmp_path / name)
    assert words in str(refusal.value)
    with pytest.raises(UserError), new_folder(tmp_path / name):
        pytest.fail("not reached")
    assert entries(tmp_path) == before


@pytest.mark.parametrize("name", ["here", "here/new", "here/new/newer"])
def test_a_folder_that_cannot_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)
    with pytest.raises(UserError, match="here cannot be written"):
        check_destination(tmp_path / name)


def test_folders_that_can_be_made_are_not(tmp_path: Path) -> None:
    for name in ("new", "a/b/c", "here", "技术", "x" * 255):
        check_new(tmp_path / name)
    assert entries(tmp_path) == []


def test_a_new_folder_is_there_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    with new_folder(path) as draft:
        write_text(draft / "one.txt", "1")
        assert not path.exists()
    assert entries(path) == ["one.txt"] and entries(tmp_path) == ["a", "a/b", "a/b/one.txt"]


def test_a_new_folder_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="full"), new_folder(tmp_path / "a" / "b") as draft:
        write_text(draft / "one.txt", "1")
        raise OSError("full")
    assert entries(tmp_path) == []


def test_an_empty_folder_is_taken_and_stays_the_same_folder(tmp_path: Path) -> None:
    path = tmp_path / "own"
    path.mkdir(mode=0o750)
    before = path.stat()
    with pytest.raises(OSError, match="full"), new_folder(path) as draft:
        write_text(draft / "one.txt", "1")
        raise OSError("full")
    assert entries(tmp_path) == ["own"]
    with new_folder(path) as draft:
        write_text(draft / "one.txt", "1")
    assert entries(tmp_path) == ["own", "own/one.txt"]
    assert (path.stat().st_ino, path.stat().st_mode) == (before.st_ino, before.st_mode)


def test_another_ones_folder_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / ".hidden.part").touch()  # no draft of ours
    before = entries(tmp_path)
    for refused in (new_folder(tmp_path / "theirs"), working_in(tmp_path / "theirs", begin)):
        with pytest.raises(FolderExists, match="exists already"), refused:
            pytest.fail("not reached")
    assert entries(tmp_path) == before


def test_who_is_faster_keeps_the_folder(tmp_path: Path) -> None:
    with pytest.raises(FolderExists), new_folder(tmp_path / "new") as draft:
        write_text(draft / "mine.txt", "1")
        with new_folder(tmp_path / "new") as other:
            write_text(other / "theirs.txt", "2")
    assert entries(tmp_path) == ["new", "new/theirs.txt"]


def test_what_a_kill_left_unfinished_counts_for_nothing_and_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "new"
    stale, alive = draft_of(path), draft_of(path)
    for draft in (stale, alive):
        draft.mkdir()
        (draft / "half.txt").touch()
    with locked(alive), new_folder(path):  # another process is at it
        pass
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([alive.name, "new"])
    draft_of(path / "scenario.yaml").touch()
    assert is_vacant(path)
    with new_folder(path) as draft:
        write_text(draft / "one.txt", "1")
    (path / "store").mkdir()
    draft_of(path / "store" / "cell").touch()
    (path / "store" / ".kept").touch()
    sweep(path)
    assert entries(path) == ["one.txt", "store", "store/.kept"]


def begin(new: Path) -> None:
    """What the jobs of these tests begin with."""
    write_text(new / "settings.json", "{}")


@pytest.mark.parametrize("own", [False, True])
def test_a_job_that_refuses_leaves_nothing(tmp_path: Path, own: bool) -> None:
    path = tmp_path / "runs" / "one"
    if own:
        path.mkdir(parents=True)
    before = entries(tmp_path)
    with pytest.raises(UserError, match="no"), working_in(path, begin):
        assert entries(path) == ["settings.json"]
        raise UserError("no")
    assert entries(tmp_path) == before


def test_a_job_that_has_done_something_keeps_it(tmp_path: Path) -> None:
    for number, error in enumerate((UserError("no"), OSError("full"))):
        path = tmp_path / f"job{number}"
        with pytest.raises(type(error)), working_in(path, begin):
            write_text(path / "done.txt", "1")
            raise error
        assert entries(path) == ["done.txt", "settings.json"]
    with pytest.raises(UserError), working_in(path):
        raise UserError("no")
    assert entries(path) == ["done.txt", "settings.json"]


@given(st.sampled_from(["**", "[", "[a-z]*", "?", "a{2}", "run", "run-1", "(x"]), st.integers(0, 3))
def test_any_name_is_numbered(tmp_path_factory: pytest.TempPathFactory, name: str, others: int) -> None:
    parent = tmp_path_factory.mktemp("numbered")
    assert next_free(parent / "absent", name) == parent / "absent" / slug(name)
    for other in ("abc", "run2", "a-7"):
        (parent / other).mkdir()
    names = []
    for _ in range(others + 1):
        path = next_free(parent, name)
        path.mkdir()
        names.append(path.name)
    name = slug(name)
    assert names == [name, *(f"{name}-{i + 2}" for i in range(others))]
