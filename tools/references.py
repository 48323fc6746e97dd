"""Make the reference values of the benchmark anew: searches in each world, then every baseline.

    python tools/references.py --out references --budget 10000

The same command goes on with searches that were interrupted. The file is written when all worlds are done.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from juguo_agents.benchmark.protocol import WORLDS
from juguo_agents.benchmark.references import FILE, Task, make, write_references
from juguo_agents.processes import cores, work_through
from juguo_envs.files import write_text


def main() -> int:
    """Search, measure, write; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=Path("references"), help="folder of the searches")
    parser.add_argument("--budget", type=int, default=10_000, help="episodes of each of two searches a world")
    parser.add_argument("--workers", type=int, default=cores())
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    found: dict[str, dict[str, Any]] = {}

    def done(task: Task, content: dict[str, Any]) -> None:
        found[task.world] = content
        write_text(asked.out / f"{task.world}.json", json.dumps(content))
        print(f"{task.world}: {time.monotonic() - begun:.0f} s", flush=True)

    # the longest first
    order = sorted(WORLDS, key=("china31", "programme", "family").__contains__, reverse=True)
    work_through(make, [Task(world, asked.out, asked.budget) for world in order], asked.workers, done)
    write_references({world: found[world] for world in WORLDS})
    print(FILE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
