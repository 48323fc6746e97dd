"""Measure the speed and write `benchmarks/results.json`: `make bench`, or `make bench ARGS=--quick`."""

from __future__ import annotations

import argparse
import json
import platform
from pathlib import Path

import full_model
import ppo
from timing import Rate

from juguo_agents.versions import versions
from juguo_envs.files import write_text

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
    quick = parser.parse_args().quick
    model = full_model.run(quick)
    show("Full model", "person-steps per second", model, "n1e3_threads1")
    learners = ppo.run(quick)
    show("PPO at the default settings", "steps per second", learners, "ceiling")
    results = {
        "machine": {"processor": platform.processor(), "machine": platform.machine()},
        "versions": versions(),
        "full_model": {name: r.as_dict() for name, r in model.items()},
        "ppo": {name: r.as_dict() for name, r in learners.items()},
    }
    write_text(RESULTS, json.dumps(results, indent=2) + "\n")
    print(f"\nwritten: {RESULTS.name}")


if __name__ == "__main__":
    main()
