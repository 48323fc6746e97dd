"""Which settings of each learner are searched, and where. Whatever is not named here stays as it is set."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from juguo_agents.training.learners.settings import Algorithm, LearnerSettings

_DIGITS = 3  # what is found is rounded to so many, to be read and written


@dataclass(frozen=True)
class Choice:
    """One of several values."""

    values: tuple[Any, ...]

    def holds(self, value: Any) -> bool:
        """Whether a value is one of them, as it is or as JSON has it."""
        return json.dumps(value) in map(json.dumps, self.values)

    def as_json(self) -> dict[str, Any]:
        """For the record."""
        return {"choice": list(self.values)}


@dataclass(frozen=True)
class Logarithmic:
    """A number between two, orders of magnitude weighing the same."""

    low: float
    high: float

    def holds(self, value: Any) -> bool:
        """Whether a value is between them."""
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and self.low <= value <= self.high

    def as_json(self) -> dict[str, Any]:
        """For the record."""
        return {"logarithmic": asdict(self)}

    def rounded(self, value: float) -> float:
        """A value with few digits, still between them."""
        return min(max(float(f"{value:.{_DIGITS}g}"), self.low), self.high)


Axis = Choice | Logarithmic
Space = Mapping[str, Axis]

_COMMON: Space = {
    "learning_rate": Logarithmic(1e-4, 5e-3),
    "gamma": Choice((0.95, 0.98, 0.99, 0.995, 0.999)),
}
_NETS = Choice(((64, 64), (128, 128), (256, 256)))
_ON_POLICY: Space = {
    **_COMMON,
    "n_steps": Choice((15, 30, 60, 120)),
    "batch_size": Choice((120, 240, 480)),
    "n_epochs": Choice((2, 4, 8)),
    "gae_lambda": Choice((0.8, 0.9, 0.95, 0.98, 1.0)),
    "clip_range": Choice((0.1, 0.2, 0.3)),
    "ent_coef": Choice((0.0, 1e-3, 3e-3, 1e-2)),
    "log_std_init": Choice((-1.0, -0.5, 0.0)),
}
_OFF_POLICY: Space = {
    **_COMMON,
    "gradient_steps": Choice((1, 2, 4)),
    "batch_size": Choice((128, 256)),
    "learning_starts": Choice((1_000, 5_000, 20_000)),
    "tau": Choice((0.002, 0.005, 0.01, 0.02)),
    "abandon_init": Choice((-2.0, -1.0, -0.5, 0.0)),
    "net": Choice(((64, 64), (128, 128))),
}
_ENTROPIC: Space = {**_OFF_POLICY, "ent_coef": Choice(("auto", 0.001, 0.01, 0.1))}

SPACES: dict[Algorithm, Space] = {
    "ppo": {**_ON_POLICY, "net": _NETS},
    "recurrent_ppo": {
        **_ON_POLICY,
        "lstm": Choice((32, 64, 128)),
        "net": Choice(((32,), (64,), (64, 64))),
    },
    "sac": _ENTROPIC,
    "td3": {
        **_OFF_POLICY,
        "action_noise": Choice((0.05, 0.1, 0.2, 0.4)),
        "policy_delay": Choice((1, 2, 4)),
        "target_policy_noise": Choice((0.1, 0.2, 0.4)),
    },
    "tqc": {**_ENTROPIC, "top_quantiles_to_drop": Choice((0, 2, 5))},
}


def present(space: Space, settings: LearnerSettings) -> dict[str, Any] | None:
    """The settings that are searched as they are set now, or None where one is out of the space."""
    values = {name: getattr(settings, name) for name in space}
    return values if all(space[name].holds(value) for name, value in values.items()) else None


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as JSON has them: no tuples."""
    found: dict[str, Any] = json.loads(json.dumps(dict(values)))
    return found
