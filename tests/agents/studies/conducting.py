"""Studies conducted in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from juguo_agents.studies.executors import LocalExecutor
from juguo_agents.studies.study import Page, Study, conduct


def conducted(kind: type[Study[Any, Any]], folder: Path, workers: int = 1, **values: Any) -> Page:
    """A study with these settings, in a folder."""
    return conduct(kind(kind.settings_type.parse(values)), folder, LocalExecutor(workers))
