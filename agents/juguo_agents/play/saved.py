"""Saved plays in a folder: written, listed by what they earned, and opened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from juguo_agents.artifacts.identity import text_of
from juguo_agents.artifacts.play_file import PLAY_PATTERN, PREFIX, PlayFileError, Score, StoredPlay, load_play
from juguo_agents.folders import check_destination
from juguo_agents.play.session import Session
from juguo_agents.provenance import MODEL
from juguo_envs.errors import UserError
from juguo_envs.files import write_text
from juguo_envs.names import slug


@dataclass(frozen=True)
class Row:
    """A saved play.

    Attributes:
        file: Its name.
        quarters: That were played.
        score: None while it is not over.
    """

    file: str
    quarters: int
    score: Score | None


@dataclass(frozen=True)
class Saved:
    """The plays in a folder. It is made when the first is saved."""

    folder: Path

    def check(self) -> None:
        """Refuse a folder that could not be written, before somebody plays for it.

        Raises:
            UserError: Saying why.
        """
        check_destination(self.folder)

    def save(self, session: Session) -> Path:
        """Write a play under a name that is free.

        Raises:
            OSError: If it cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        beginning = slug(f"{PREFIX}{session.scenario.name}-seed{session.seed}")
        taken, number = {path.name for path in self.folder.iterdir()}, 1
        while f"{beginning}-{number}.json" in taken:
            number += 1
        path = self.folder / f"{beginning}-{number}.json"
        write_text(path, text_of(session.record()))
        return path

    def plays(self, session: Session) -> tuple[list[Row], list[str]]:
        """The plays of a session's world, seed and model, and what is wrong with files that cannot be used.

        Returns:
            Those that are over first, by what they earned, the highest first.
        """
        rows, faults = [], []
        for path in sorted(self.folder.glob(PLAY_PATTERN)):
            try:
                record = load_play(path).record
            except UserError as error:
                faults.append(str(error))
                continue
            if (record.scenario_digest, record.seed, record.model) == (
                session.scenario.digest(),
                session.seed,
                MODEL,
            ):
                rows.append(Row(path.name, len(record.decisions), record.score))
        rows.sort(key=lambda row: (row.score is None, -row.score.earned if row.score else -row.quarters))
        return rows, faults

    def load(self, file: str) -> StoredPlay:
        """A play of the folder, by the name of its file.

        Raises:
            PlayFileError: If there is none of that name, or it cannot be used.
        """
        if file not in {path.name for path in self.folder.glob(PLAY_PATTERN)}:
            raise PlayFileError(f"{file!r} is no play in {self.folder}")
        return load_play(self.folder / file)
