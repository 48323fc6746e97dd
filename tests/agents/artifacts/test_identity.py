"""What a file says of itself: it comes back as it was, and whatever was done to it is seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from juguo_agents.artifacts.identity import (
    RUN,
    STUDY,
    Record,
    identity_of,
    read_record,
    record_of,
    sealed,
    text_of,
)
from juguo_agents.folders import next_free, write_yaml
from juguo_agents.provenance import MODEL
from juguo_agents.studies.study import _inner
from juguo_envs.errors import UserError

PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"])),
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner),
    max_leaves=8,
)


class Odd(UserError):
    """The fault of a record of the tests."""


class Thing(Record):
    """A record of the tests."""

    KIND: ClassVar[str] = "juguo_thing"
    FORMAT: ClassVar[int] = 4
    WHAT: ClassVar[str] = "a thing"
    FAULT: ClassVar[type[UserError]] = Odd

    content: Any


def stored(path: Path, content: Any, of: str | None = None) -> Path:
    path.write_text(text_of(record_of(Thing, {"content": content}, of)), encoding="utf-8")
    return path


@given(VALUES)
def test_a_record_comes_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, content: Any
) -> None:
    path = stored(tmp_path_factory.getbasetemp() / "thing.json", content)
    data, record = read_record(path, Thing)
    assert json.dumps(data["content"]) == json.dumps(content)
    assert (record.kind, record.format, record.model, record.of) == ("juguo_thing", 4, MODEL, None)


def test_a_checksum_does_not_depend_on_how_the_text_is_laid_out(tmp_path: Path) -> None:
    path = stored(tmp_path / "thing.json", {"b": [1, 2.5], "a": "é"})
    data = json.loads(path.read_text(encoding="utf-8"))
    for text in (json.dumps(data), json.dumps(data, indent=4, sort_keys=True), json.dumps(data)[::1] + "\n"):
        path.write_text(text, encoding="utf-8")
        assert read_record(path, Thing)[0] == data


def test_any_bit_that_is_flipped_is_seen_or_means_the_same(tmp_path: Path) -> None:
    content = {"numbers": [0.1, 1e-3, 12, -5], "text": "a b", "flags": [True, None]}
    path = stored(tmp_path / "thing.json", content)
    whole = path.read_bytes()
    for place in range(len(whole)):
        for bit in range(8):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
            try:
                assert read_record(path, Thing)[0]["content"] == content
            except Odd as refused:
                assert "thing.json" in str(refused)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "juguo_other"}, "not a thing .kind is not 'juguo_thing'"),
        ({"format": 3}, "format is 3; this version reads 4"),
        ({"format": True}, "format is True; this version reads 4"),
        ({"model": "x"}, "model is 'x'"),
        ({"of": "short"}, "of is 'short'"),
        ({"surplus": 1}, "unknown field 'surplus'"),
        ({"sha256": "0" * 64}, "was changed since it was written"),
        ({"content": 2}, "was changed since it was written"),
    ],
)
def test_what_a_record_must_not_say_is_refused_by_name(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    path = stored(tmp_path / "thing.json", 1)
    data = {**json.loads(path.read_text()), **change}
    path.write_text(json.dumps(data if {"sha256", "content"} & change.keys() else sealed(data)))
    with pytest.raises(Odd, match=words) as refused:
        read_record(path, Thing)
    assert str(path) in str(refused.value)


def test_a_file_of_another_job_is_refused_and_both_are_named(tmp_path: Path) -> None:
    here, there = identity_of("here"), identity_of("there")
    RUN.check(tmp_path / "x", there, Odd)  # nothing tells whose the folder is
    write_yaml(tmp_path / RUN.file, sealed({"id": here}))
    RUN.check(tmp_path / "x", here, Odd)
    with pytest.raises(Odd, match=rf"x: is of another run .{there}. than .*config\.yaml .{here}."):
        RUN.check(tmp_path / "x", there, Odd)
    write_yaml(tmp_path / RUN.file, {"id": there})  # as somebody writes it by hand
    with pytest.raises(UserError, match=r"config\.yaml: was changed"):
        RUN.check(tmp_path / "x", there, Odd)


def test_the_nearest_owner_counts(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    for folder, what in ((inner, "inner"), (tmp_path, "outer")):
        (folder / STUDY.file).write_text(text_of(sealed({"id": identity_of(what)})))
    STUDY.check(inner / "x", identity_of("inner"), Odd, inner, tmp_path)
    with pytest.raises(Odd, match="another study"):
        STUDY.check(inner / "x", identity_of("outer"), Odd, inner, tmp_path)


@pytest.mark.parametrize(
    "name", ["../../x", "/etc/x", "..", ".", "a/b", "a\\b", "x\n", " ", "CON", "a" * 300]
)
def test_no_name_leads_out_of_its_folder(tmp_path: Path, name: str) -> None:
    found = next_free(tmp_path, name)
    assert found.parent == tmp_path
    found.mkdir()
    assert next_free(tmp_path, name).name == f"{found.name}-2"


@pytest.mark.parametrize("name", ["../x", "/x", "a/../b", "a//b", ".hidden", "a/", ""])
def test_a_study_writes_nothing_outside_its_folder(name: str) -> None:
    with pytest.raises(ValueError, match="no name of a file within"):
        _inner(name)
