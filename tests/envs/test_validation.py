"""Strict models: nothing is taken for something else, and every fault says what to write instead."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pytest
from pydantic import Discriminator, Field, Tag, ValidationError

from juguo_envs.documents import yaml_value
from juguo_envs.validation import EXACT, Strict, explain


class Rule(Strict):
    """One form of a field."""

    count: int = Field(3, ge=1, le=1000)
    hubs: int = 2


class Place(Strict):
    """An entry of the other form."""

    name: str
    near: tuple[str, ...] = ()


def _form(value: Any) -> str:
    return "list" if isinstance(value, list | tuple) else "rule"


class World(Strict):
    """A field of every kind."""

    B: float = Field(0.5, ge=0, le=100)
    T: int = Field(60, ge=1)
    pair: tuple[int, int] = (1, 2)
    ties: tuple[tuple[int, int], ...] = ()
    observe: Literal["noisy", "true"] = "noisy"
    flag: bool = False
    name: str = "x"
    places: Annotated[
        Annotated[Rule, Tag("rule")] | Annotated[tuple[Place, ...], Tag("list")], Discriminator(_form)
    ] = Field(default_factory=lambda: Rule.model_validate({}))
    weight: float | Literal["auto"] = "auto"
    rules: tuple[str, ...] | Literal["all"] = "all"
    numbers: dict[str, float] = Field(default_factory=dict)
    path: Path | None = None


def read(text: str) -> dict[str, Any]:
    """What a line of YAML sets."""
    return World.model_validate(yaml_value(text, "made")).model_dump(exclude_unset=True)


def refusal(data: Any) -> str:
    """What is said of values that are refused."""
    with pytest.raises(ValidationError) as caught:
        World.model_validate(data)
    return explain(caught.value, World, "made")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{B: 1, T: 1e3}", {"B": 1.0, "T": 1000}),
        ("{pair: [1.0, 2]}", {"pair": (1, 2)}),
        ("{ties: [[1, 2], [3, 4]]}", {"ties": ((1, 2), (3, 4))}),
        ("{observe: true}", {"observe": "true"}),
        ("{places: {count: 4}}", {"places": {"count": 4}}),
        ("{places: [{name: a}]}", {"places": ({"name": "a"},)}),
        ("{weight: 1, rules: [flat]}", {"weight": 1.0, "rules": ("flat",)}),
        ("{path: a/b}", {"path": Path("a/b")}),
    ],
)
def test_what_is_meant_is_taken(text: str, value: dict[str, Any]) -> None:
    assert read(text) == value
    assert [type(v) for v in read(text).values()] == [type(v) for v in value.values()]


def test_numbers_of_numpy_are_numbers() -> None:
    made = World.model_validate({"B": np.float32(0.5), "T": np.int64(7), "pair": (np.uint8(1), 2)})
    assert (made.B, made.T, made.pair) == (0.5, 7, (1, 2)) and type(made.T) is int and type(made.B) is float


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{B: true}", "B is true: input should be a valid number"),
        ("{T: yes}", "T is 'yes': input should be a valid integer; write a number"),
        ("{pair: [1, true]}", "pair.1 is true: input should be a valid integer"),
        ("{T: 1.5}", "T is 1.5: input should be a valid integer"),
        ("{T: 1:00}", "T is '1:00': input should be a valid integer; write a number"),
        ("{T: '5'}", "T is '5': input should be a valid integer; write 5, without quotation marks"),
        ("{B: '5,000'}", "write 5000, without a sign between thousands"),
        ("{T: 10**12}", "write the number itself, 1e+12"),
        ("{B: ０.５}", "write 0.5, not in full-width signs"),
        ("{B： 3}", "unknown field 'B： 3' (it has full-width signs; 'B: 3' may be meant)"),
        ("{flag: 1}", "flag is 1: input should be true or false"),
        ("{name: 12}", 'input should be a valid string; as text it stands in quotation marks: "12"'),
        ("{name: true}", 'in quotation marks: "true"'),
        ("{name: null}", "name is empty: input should be a valid string"),
        ("{places: 12}", "input should be a mapping of fields; write its fields, such as {count: 12}"),
        ("{places: [a]}", "places.0 is 'a': input should be a mapping of fields, of name, near"),
        ("{places: [{}]}", "places.0.name is missing"),
        ("{places: [{name: a, near: b}]}", "places.0.near is 'b': input should be a list; write a list:"),
        ("{places: {cuont: 3}}", "unknown field 'places.cuont' (did you mean 'count'?); known here:"),
        ("{places: {count: x}}", "places.count is 'x': input should be a valid integer"),
        ("{pair: 3}", "pair is 3: input should be a list; write a list: [3]"),
        ("{pair: [1]}", "pair.1 is missing"),
        ("{pair: [1, 2, 3]}", "pair is [1, 2, 3]: at most 2 entries are allowed"),
        ("{weight: true}", "weight is true: input should be a valid number or input should be 'auto'"),
        ("{rules: flat}", "rules is 'flat': input should be a list or input should be 'all'; write a list"),
        ("{rules: [flat, 3]}", "made: rules.1 is 3: input should be a valid string"),
        ("{numbers: {a: x}}", "numbers.a is 'x': input should be a valid number"),
        ("{observe: nosy}", "observe is 'nosy': input should be 'noisy' or 'true' (did you mean 'noisy'?)"),
        ("{B: .inf}", "B is inf: input should be a finite number"),
        ("{B: -1}", "B is -1; allowed is 0 to 100"),
    ],
)  # fmt: skip
def test_what_is_not_meant_is_refused_with_what_to_write(text: str, said: str) -> None:
    message = refusal(yaml_value(text, "made"))
    assert said in message and message.startswith("made: ") and "\n" not in message


def test_every_fault_is_told_at_once_up_to_a_number() -> None:
    message = refusal({"B": -1, "T": 0, "flag": "x"})
    assert message.startswith("made: 3 faults: (1) B is -1; ") and "; (2) T is 0; " in message
    assert "; (3) flag is 'x': " in message
    assert refusal({f"x{i}": i for i in range(40)}).endswith("; and 30 more")


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 2**70, 1e30])
def test_a_whole_number_outside_64_bits_is_refused(value: float) -> None:
    assert "T is " in refusal({"T": value}) and World.model_validate({"T": 2**63 - 1}).T == 2**63 - 1


def test_a_huge_value_is_not_quoted_back() -> None:
    for huge in ([["x"] * 10**5] * 10**3, "x" * 10**6, {str(i): i for i in range(10**5)}, 10**4000):
        assert len(refusal({"B": huge})) < 400


def test_a_whole_number_that_no_float_is_exactly_is_no_decimal() -> None:
    class Model(Strict):
        x: float

    assert Model(x=2**53).x == 2.0**53
    with pytest.raises(ValidationError, match="write it with a point"):
        Model(x=2**53 + 1)


def test_in_what_programs_write_no_whole_number_has_a_point() -> None:
    class Model(Strict):
        n: int

    assert Model.model_validate({"n": 3.0}).n == 3
    with pytest.raises(ValidationError):
        Model.model_validate({"n": 3.0}, context=EXACT)
