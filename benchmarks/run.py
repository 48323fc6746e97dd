"""Measure the speed and write `benchmarks/results.json`: `make bench`, or `make bench ARGS=--quick`.

`make bench ARGS="--only ppo"` measures one part and keeps what the file holds of the others.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from pathlib import Path
from typing import Any

import bandwidth
import builder
import device
import full_model
import instructions
import ppo
from common_job import compare
from timing import Rate

from juguo_agents.provenance import versions
from juguo_envs.files import write_text

PARTS = ["full_model", "builder", "common_job", "instructions", "ppo", "device"]
RESULTS = Path(__file__).parent / "results.json"


def show(title: str, unit: str, rates: dict[str, Rate], reference: str) -> None:
    """Print a table with the ratio of each rate to a reference."""
    print(f"\n{title}, {unit}: median [minimum, maximum], ratio to {reference}")
    for name, r in rates.items():
        ratio = r.median / rates[reference].median
        print(f"  {name:22} {r.median:14,.0f} [{r.low:,.0f}, {r.high:,.0f}]  {ratio:5.2f}")


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, no large worlds")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, help="parts to measure")
    arguments = parser.parse_args()
    quick, results = arguments.quick, earlier(arguments.only)
    if "full_model" in arguments.only:
        model, memory = full_model.run(quick), bandwidth.run()
        show("Full model", "person-steps per second", model, "n1e3_threads1")
        show("A plain copy", "bytes per second, read and written", memory, "copy_in_memory")
        results["full_model"] = {name: r.as_dict() for name, r in model.items()}
        results["bandwidth"] = {name: r.as_dict() for name, r in memory.items()}
    if "builder" in arguments.only:
        built = builder.run(quick)
        builder.show(built)
        results["builder"] = {name: vars(b) for name, b in built.items()}
    if "common_job" in arguments.only:
        rows = compare.run(quick)
        compare.show(rows)
        results["common_job"] = {
            name: {**row.rate.as_dict(), "share": row.share} if row.rate else {"void": row.void}
            for name, row in rows.items()
        }
    if "instructions" in arguments.only:
        counts = instructions.run()
        instructions.show(counts)
        results["instructions"] = counts
    if "ppo" in arguments.only:
        learners = ppo.run(quick)
        show("PPO at the default settings", "steps per second", learners, "ceiling")
        results["ppo"] = {name: r.as_dict() for name, r in learners.items()}
    if "device" in arguments.only:
        places = device.run(quick)
        show("PPO with history", "steps per second", places, "cpu_128_threads1")
        results["device"] = {name: r.as_dict() for name, r in places.items()}
    write_text(RESULTS, json.dumps(results, indent=2) + "\n")
    print(f"\nwritten: {RESULTS.name}")


def earlier(parts: list[str]) -> dict[str, Any]:
    """What is known of this machine, and of the parts that are not measured now, if they were before."""
    about = {
        "machine": {
            "processor": platform.processor(),
            "machine": platform.machine(),
            "cores": os.cpu_count(),
        },
        "versions": versions(),
    }
    kept = (
        json.loads(RESULTS.read_text(encoding="utf-8"))
        if RESULTS.exists() and set(parts) < set(PARTS)
        else {}
    )
    return kept | about


if __name__ == "__main__":
    main()
