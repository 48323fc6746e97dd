"""`juguo doctor`."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import monotonic

import numpy as np

from juguo_agents.allocators import make_rule
from juguo_agents.cli.options import command
from juguo_agents.cli.running import FAILED, extras, show
from juguo_agents.evaluation.rollout import run
from juguo_agents.processes import cores
from juguo_agents.provenance import versions
from juguo_envs.model import measures
from juguo_envs.model.compiled import kernel
from juguo_envs.worlds.scenario import Scenario

OLDEST = (3, 11)
_NEEDED = "train"
Finding = tuple[bool | None, str]
"""Whether it is well (None: well, but something that not all need is missing), and what was found."""


@command
def doctor() -> int:
    """Print what was found."""
    findings = [finding for check in CHECKS for finding in check()]
    for well, text in findings:
        show(f"{'!' if well is False else '-' if well is None else ' '} {text}")
    return FAILED if any(well is False for well, _ in findings) else 0


def python() -> Iterator[Finding]:
    """Python, and how many cores may be used."""
    yield (
        sys.version_info >= OLDEST,
        f"Python {platform.python_version()} (3.11 or newer is needed), {cores()} cores",
    )


def packages() -> Iterator[Finding]:
    """Versions of what shapes a result."""
    yield True, ", ".join(f"{name} {number}" for name, number in versions().items() if name != "python")


def missing() -> Iterator[Finding]:
    """What the extras lack."""
    for extra, names in extras().items():
        lacking = [name for name in names if not _installed(name)]
        well = (None if extra != _NEEDED else False) if lacking else True
        what = f"lacks {', '.join(lacking)}: pip install 'juguo[{extra}]'" if lacking else "is complete"
        yield well, f"extra {extra} {what}"


def torch_build() -> Iterator[Finding]:
    """Whether torch is built for the CPU alone."""
    if not _installed("torch"):
        return
    import torch

    devices = torch.cuda.device_count() if torch.cuda.is_available() else 0
    build = f"for CUDA {torch.version.cuda}" if torch.version.cuda else "for the CPU"
    yield True, f"torch is built {build}; NVIDIA devices: {devices}"


def kernel_cache() -> Iterator[Finding]:
    """Whether compiled code can be kept."""
    kept = kernel(measures.breadth_seen).stats.cache_path
    if kept is None:
        yield False, "compiled code cannot be kept; name a folder in the environment variable NUMBA_CACHE_DIR"
        return
    path = Path(kept)
    there = next(p for p in (path, *path.parents) if p.exists())
    well = os.access(there, os.W_OK)
    advice = "" if well else "; name a folder that is, in the environment variable NUMBA_CACHE_DIR"
    yield well, f"compiled code is kept in {path}, which is {'' if well else 'not '}writable{advice}"


def episode() -> Iterator[Finding]:
    """Whether an episode runs."""
    tiny = Scenario.load("default").override({"society.persons": 60, "programme.T": 4})
    begun = monotonic()
    mean = run(make_rule("flat"), tiny, np.zeros(1, np.uint64)).returns[0]
    yield bool(np.isfinite(mean)), f"a tiny episode returned {mean:.3f}, in {monotonic() - begun:.1f} s"


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    python, packages, missing, torch_build, kernel_cache, episode,
)  # fmt: skip


def _installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True
