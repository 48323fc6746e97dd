"""Put the best policy of a finished run into the zoo, with the command that made it.

    python tools/zoo.py runs/china31 "juguo train china31"

The best is that with the highest return on the selection episodes. Its name is that of the run's scenario.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from juguo_agents.artifacts.policy_file import load_policy, save_policy
from juguo_agents.artifacts.zoo import ZOO
from juguo_agents.training.run import policies_in


def main() -> int:
    """Choose, note the command, write; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("run", type=Path)
    parser.add_argument("command", help="what made the run")
    asked = parser.parse_args()
    best = max(
        policies_in(asked.run).values(), key=lambda p: float(p.metadata["training"]["selection_return"])
    )
    best.metadata["evaluation"]["zoo"] = {"command": asked.command}
    name = best.metadata["training"]["config"]["scenario"]
    ZOO.mkdir(exist_ok=True)
    save_policy(best, ZOO / f"{name}.safetensors")
    load_policy(ZOO / f"{name}.safetensors")
    print(f"{ZOO / name}: training seed {best.seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
