"""What is read from YAML and JSON: the right value, or a line that refuses; and what is saved loads again."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from juguo_envs import documents
from juguo_envs.documents import (
    DocumentError,
    dump_yaml,
    load_json,
    load_mapping,
    load_yaml,
    read_text,
    yaml_value,
)
from juguo_envs.names import composed


def plain_key(text: str) -> bool:
    """Whether a text can be a key as it is."""
    try:
        return composed(text) == text
    except ValueError:
        return False


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ODD_TEXT = st.sampled_from(
    [
        *(
            "1e3",
            "0100",
            "yes",
            "on",
            "null",
            "~",
            "1:00",
            "0x10",
            "2024-02-30",
            ".5",
            "-",
            "a: b",
            "#",
            " a ",
        ),
        *("a\x85b", "a\u2028b", "<<", "=", "true", "0o17", "+1", "1.", ".inf", "9" * 20),
    ]
)
KEY = TEXT.filter(plain_key) | st.sampled_from(["1e3", "yes", "null", "<<", "a: b", " a ", "0100", "=", "#"])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | ODD_TEXT,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(KEY, inside, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(KEY, VALUES, max_size=3)


def aliases(count: int, each: int) -> str:
    """Lists of which every one holds the one before some times."""
    lines = [f"a{i}: &a{i} [{f'*a{i - 1}, ' * each}]" for i in range(1, count)]
    return "\n".join(["a0: &a0 [x]", *lines])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e3", 1000.0),
        ("1e-3", 0.001),
        (".5", 0.5),
        ("+7", 7),
        ("0100", 100),
        ("060", 60),
        ("-012", -12),
        ("0" * 5000 + "7", 7),
        ("-9223372036854775808", -(2**63)),
        ("true", True),
        ("FALSE", False),
        ("", None),
        ("~", None),
        (".inf", math.inf),
        ("!!str 12", "12"),
        ("!!int '12'", 12),
        ("!!float 1", 1.0),
        ("'12'", "12"),
        *((text, text) for text in ("yes", "on", "No", "1:00", "0:30.0", "0x10", "0o17", "0b1", "1_000")),
        *((text, text) for text in ("2024-02-30", "0000-00-00", "5,000", "nan", "=")),
    ],
)
def test_a_scalar_is_what_the_core_schema_says_and_decimal(text: str, value: Any) -> None:
    read = yaml_value(text, "made")
    assert read == value and type(read) is type(value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3", "line 3: 'a' stands twice in a mapping, on lines 1 and 3"),
        ("m: {B: 1,\n 'B': 2}", "line 2: 'B' stands twice in a mapping, on lines 1 and 2"),
        ("a: 1\nb: {c: 1", "line 2: not readable as YAML"),
        ("1: 2", "line 1: a key is a number"),
        ("B: {a: 5,000}", "no comma"),
        ("? [a]\n: 2", "line 1: a key is a list"),
        ("a: 1\nb: *c", "line 2: the alias *c is unknown"),
        ("a: &a [*a]", "line 1: the alias *a is within itself"),
        ("a: &a {<<: *a, b: 1}", "line 1: the alias *a is within itself"),
        ("<<: 3", "<< merges mappings"),
        ("a: 1\nb\u200b: 2", "line 2: the key 'b\\u200b' has U+200B (zero width space)"),
        ("caf\u00e9: 1\ncafe\u0301: 2", "'caf\u00e9' stands twice in a mapping, on lines 1 and 2"),
        ("a: 1\n---\nb: 2", "line 2: a second document begins"),
        ("a: !!python/name:os.system", "the tag !!python/name:os.system is not allowed"),
        ("a: !!timestamp 2024-01-01", "the tag !!timestamp is not allowed"),
        ("a: !!int x", "'x' is no value of the tag !!int"),
        ("a: 9223372036854775808", "line 1: the whole number 9223372036854775808 has more than 64 bits"),
        ("a: " + "9" * 5000, "(5000 characters) has more than 64 bits"),
        ("a: 1e400", "1e400 is larger than any number"),
        ("a: b\0", "line 1: the character U+0000 is not allowed"),
        ('a: "\\ud800"', "line 1: "),
        ("a：\n  B: 1", "line 1 has '：' (full-width), where ':' may be meant"),
        ("[" * 100_000, "line 1: "),
        ("- " * 3000 + "1", "line 1: nested deeper than 50"),
        (aliases(99, 1), "nested deeper than 50"),
        (aliases(20, 9), "aliases stand for more than 100,000 values"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_one_short_line_with_its_number(text: str, said: str) -> None:
    start = time.process_time()
    with pytest.raises(DocumentError) as caught:
        load_yaml(text, "made")
    message = str(caught.value)
    assert message.startswith("made: line ") and said in message
    assert "\n" not in message and len(message) < 250
    assert time.process_time() - start < 2.0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: [1, {b: 1e3}, yes]\nc: &x {d: 'e'}\nf: {<<: *x}", None),
        ("a: 1\na: 2", "line 2"),
        ("a: [1", "line 1"),
    ],
)
def test_without_the_c_parser_the_same_is_read_and_refused(
    monkeypatch: pytest.MonkeyPatch, text: str, value: str | None
) -> None:
    fast = None if value else load_yaml(text, "made")
    monkeypatch.setattr(documents, "_Parser", yaml.SafeLoader)
    if value is None:
        assert load_yaml(text, "made") == fast
    else:
        with pytest.raises(DocumentError, match=value):
            load_yaml(text, "made")


def test_merge_keys_aliases_a_mark_of_byte_order_and_other_line_ends_work() -> None:
    text = "\ufeffa: &a {x: 1, y: 2}\r\nb: {<<: *a, y: 3}\r\nc: {<<: [{x: 5}, *a]}\rd: *a"
    read = load_mapping(text, "made")
    assert read == {
        "a": {"x": 1, "y": 2},
        "b": {"x": 1, "y": 3},
        "c": {"x": 5, "y": 2},
        "d": {"x": 1, "y": 2},
    }
    assert read["d"] is not read["a"]  # what is changed in one stays as it is in the other


@pytest.mark.parametrize(
    ("text", "kind"), [("", "nothing"), ("- 1", "a list"), ("x", "text"), ("3", "a number")]
)
def test_what_is_no_mapping_is_told_as_what_it_is(text: str, kind: str) -> None:
    with pytest.raises(DocumentError, match=f"made: expected a mapping of fields, got {kind}"):
        load_mapping(text, "made")


@given(DOCUMENTS)
def test_what_is_saved_as_yaml_loads_to_the_same(data: dict[str, Any]) -> None:
    assert load_yaml(dump_yaml(data), "made") == data


@given(st.text(st.sampled_from("{}[]:,-&*!|>'\"#%@`? \n\tab01.e<~"), max_size=30))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    try:
        value = load_yaml(text, "made")
    except DocumentError as error:
        assert str(error).startswith("made: ") and "\n" not in str(error)
    else:
        kept = {"value": value}
        assert "nan" in text or load_yaml(dump_yaml(kept), "made") == kept


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "the key 'c' stands twice"),
        ('{"a": NaN}', "line 1: NaN is no number"),
        ('{\n"a": 1e999}', "line 2: 1e999 is larger"),
        ('{"a": 9223372036854775808}', "more than 64 bits"),
        ('{"a": ' + "9" * 5000 + "}", "more than 64 bits"),
        ('{"a": 1', "the file ends too early"),
        ("", "the file ends too early"),
        ('{"a": \n x}', "line 2"),
        ("[" * 100_000 + "]" * 100_000, "nested deeper than 50"),
        ("[" * 60 + "]" * 60, "nested deeper than 50"),
        ('{"a": "\\ud800"}', "lone surrogate"),
    ],
)
def test_json_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(DocumentError) as caught:
        load_json(text, "made")
    assert str(caught.value).startswith("made: ") and said in str(caught.value)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


def test_json_of_states_may_hold_what_is_no_number_and_whole_numbers_of_any_size() -> None:
    read = load_json(
        f'[NaN, -Infinity, {2**128}, "\\ud83d\\ude00", {"[" * 40 + "]" * 40}]', "made", nan=True, big=True
    )
    assert math.isnan(read[0]) and read[1] == -math.inf and read[2] == 2**128 and read[3] == "\U0001f600"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: 1\nb: \xff", r"line 2 is no UTF-8\); save it as UTF-8"),
        ("a: 1".encode("utf-16"), r"it is UTF-16\); save it as UTF-8"),
        (b"a" * 101, r"larger than 100 bytes"),
        (None, r"No such file"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "made.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DocumentError, match=said) as caught:
        read_text(path, "scenario file", limit=100)
    assert str(caught.value).startswith(f"scenario file {path}: cannot be read (")
