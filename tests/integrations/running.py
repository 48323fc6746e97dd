"""Libraries that may be missing, and examples as a user runs them."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ENV = "juguo_envs:juguo/ExperimentDiffusion-v0"


def library(name: str) -> Any:
    """A module of a library, whose warnings at import are its own business. Without it tests are skipped."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(name, exc_type=ImportError)


def run(*words: str | Path, cwd: Path, **variables: str) -> str:
    """What a command printed, which must have succeeded. It runs as a user's does, in a folder of its own."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **variables}
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout
