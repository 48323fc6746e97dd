"""Measure what each lever of an allocation is worth: the best searched closed loop with one of them forced.

    python scripts/ablate.py [--scenario S ...] [--budget EPISODES] [--double] [--out DIR]

Forces every function's money, the reserve and openness to zero, communities to their population shares,
advancing to at once and to never, giving up to never; and searches on with the lever forced. Run again with
the same --out and it goes on from where it was stopped. How to read the numbers: docs/evidence.md.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from juguo_agents.cli.common import guarded, interrupted, same_command, say
from juguo_agents.studies.value.ablation import ABLATION_FILE, LEAST, ablate
from juguo_agents.studies.value.arms import Job
from juguo_agents.studies.value.command import parse, prepare
from juguo_agents.studies.value.figures import draw_ablation
from juguo_agents.studies.value.words import ablation_lines, levers_over_worlds
from juguo_envs.files import write_text


def main() -> int:
    """Parse, measure, write, print; returns the exit status."""
    arguments = parse(__doc__ or "", "ablations")
    worlds: list[dict[str, Any]] = []
    for settings, folder in prepare(arguments, "ablations"):
        try:
            data = ablate(Job(settings, folder, arguments.workers, say), arguments.doublings)
        except KeyboardInterrupt:
            return interrupted(same_command(arguments.out))
        write_text(
            folder / ABLATION_FILE, json.dumps(data, allow_nan=False, indent=1, ensure_ascii=False) + "\n"
        )
        draw_ablation(data, folder / "ablation.png")
        lines = ablation_lines(data, LEAST)
        write_text(
            folder / "ablation.md", "\n".join(["```", *lines, "```", "", "![levers](ablation.png)"]) + "\n"
        )
        print("\n".join(lines), end="\n\n")
        print(f"written: {folder}")
        worlds.append(data)
    if len(worlds) > 1:
        print("\n".join(["", *levers_over_worlds(worlds, LEAST)]))
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
