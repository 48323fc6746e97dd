"""What an environment tells beside observation and reward: its parts, the cost, the accounts."""

from __future__ import annotations

from typing import Any

import numpy as np

from juguo_envs.engine.batch import Batch

REWARD_PARTS = ("breadth", "resilience", "excluded")
ACCOUNTS = ("budget", "released", "spent", "payout", "saved")


def batch_info(batch: Batch) -> dict[str, Any]:
    """Arrays over the batch, fresh copies.

    `breadth`, `resilience`, `excluded` in [0, 1]; `reward_vector` (B, 3) the three of them; `cost` the
    excluded, for constrained learning; `money` the quarter's accounts, for which
    spent + payout + saved = budget; `reserve`; `board` (B, 5, 3) indicators by actor; `stage`, `project`
    and `abandoned` counts.
    """
    quarter, programme = batch.state.quarter, batch.state.programme
    parts = {name: quarter[name].copy() for name in REWARD_PARTS}
    return {
        **parts,
        "reward_vector": np.stack([parts[name] for name in REWARD_PARTS], axis=-1),
        "cost": parts["excluded"].copy(),
        "money": {name: quarter[name].copy() for name in ACCOUNTS},
        "reserve": programme["M"].copy(),
        "board": batch.state.board.copy(),
        "stage": programme["stage"].copy(),
        "project": programme["project"].copy(),
        "abandoned": programme["abandoned"].copy(),
    }


def single_info(batch: Batch) -> dict[str, Any]:
    """The same for a batch of one, as plain numbers and arrays."""

    def first(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: first(v) for name, v in value.items()}
        return value[0].item() if value.ndim == 1 else value[0]

    info: dict[str, Any] = first(batch_info(batch))
    return info
