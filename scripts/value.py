"""Measure what feedback, evaluation and knowledge are worth in a world.

    python scripts/value.py [--scenario S] [--budget EPISODES] [--double] [--out DIR]

Searches the best blind schedule and the best closed loop, then searches on with each kind of feedback
switched off, with what governance finds out not shown, and with the hidden draws known. Run again with the
same --out and it goes on from where it was stopped. How to read the numbers: docs/evidence.md.
"""

from __future__ import annotations

import json
import sys

from juguo_agents.cli.common import guarded, interrupted, same_command, say
from juguo_agents.studies.value.arms import Job
from juguo_agents.studies.value.command import parse, prepare
from juguo_agents.studies.value.figures import draw_value
from juguo_agents.studies.value.value import VALUE_FILE, value
from juguo_agents.studies.value.words import value_lines
from juguo_envs.files import write_text


def main() -> int:
    """Parse, measure, write, print; returns the exit status."""
    arguments = parse(__doc__ or "", "values")
    for settings, folder in prepare(arguments, "values"):
        try:
            data = value(Job(settings, folder, arguments.workers, say), arguments.doublings)
        except KeyboardInterrupt:
            return interrupted(same_command(arguments.out))
        write_text(
            folder / VALUE_FILE, json.dumps(data, allow_nan=False, indent=1, ensure_ascii=False) + "\n"
        )
        draw_value(data, folder / "value.png")
        lines = value_lines(data)
        write_text(folder / "value.md", "\n".join(["```", *lines, "```", "", "![value](value.png)"]) + "\n")
        print("\n".join(lines), end="\n\n")
        print(f"written: {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
