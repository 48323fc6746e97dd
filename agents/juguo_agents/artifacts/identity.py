"""What each file that is read back says of itself, and how its reader sees that it is whole and in its place.

A JSON file says its `kind`, its `format` and the fingerprint of the `model` that it was made with; `of`, the
identity of the run, search or study whose it is; and `sha256`, the checksum of everything else in it. So a
file that was damaged, edited, or put where another belongs is refused by name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import Field, ValidationError

from juguo_agents.folders import SETTINGS_FILE
from juguo_agents.provenance import MODEL
from juguo_envs.documents import DocumentError, load_json, load_mapping, read_text
from juguo_envs.errors import UserError
from juguo_envs.validation import EXACT, Strict, explain
from juguo_envs.worlds.scenario import Scenario

CHECKSUM = "sha256"
LARGEST = 2**30
"""Bytes of the largest file that is read."""
Fingerprint = Annotated[str, Field(pattern=r"^[0-9a-f]{8,64}$")]
Identity = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Count = Annotated[int, Field(ge=0)]


class Record(Strict):
    """What a JSON file of ours holds; subclasses tell the rest.

    Attributes:
        KIND, FORMAT: What stands in the file.
        WHAT: The same in words, with an article.
        AGAIN: What to do about a file that cannot be used.
        FAULT: The error that names such a file.
    """

    KIND: ClassVar[str]
    FORMAT: ClassVar[int]
    WHAT: ClassVar[str]
    AGAIN: ClassVar[str] = "restore the file as it was written"
    FAULT: ClassVar[type[UserError]] = UserError

    kind: str
    format: int
    model: Fingerprint
    of: Identity | None
    sha256: Fingerprint


class StudyRecord(Record):
    """What a study's folder remembers of what was asked.

    Attributes:
        study: Its name.
        id: Identity of the study, whatever may be raised later in it.
        version: The study's own, of what it remembers.
    """

    KIND: ClassVar[str] = "juguo_study"
    FORMAT: ClassVar[int] = 1
    WHAT: ClassVar[str] = "the settings of a study"
    AGAIN: ClassVar[str] = "restore the file as it was written, or name another --out"

    study: str
    id: Identity
    version: int
    settings: dict[str, Any]


R = TypeVar("R", bound=Record)
"""A kind of record."""


def identity_of(*parts: Any) -> str:
    """The identity of what JSON values describe: 16 hexadecimal digits of their SHA-256."""
    return _digest(parts)[:16]


def record_of(
    kind: type[Record], content: Mapping[str, Any], of: str | None, model: str = MODEL
) -> dict[str, Any]:
    """The content of a file as JSON values, with everything that it says of itself.

    Args:
        kind: What it is a record of.
        content: The rest.
        of: Identity of the run, search or study whose it is, where it is one's.
        model: Fingerprint of the model that it was made with.
    """
    return sealed({**headed(kind, content), "model": model, "of": of})


def headed(kind: type[Record], content: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a file with what it is, first."""
    return {**content, "kind": kind.KIND, "format": kind.FORMAT}


def sealed(data: Mapping[str, Any]) -> dict[str, Any]:
    """JSON values with what they say of themselves first, and their checksum last."""
    first = {name: data[name] for name in ("kind", "format", "model", "of") if name in data}
    rest = {**first, **{name: value for name, value in data.items() if name != CHECKSUM}}
    return {**rest, CHECKSUM: _digest(rest)}


def _digest(data: Any) -> str:
    """SHA-256 of JSON values, however they are laid out."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def text_of(data: Mapping[str, Any], indent: int | None = 1) -> str:
    """The text of a JSON file."""
    return json.dumps(data, allow_nan=False, indent=indent, ensure_ascii=False) + "\n"


def read_record(path: Path, kind: type[R]) -> tuple[dict[str, Any], R]:
    """The content of a JSON file as it stands there, and checked.

    Raises:
        UserError: As the kind's `FAULT`, naming the file, if it cannot be read, is of another kind or format,
            was changed, or holds what cannot be.
    """
    try:
        data = load_json(read_text(path, kind.WHAT.partition(" ")[2], LARGEST), str(path))
    except DocumentError as error:
        raise kind.FAULT(f"{error}; {kind.AGAIN}") from None
    return data, check_record(data, kind, str(path))


def check_record(data: Any, kind: type[R], source: str) -> R:
    """Check what `record_of` made, from wherever it was read; see `read_record`."""
    if not isinstance(data, dict) or data.get("kind") != kind.KIND:
        raise kind.FAULT(f"{source}: not {kind.WHAT} (kind is not {kind.KIND!r})")
    if data.get("format") != kind.FORMAT:
        raise kind.FAULT(
            f"{source}: format is {data.get('format')!r}; this version reads {kind.FORMAT}; make it "
            "anew with this version, or use the version that wrote it"
        )
    if sealed(data)[CHECKSUM] != data.get(CHECKSUM):
        raise kind.FAULT(
            f"{source}: was changed since it was written (its checksum {CHECKSUM} does not fit its content); "
            f"{kind.AGAIN}"
        )
    try:
        return kind.model_validate(data, context=EXACT)
    except ValidationError as error:
        raise kind.FAULT(explain(error, kind, source)) from None


def kind_of(file: Path) -> str | None:
    """What a JSON file says that it is; None where it cannot be read or does not say."""
    try:
        data = load_json(read_text(file, "file", LARGEST), str(file))
    except DocumentError:
        return None
    kind = data.get("kind") if isinstance(data, dict) else None
    return kind if isinstance(kind, str) else None


def check_scenario(data: Any, digest: str, source: str, fault: type[UserError]) -> Scenario:
    """The scenario within a file, which tells its digest, too.

    Raises:
        UserError: As `fault`, naming the file, if it cannot be, or is not that of the digest.
    """
    try:
        scenario = Scenario.parse(data, "scenario")
    except UserError as error:
        raise fault(f"{source}: {error}") from None
    if scenario.digest() != digest:
        raise fault(
            f"{source}: scenario_digest is {digest} and that of its scenario is {scenario.digest()}; the "
            "file was changed: restore it as it was written"
        )
    return scenario


@dataclass(frozen=True)
class Owner:
    """The file that tells whose folder one is.

    Attributes:
        file: Its name.
        word: What the folder is of.
    """

    file: str
    word: str

    def identity(self, folder: Path) -> str | None:
        """What the folder is of; None where the file is missing.

        Raises:
            DocumentError: If it cannot be read, tells no identity, or was changed.
        """
        path = folder / self.file
        if not path.is_file():
            return None
        load = load_json if path.suffix == ".json" else load_mapping
        data = load(read_text(path, "file", LARGEST), str(path))
        found = data.get("id") if isinstance(data, dict) else None
        if not isinstance(found, str) or sealed(data)[CHECKSUM] != data.get(CHECKSUM):
            raise DocumentError(
                f"{path}: was changed since it was written, or tells no id of the {self.word}; restore it as "
                "it was written"
            )
        return found

    def check(self, file: Path, of: str | None, fault: type[UserError], *folders: Path) -> None:
        """Refuse a file that lies in the folder of something else than what it is of.

        Args:
            file: The file.
            of: What it says that it is of.
            fault: The error that names it.
            folders: Where the owner's file may be, the first that has it counts; beside the file by default.

        Raises:
            UserError: As `fault`, naming both files.
        """
        for folder in folders or (file.parent,):
            here = self.identity(folder)
            if here is None:
                continue
            if here != of:
                raise fault(
                    f"{file}: is of another {self.word} ({of}) than {folder / self.file} ({here}); it was "
                    f"copied or moved here, or that file was: put back what belongs to this {self.word}"
                )
            return

    def check_world(self, file: Path, digest: str, fault: type[UserError]) -> None:
        """Refuse a file in whose folder the scenario is no longer the one that it was made in.

        Args:
            file: The file.
            digest: Of the scenario that it was made in.
            fault: The error that names it.

        Raises:
            UserError: As `fault`, naming both files.
        """
        beside = file.parent / SCENARIO_FILE
        if not (file.parent / self.file).is_file() or not beside.is_file():
            return
        here = Scenario.load(beside).digest()
        if here != digest:
            raise fault(
                f"{beside}: its digest is {here}, and {file.name} was made in the world {digest}; the file "
                "was changed: restore it. Another world is named by --scenario, from a file elsewhere"
            )


SCENARIO_FILE = "scenario.yaml"
"""The world of a run or a search, in its folder."""
RUN = Owner("config.yaml", "run")
SEARCH = Owner("search_state.json", "search")
STUDY = Owner(SETTINGS_FILE, "study")
