"""`juguo new`."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from pydantic import Field

from juguo_agents.cli.options import command
from juguo_agents.cli.running import show
from juguo_agents.folders import check_new_file
from juguo_envs.files import write_text
from juguo_envs.validation import Strict

TEMPLATE = "scenario_template.yaml"


class New(Strict):
    """What is written, and where."""

    file: Path = Field(
        description="file to write, which must be new, such as mine.yaml",
        json_schema_extra={"positional": "FILE"},
    )


@command
def new(asked: New) -> int:
    """Write the template."""
    check_new_file(asked.file, "FILE")
    text = (resources.files("juguo_agents.cli") / TEMPLATE).read_text(encoding="utf-8")
    write_text(asked.file, text)
    show(f"{asked.file}: edit it, then juguo evaluate flat market --scenario {asked.file}")
    return 0
