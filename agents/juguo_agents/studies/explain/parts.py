"""What an explanation has done already, in a file of its folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from juguo_agents.studies.explain.distil import Progress
from juguo_envs.errors import UserError
from juguo_envs.files import write_text

FORMAT = 1


class Parts:
    """Finished parts by name, kept in a file together with the settings that they belong to."""

    def __init__(self, path: Path, settings: dict[str, Any]) -> None:
        """Take what the file holds, or begin it.

        Raises:
            UserError: If it cannot be read, or belongs to other settings.
        """
        self.path = path
        asked = json.loads(json.dumps(settings))
        if self.path.exists():
            try:
                self.data = json.loads(self.path.read_text(encoding="utf-8"))
                here = dict(self.data["settings"])
                self.done: dict[str, Any] = self.data["parts"]
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise UserError(
                    f"{self.path}: cannot be read ({error}); remove the folder, or name another --out"
                ) from None
            for name, value in asked.items():
                if here.get(name) != value:
                    shown = "another one" if isinstance(value, dict) else repr(here.get(name))
                    raise UserError(
                        f"{self.path}: {name} is {shown} there, and not what is asked for now; ask for the "
                        "same, or name another --out"
                    )
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        self.done = {}
        self.data = {"format": FORMAT, "settings": asked, "parts": self.done}
        self.save()

    def save(self) -> None:
        """Write the file."""
        write_text(self.path, json.dumps(self.data, allow_nan=False, ensure_ascii=False) + "\n")

    def keep(self, name: str, part: Any) -> None:
        """Keep a part that is done."""
        self.done[name] = json.loads(json.dumps(part, allow_nan=False))
        self.save()

    def get(self, name: str, make: Callable[[], Any], progress: Progress, steps: int = 1) -> Any:
        """A part: as it was, or made and kept. `make` calls `progress` all but once by itself."""
        if name in self.done:
            for _ in range(steps):
                progress(name)
            return self.done[name]
        self.keep(name, make())
        progress(name)
        return self.done[name]
