"""What software made a result."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from juguo_envs.engine.compiled import SOURCE_KEY

MODEL = f"{SOURCE_KEY:014x}"
"""Fingerprint of the model's source, which may change between two versions: runs of two models never mix."""
_PACKAGES = (
    "juguo", "gymnasium", "numpy", "numba", "stable-baselines3", "sb3-contrib", "torch", "scipy",
    "safetensors", "cmaes", "optuna", "pyarrow", "scikit-learn",
)  # fmt: skip


def versions() -> dict[str, str]:
    """Version of Python and of each package that shapes a result, where installed."""
    return {"python": platform.python_version(), **_installed()}


@cache
def _installed() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
