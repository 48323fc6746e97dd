"""Running the scripts as a user does: a process of its own, in a folder of its own."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def command(script: str, *arguments: str | Path) -> list[str]:
    """A script's command line."""
    return [sys.executable, str(ROOT / "scripts" / script), *map(str, arguments)]


def run(script: str, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a script in a folder to its end."""
    return subprocess.run(
        command(script, *arguments),
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        env=ENVIRONMENT,
    )


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """One clear message, exit status 2, no traceback."""
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    message = done.stderr.strip().splitlines()[-1]
    for word in words:
        assert word in message, message


def load_script(script: str) -> ModuleType:
    """A script as a module."""
    folder = next(name for name in ("tools", "scripts") if (ROOT / name / script).is_file())
    spec = importlib.util.spec_from_file_location(Path(script).stem + "_script", ROOT / folder / script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
