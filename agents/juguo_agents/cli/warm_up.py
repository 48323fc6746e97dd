"""`juguo warm-up`."""

from __future__ import annotations

from juguo_agents.cli.options import command
from juguo_envs.warm import warm_up as compile_all


@command
def warm_up() -> int:
    """Compile or load the model, and print how long it took."""
    print(f"the model is compiled for this machine, in {compile_all():.1f} s")
    return 0
