"""What a tree may look at: an observation's quantities for the whole society, in units that people use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from juguo_agents.allocators.base import Setting
from juguo_envs.model.state import STAGES
from juguo_envs.spaces.observation import PER_COMMUNITY, PROGRAMME_ENTRIES, SCALARS

Floats = npt.NDArray[np.float64]
Reader = Callable[[Setting, npt.NDArray[np.float32]], Floats]

SHARE, LEVEL, QUARTERS, COUNT, STAGE = "% of persons", "level 0 to 1", "quarters", "number", "stage"
PERSONS, PERSON_QUARTERS, BUDGETS = "persons", "person-quarters", "quarters' budgets"
RATE, CHANGE = "% per quarter", "change in a quarter"
_PERCENT = (SHARE, RATE)


@dataclass(frozen=True)
class Feature:
    """One quantity.

    Attributes:
        name: What a file calls it.
        words: What people read.
        unit: One of this module's units.
        read: From observations (n, size) to values (n,).
    """

    name: str
    words: str
    unit: str
    read: Reader

    @property
    def whole(self) -> bool:
        """Whether its values are whole numbers."""
        return self.unit in (QUARTERS, COUNT, STAGE)

    def bound(self, threshold: float) -> str:
        """That its value is at most `threshold`, as it is written behind its words."""
        if self.whole:
            return f"< {int(np.floor(threshold)) + 1}"
        if self.unit in _PERCENT:
            return f"≤ {_figures(100.0 * threshold)} %"
        return f"≤ {_figures(threshold)}"


def _figures(value: float) -> str:
    """Three significant figures, plainly written."""
    if abs(value) >= 999.5:
        return f"{value:,.0f}".replace("-", "−")
    text = f"{value:#.3g}" if abs(value) >= 1e-3 else f"{value:.4f}"
    return text.rstrip(".").replace("-", "−")


_PLACE = {
    "know_how": ("know-how in the places", LEVEL),
    "environment": ("application environment", LEVEL),
    "trust": ("trust, as seen", LEVEL),
    "crisis": ("crisis level", LEVEL),
    "resilience_mean": ("resilience, as seen", LEVEL),
    "resilience_lowest": ("resilience of the weakest tenth, as seen", LEVEL),
    "excluded": ("excluded", SHARE),
    "interactors": ("interactors", SHARE),
    "capability": ("capability", LEVEL),
}
_SCALAR = {
    "knowledge": ("knowledge", LEVEL),
    "knowledge_change": ("knowledge gained in the quarter", CHANGE),
    "fit": ("social fit, as seen", LEVEL),
    "harm_estimate": ("estimated harm to users", RATE),
    "harm_evidence": ("harm reported", PERSONS),
    "experience": ("experience of use", PERSON_QUARTERS),
    "stage_quarters": ("quarters in the stage", QUARTERS),
    "project_quarters": ("age of the project in quarters", QUARTERS),
    "abandoned": ("projects given up", COUNT),
    "time_left": ("quarters left", QUARTERS),
    "reserve": ("reserve in quarters' budgets", BUDGETS),
}
_EXTREMES = (
    ("highest", "crisis", "crisis level where it is highest", LEVEL),
    ("lowest", "resilience_lowest", "resilience of the weakest tenth in the worst place, as seen", LEVEL),
)


def _mean(name: str) -> Reader:
    return lambda setting, seen: setting.mean(setting.layout.place(seen, name))


def _extreme(which: str, name: str) -> Reader:
    def read(setting: Setting, seen: npt.NDArray[np.float32]) -> Floats:
        values = setting.layout.place(seen, name)
        found: Floats = values.max(-1) if which == "highest" else values.min(-1)
        return found

    return read


def _adoption(setting: Setting, seen: npt.NDArray[np.float32]) -> Floats:
    mean: Floats = setting.mean(setting.layout.adoption(seen).mean(-1))
    return mean


def _adoption_highest(setting: Setting, seen: npt.NDArray[np.float32]) -> Floats:
    highest: Floats = setting.layout.adoption(seen).mean(-1).max(-1)
    return highest


def _adoption_change(setting: Setting, seen: npt.NDArray[np.float32]) -> Floats:
    mean: Floats = setting.mean(setting.layout.adoption_change(seen).mean(-1))
    return mean


def _stage(setting: Setting, seen: npt.NDArray[np.float32]) -> Floats:
    return setting.layout.stage(seen).astype(np.float64)


_AMOUNTS = frozenset(entry.name for entry in PROGRAMME_ENTRIES if entry.scale is not None)


def _scalar(name: str, unit: str) -> Reader:
    def read(setting: Setting, seen: npt.NDArray[np.float32]) -> Floats:
        layout = setting.layout
        value = layout.amount(seen, name) if name in _AMOUNTS else layout.scalar(seen, name)
        if unit == QUARTERS:
            return np.rint(value * setting.quarters)
        return np.rint(value) if unit == COUNT else value

    return read


def _catalogue() -> tuple[Feature, ...]:
    features = [
        Feature("stage", "stage", STAGE, _stage),
        Feature("mean:adoption", "adoption", SHARE, _adoption),
        Feature("highest:adoption", "adoption in the foremost place", SHARE, _adoption_highest),
        Feature("mean:adoption_change", "growth of adoption in the quarter", SHARE, _adoption_change),
        Feature("mean:adoption_low", "adoption of the least capable third", SHARE, _mean("adoption_low")),
    ]
    for name in PER_COMMUNITY:
        if not name.startswith("adoption"):
            words, unit = _PLACE.get(name, (name.replace("_", " "), LEVEL))
            features.append(Feature(f"mean:{name}", words, unit, _mean(name)))
    for which, name, words, unit in _EXTREMES:
        features.append(Feature(f"{which}:{name}", words, unit, _extreme(which, name)))
    for name in SCALARS:
        if name not in {f"stage_{stage}" for stage in STAGES}:
            words, unit = _SCALAR.get(name, (name.replace("_", " "), LEVEL))
            features.append(Feature(name, words, unit, _scalar(name, unit)))
    return tuple(features)


FEATURES = _catalogue()
"""Every quantity of an observation but the last allocation; what an observation gains, this gains."""
BY_NAME = {feature.name: feature for feature in FEATURES}


def read_features(
    setting: Setting, observation: npt.NDArray[np.float32], features: tuple[Feature, ...] = FEATURES
) -> npt.NDArray[np.float32]:
    """(n, features) float32 values of observations (n, size)."""
    return np.stack([f.read(setting, observation) for f in features], axis=-1).astype(np.float32)
