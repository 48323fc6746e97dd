"""What is asked of a study, which its folder remembers: the same settings go on with what is there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, ValidationError

from juguo_agents.artifacts.identity import StudyRecord, identity_of, read_record, record_of, text_of
from juguo_agents.folders import SETTINGS_FILE, is_vacant
from juguo_agents.provenance import MODEL
from juguo_envs.errors import UserError
from juguo_envs.files import write_text
from juguo_envs.names import terminal
from juguo_envs.validation import Strict, explain
from juguo_envs.worlds.scenario import Scenario


def _load(value: Any) -> Any:
    return Scenario.load(value) if isinstance(value, str | Path) else value


NamedScenario = Annotated[Scenario, BeforeValidator(_load)]
"""A field of settings that takes a scenario, the name of one, or the path of its file."""


def default_world(description: str) -> Any:
    """Such a field; without an answer it is the default scenario."""
    return Field(default_factory=lambda: Scenario.load("default"), description=description)


class Settings(Strict):
    """What is asked of a study. Each field is an option of the command; its description is the help.

    Attributes:
        format: Of what a folder remembers.
        smoke: Values of a tiny run, which only shows that the study runs.
        grows: Numbers that may be raised later in the same folder. What is done counts, so no fingerprint
            holds them: a point whose rows depend on one must carry it.
        free: Fields that a folder does not remember. A point whose rows depend on one must carry it.
    """

    format: ClassVar[int] = 1
    smoke: ClassVar[Mapping[str, Any]] = {}
    grows: ClassVar[frozenset[str]] = frozenset()
    free: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """Settings from fields by name.

        Raises:
            UserError: If a field is unknown, of the wrong type or out of range.
        """
        try:
            settings = cls.model_validate(dict(values))
        except ValidationError as error:
            raise UserError(explain(error, cls, "settings")) from None
        settings.check()
        return settings

    def check(self) -> None:
        """Refuse what ranges of single fields cannot.

        Raises:
            UserError: Naming the field, the value and what is allowed.
        """

    def idle(self) -> Mapping[str, str]:
        """Fields that change nothing as the others are, and where; a command refuses them."""
        return {}

    def remembered(self) -> dict[str, Any]:
        """What a folder remembers, as JSON values: the fields, or what is behind them (numbers of a file)."""
        return self.model_dump(mode="json", exclude=set(self.free))

    def fixed(self) -> dict[str, Any]:
        """The fields that every row may depend on, as JSON values."""
        return {name: value for name, value in self.remembered().items() if name not in self.grows}

    def claim(self, folder: Path, study: str) -> None:
        """Remember the settings in an empty folder, or check that they are those of the folder.

        Args:
            folder: It exists.
            study: Name of the study.

        Raises:
            UserError: If the folder holds something else; the message names the first difference.
        """
        path = folder / SETTINGS_FILE
        settings = self.remembered()
        if path.exists():
            held = read_record(path, StudyRecord)[1]
            for now, was, text in (
                (study, held.study, "holds the study {!r}"),
                (self.format, held.version, "was written by another version"),
                (MODEL, held.model, "was begun with another version of the model (its source differs)"),
            ):
                if now != was:
                    raise UserError(f"{folder} {text.format(was)}; name another --out")
            if held.settings == settings:
                return
            self._check_agreement(held.settings, path)
        elif not is_vacant(folder):
            raise UserError(f"{folder} is not empty and holds no study; name another --out")
        asked = {"study": study, "id": self.identity(study), "version": self.format, "settings": settings}
        write_text(path, text_of(record_of(StudyRecord, asked, None)))

    def identity(self, study: str) -> str:
        """The identity of a study with these settings, which stands in its files."""
        return identity_of(MODEL, study, self.format, self.fixed())

    def _check_agreement(self, held: dict[str, Any], path: Path) -> None:
        remembered = self.remembered()
        for name in sorted(self.grows - self.free):
            if isinstance(held.get(name), int | float) and remembered[name] < held[name]:
                raise UserError(
                    f"{name} is {remembered[name]}, but {path} has {held[name]}; give {held[name]} or more"
                )
            held = {**held, name: remembered[name]}
        if (difference := _difference("", held, remembered)) is not None:
            name, before, now = difference
            raise UserError(
                f"{name} is {_short(now)}, but {path} has {_short(before)}; "
                "give the same, or name another --out"
            )


def worlds_of(settings: Settings) -> list[Scenario]:
    """The worlds that settings name."""
    values = [getattr(settings, name) for name in type(settings).model_fields]
    some = [value if isinstance(value, tuple) else (value,) for value in values]
    return [value for values in some for value in values if isinstance(value, Scenario)]


def _difference(place: str, held: Any, asked: Any) -> tuple[str, Any, Any] | None:
    """The first place at which two JSON values differ, with both values there."""
    if isinstance(held, dict) and isinstance(asked, dict):
        for name in {**asked, **held}:
            inside = f"{place}.{name}" if place else name
            if (found := _difference(inside, held.get(name), asked.get(name))) is not None:
                return found
        return None
    return None if held == asked else (place, held, asked)


def _short(value: Any) -> str:
    text = terminal(json.dumps(value, ensure_ascii=False), "utf-8")
    return text if len(text) < 60 else text[:57] + "..."
