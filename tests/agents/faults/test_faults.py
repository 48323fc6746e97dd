"""Files that were exchanged, copied, edited, damaged or forged are refused by whatever command reads them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from juguo_agents.provenance import MODEL
from tests.agents.faults.made import TUNE
from tests.agents.forging import forge, forge_archive, forge_policy
from tests.running import juguo, refused, succeeded

EXPLAIN = ("--smoke", "--out", "new")
EXPERT = ("train", "smoke", "scenario=world.yaml", "training.search=null", "--out", "new")
VALUE = ("--scenario", "world.yaml", "--smoke", "--out", "new", "--value", "values/a")
PATTERNS = ("study", "patterns", "--scenario", "world.yaml", "--episodes", "4", "--only", "1", "--out")
Words = tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """A kind of file, where one is, and who reads it.

    Attributes:
        file: One of the kind.
        commands: Every command that reads it.
        sibling: Another of the same kind, that belongs to the same job or to a like one.
        foreign: One of another job that has the same name.
        hostile: Gives it what it must not hold, with a checksum that fits.
        named: What a refusal names.
    """

    file: str
    commands: tuple[Words, ...]
    sibling: str | None = None
    foreign: str | None = None
    hostile: Callable[[Path], None] | None = None
    named: str | None = None


def holding(**change: Any) -> Callable[[Path], None]:
    """Forges fields of a JSON file."""
    return lambda path: forge(path, lambda data: data.update(change))


KINDS = {
    "policy": Kind(
        "runs/a/policy-seed0.safetensors",
        (
            ("evaluate", "runs/a", "--episodes", "1"),
            ("evaluate", "runs/a/policy-seed0.safetensors", "--episodes", "1"),
            ("explain", "runs/a", *EXPLAIN),
            ("explain", "runs/a/policy-seed0.safetensors", *EXPLAIN),
            ("compare", "runs/a", "--against", "flat", "--smoke", "--out", "new"),
            ("study", "generalisation", "runs/a", "--scenario", "world.yaml", "--smoke", "--out", "new"),
            ("study", "pareto", "runs/a", "--smoke", "--out", "new"),
            (*EXPERT, "training.expert=runs/a/policy-seed0.safetensors"),
        ),
        "runs/a/policy-seed1.safetensors",
        "runs/b/policy-seed0.safetensors",
        lambda path: forge_policy(path, lambda told: told["training"].update(seed=7)),
    ),
    "policy of an unfinished run": Kind(
        "runs/half/policy-seed0.safetensors",
        (("train", "--out", "runs/half"),),
        "runs/half/policy-seed1.safetensors",
        "runs/b/policy-seed0.safetensors",
        lambda path: forge_policy(path, lambda told: told["training"].update(config={"scenario": "x"})),
    ),
    "learning curves": Kind(
        "runs/a/learning_curve.json",
        (("compare", "runs/a", "--against", "flat", "--smoke", "--out", "new"),),
        None,
        "runs/b/learning_curve.json",
        holding(curves={"0": []}, of="0" * 16),
    ),
    "comparison": Kind(
        "runs/a/comparison.json",
        (("train", "--out", "runs/a"),),
        None,
        "runs/b/comparison.json",
        holding(allocators=[]),
    ),
    "configuration of a run": Kind(
        "runs/a/config.yaml",
        (("train", "--out", "runs/a"), ("evaluate", "runs/a", "--episodes", "1")),
        None,
        "runs/b/config.yaml",
    ),
    "world of a run": Kind(
        "runs/a/scenario.yaml",
        (
            ("train", "--out", "runs/a"),
            ("evaluate", "runs/a", "--episodes", "1"),
            ("explain", "runs/a", *EXPLAIN),
            ("compare", "runs/a", "--against", "flat", "--smoke", "--out", "new"),
        ),
    ),
    "checkpoint": Kind(
        "runs/cut/checkpoints/seed0/000000000000072.ckpt",
        (("train", "--out", "runs/cut"),),
        "runs/cut/checkpoints/seed1/000000000000072.ckpt",
        None,
        lambda path: forge_archive(path, lambda told: told.update(seed="0")),
        "checkpoints/seed0",
    ),
    "result of a search": Kind(
        "searches/a/searched.json",
        (
            ("evaluate", "searches/a", "--episodes", "1"),
            ("evaluate", "searches/a/searched.json", "--episodes", "1"),
            ("explain", "searches/a", *EXPLAIN),
            ("search", "--out", "searches/a"),
            ("search", "--family", "constant", "--scenario", "world.yaml", "--budget", "400", "--begin",
             "searches/a", "--out", "new"),
            (*EXPERT, "training.expert=searches/a"),
        ),
        "searches/b/searched.json",
        "searches/b/searched.json",
        holding(name="concentrated"),
        "searches/a/searched.json",
    ),
    "state of a search": Kind(
        "searches/a/search_state.json",
        (("search", "--out", "searches/a"), ("evaluate", "searches/a", "--episodes", "1")),
        "searches/b/search_state.json",
        "searches/b/search_state.json",
        holding(id=True),
        "searches/a",
    ),
    "state of an unfinished search": Kind(
        "searches/cut/search_state.json",
        (("search", "--out", "searches/cut"),),
        hostile=holding(model="0" * 14),
        named="searches/cut",
    ),
    "world of a search": Kind(
        "searches/a/scenario.yaml",
        (("search", "--out", "searches/a"), ("evaluate", "searches/a", "--episodes", "1")),
    ),
    "expert": Kind(
        "runs/parts/expert/parts/part-1/searched.json",
        (
            ("evaluate", "runs/parts/expert", "--episodes", "1"),
            (*EXPERT[:2], "scenario=family:world.yaml", *EXPERT[3:], "training.expert=runs/parts/expert"),
        ),
        "runs/parts/expert/parts/part-2/searched.json",
        None,
        holding(name="../../elsewhere"),
        "part-",
    ),
    "settings of a study": Kind(
        "patterns/a/settings.json",
        ((*PATTERNS, "patterns/a"),),
        None,
        "explained/a/settings.json",
        holding(settings={"episodes": "2"}),
        "patterns",
    ),
    "tree": Kind(
        "explained/a/tree4.json",
        (
            ("evaluate", "explained/a", "--episodes", "1"),
            ("evaluate", "explained/a/tree4.json", "--episodes", "1"),
            ("explain", "explained/a/tree4.json", *EXPLAIN),
            (*EXPERT, "training.expert=explained/a/tree4.json"),
        ),
        "explained/a/tree8.json",
        "explained/b/tree4.json",
        holding(name="concentrated"),
    ),
    "front": Kind(
        "fronts/a/front-seed64.json",
        (
            ("evaluate", "fronts/a", "--episodes", "1"),
            ("evaluate", "fronts/a/front-seed64.json", "--episodes", "1"),
            (*EXPERT, "training.expert=fronts/a/front-seed64.json"),
        ),
        "fronts/a/front-seed65.json",
        "fronts/b/front-seed64.json",
        holding(name="../flat"),
    ),
    "numbers of the study value": Kind(
        "values/a/value.json",
        (
            ("study", "ablation", *VALUE),
            ("study", "patterns", *VALUE, "--only", "9"),
            ("study", "mechanisms", *VALUE),
        ),
        hostile=holding(numbers={}),
    ),
    "patterns": Kind(
        "patterns/a/patterns.json",
        ((*PATTERNS, "patterns/a"),),
        hostile=holding(patterns=[{"number": 1}]),
    ),
    "trials": Kind(
        "tuned/a/td3.study.json",
        ((*TUNE, "--out", "tuned/a"),),
        hostile=lambda path: forge(path, lambda data: data["trials"][0]["parameters"].update(tau="much")),
    ),
}  # fmt: skip


def edited(data: bytes) -> bytes:
    """One digit of a number in a text changed; in a YAML one of the world or of the settings."""
    found = list(re.finditer(rb"(?<=[:,\[ ])\d\.(\d)\d*(?=[,\s\]}])", data))
    place = found[len(found) // 2].start(1)
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def flipped(data: bytes, place: float) -> bytes:
    """One bit changed, at a share of the whole."""
    at = int(place * (len(data) - 1))
    return data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :]


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "edited": edited,
    "a bit flipped early": lambda data: flipped(data, 0.25),
    "a bit flipped late": lambda data: flipped(data, 0.75),
    "cut short": lambda data: data[: len(data) // 8],
    "empty": lambda data: b"",
    "something else": lambda data: b'{"kind": "juguo_else", "format": 1}',
}


@contextmanager
def changed(made: Path, contents: dict[str, bytes]) -> Iterator[None]:
    """Other contents of files, while a command runs that must not write to any of the folders."""
    before = {path: path.read_bytes() for path in made.rglob("*") if path.is_file()}
    for name, content in contents.items():
        (made / name).write_bytes(content)
    try:
        yield
        now = {path: path.read_bytes() for path in made.rglob("*") if path.is_file()}
        wanted = {**before, **{made / name: content for name, content in contents.items()}}
        assert {path for path in now.keys() | wanted.keys() if now.get(path) != wanted.get(path)} == set()
    finally:
        for path, content in before.items():
            path.write_bytes(content)


def cases(**wanted: Callable[[Kind], Any]) -> list[Any]:
    """Every command that reads each kind of file."""
    return [
        pytest.param(kind, command, id=f"{name}-{' '.join(command)[:40]}")
        for name, kind in KINDS.items()
        if all(has(kind) for has in wanted.values())
        for command in kind.commands
    ]


def check_refused(made: Path, kind: Kind, command: Words, contents: dict[str, bytes]) -> None:
    """See that a command refuses, names a file that was changed, and changes nothing."""
    with changed(made, contents):
        done = juguo(*command, cwd=made)
    refused(done)
    names = [kind.named] if kind.named else [Path(name).name for name in contents]
    assert any(name in done.stderr for name in names), done.stderr


@pytest.mark.parametrize("fault", DAMAGE)
@pytest.mark.parametrize("name", [name for name in KINDS if name not in ("checkpoint", "world of a run")])
def test_a_damaged_file_is_refused(made: Path, name: str, fault: str) -> None:
    kind = KINDS[name]
    content = DAMAGE[fault]((made / kind.file).read_bytes())
    check_refused(made, kind, kind.commands[0], {kind.file: content})


@pytest.mark.parametrize(("kind", "command"), cases(text=lambda kind: "checkpoint" not in kind.file))
def test_an_edited_file_is_refused_by_every_command_that_reads_it(
    made: Path, kind: Kind, command: Words
) -> None:
    check_refused(made, kind, command, {kind.file: edited((made / kind.file).read_bytes())})


@pytest.mark.parametrize(("kind", "command"), cases(sibling=lambda kind: kind.sibling))
def test_files_that_were_exchanged_are_refused_by_every_command_that_reads_them(
    made: Path, kind: Kind, command: Words
) -> None:
    assert kind.sibling
    one, other = (made / kind.file).read_bytes(), (made / kind.sibling).read_bytes()
    check_refused(made, kind, command, {kind.file: other, kind.sibling: one})


@pytest.mark.parametrize(("kind", "command"), cases(sibling=lambda kind: kind.sibling))
def test_a_file_that_was_copied_over_another_is_refused_by_every_command_that_reads_it(
    made: Path, kind: Kind, command: Words
) -> None:
    assert kind.sibling
    check_refused(made, kind, command, {kind.file: (made / kind.sibling).read_bytes()})


@pytest.mark.parametrize(("kind", "command"), cases(foreign=lambda kind: kind.foreign))
def test_a_file_of_another_job_is_refused_by_every_command_that_reads_it(
    made: Path, kind: Kind, command: Words
) -> None:
    assert kind.foreign
    check_refused(made, kind, command, {kind.file: (made / kind.foreign).read_bytes()})


@pytest.mark.parametrize(("kind", "command"), cases(hostile=lambda kind: kind.hostile))
def test_a_forged_file_with_a_right_checksum_is_refused_by_every_command_that_reads_it(
    made: Path, kind: Kind, command: Words, tmp_path: Path
) -> None:
    assert kind.hostile
    forged = tmp_path / Path(kind.file).name
    forged.write_bytes((made / kind.file).read_bytes())
    kind.hostile(forged)
    check_refused(made, kind, command, {kind.file: forged.read_bytes()})


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.file.endswith(".json")])
def test_a_file_of_another_format_is_refused(made: Path, name: str, tmp_path: Path) -> None:
    kind, forged = KINDS[name], tmp_path / "forged.json"
    forged.write_bytes((made / kind.file).read_bytes())
    forge(forged, lambda data: data.update(format=99))
    with changed(made, {kind.file: forged.read_bytes()}):
        refused(juguo(*kind.commands[0], cwd=made), "format is 99", Path(kind.file).name)


def test_the_checkpoints_of_two_seeds_exchanged_are_refused_and_both_named(made: Path) -> None:
    """Number 7: whole folders."""
    places = [made / "runs/cut/checkpoints" / f"seed{seed}" for seed in (0, 1)]
    held = [{p.name: p.read_bytes() for p in place.iterdir()} for place in places]
    contents = {
        str((place / name).relative_to(made)): content
        for place, files in zip(places, reversed(held), strict=True)
        for name, content in files.items()
    }
    with changed(made, contents):
        refused(juguo("train", "--out", "runs/cut", cwd=made), "seed0", "training seed 1", "of seed 0")


def test_a_search_is_not_resumed_under_another_model(made: Path) -> None:
    """Number 8."""
    data = (made / "searches/cut/search_state.json").read_bytes()
    forged = made / "searches/cut/search_state.json"
    try:
        forge(forged, lambda told: told.update(model="0" * len(MODEL)))
        refused(juguo("search", "--out", "searches/cut", cwd=made), "searches/cut", MODEL, "0" * len(MODEL))
    finally:
        forged.write_bytes(data)


def test_one_allocator_named_twice_is_refused(made: Path) -> None:
    """Numbers 10 and 16: also under two names."""
    policy = made / "runs/a/policy-seed0.safetensors"
    (made / "mine.safetensors").write_bytes(policy.read_bytes())
    for names in (
        ("flat", "flat"),
        ("flat", "flat-exit-relief"),
        ("runs/a", "runs/a/policy-seed0.safetensors"),
        ("mine.safetensors", "runs/a/policy-seed0.safetensors"),
        ("searches/a", "searches/a/searched.json"),
        ("explained/a", "explained/a/tree4.json"),
    ):
        done = juguo("evaluate", *names, "--scenario", "world.yaml", "--episodes", "1", cwd=made)
        assert done.returncode == 2, names
        assert any(word in done.stderr for word in ("named twice", "hold the same", "allocate alike")), names
    (made / "mine.safetensors").unlink()
    twice = juguo("train", "smoke", "comparison.allocators=[flat, flat]", "--out", "new", cwd=made)
    refused(twice, "comparison", "'flat' is named twice")
    alike = ("--against", "flat", "--against", "flat")
    refused(juguo("compare", "runs/a", *alike, "--smoke", "--out", "new", cwd=made), "'flat' is named twice")
    assert not (made / "new").exists()


def test_what_was_not_changed_is_taken(made: Path) -> None:
    """All of it, so that no refusal above was for another reason."""
    for names in (("runs/a",), ("searches/a",), ("explained/a",), ("fronts/a",), ("flat", "runs/b")):
        succeeded(juguo("evaluate", *names, "--scenario", "world.yaml", "--episodes", "1", cwd=made))
    assert "is finished" in juguo("train", "--out", "runs/a", cwd=made).stderr
    succeeded(juguo("search", "--out", "searches/a", cwd=made))
    succeeded(juguo(*PATTERNS, "patterns/a", cwd=made))
    succeeded(juguo(*TUNE, "--out", "tuned/a", cwd=made))
