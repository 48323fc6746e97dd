"""Studies conducted in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from juguo_agents.studies.executors import LocalExecutor
from juguo_agents.studies.study import Page, Study, conduct


def has_page(folder: Path, stem: str) -> bool:
    """Whether a page is there, and the figure that it shows."""
    page = (folder / f"{stem}.md").read_text(encoding="utf-8")
    figure = (folder / f"{stem}.png").read_bytes()
    return f"]({stem}.png)" in page and figure.startswith(b"\x89PNG") and len(figure) > 5_000


def conducted(kind: type[Study[Any, Any]], folder: Path, workers: int = 1, **values: Any) -> Page:
    """A study with these settings, in a folder."""
    return conduct(kind(kind.settings_type.parse(values)), folder, LocalExecutor(workers))
