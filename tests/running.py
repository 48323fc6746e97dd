"""Running commands as a user does: in this process, which is quick, or in one of its own."""

from __future__ import annotations

import importlib.util
import io
import os
import shutil
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from types import ModuleType

from juguo_agents.cli.main import main

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}
TINY_WORLD = "name: tiny\nsociety: {persons: 60, communities: {count: 3, hubs: 1}}\nprogramme: {T: 8}\n"
Done = subprocess.CompletedProcess[str]


def file(script: str) -> Path:
    """The file of a script or of a maintainers' tool."""
    return next(path for path in (ROOT / "tools" / script, ROOT / "scripts" / script) if path.is_file())


def command(name: str, *arguments: str | Path) -> list[str]:
    """A command line for a process: of a script by its file's name, or of `juguo` and one of its commands."""
    what = [str(file(name))] if name.endswith(".py") else ["-m", "juguo_agents.cli.main", name]
    return [sys.executable, *what, *map(str, arguments)]


def run(
    name: str, *arguments: str | Path, cwd: Path, agents: Path | None = None, timeout: float = 600
) -> Done:
    """Run a command in a process of its own, in a folder, to its end; `agents`: a copy that it shall use."""
    path = {} if agents is None else {"PYTHONPATH": os.pathsep.join([str(agents), str(ROOT / "envs")])}
    return subprocess.run(
        command(name, *arguments),
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
        env={**ENVIRONMENT, **path},
    )


def copy_agents(folder: Path) -> Path:
    """A copy of the agents in a folder, to which a test adds something."""
    return Path(
        shutil.copytree(ROOT / "agents", folder / "agents", ignore=shutil.ignore_patterns("__pycache__"))
    )


def juguo(*words: str | Path, cwd: Path) -> Done:
    """Run a command of `juguo` in this process, in a folder, to its end."""
    out, err = io.StringIO(), io.StringIO()
    with chdir(cwd), redirect_stdout(out), redirect_stderr(err):
        status = main([str(word) for word in words])
    return subprocess.CompletedProcess(words, status, out.getvalue(), err.getvalue())


def succeeded(done: Done) -> str:
    """What a command printed, which must have succeeded."""
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(done: Done, *words: str, status: int = 2) -> None:
    """One clear message, an exit status, no traceback."""
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    message = done.stderr.strip().splitlines()[-1]
    for word in words:
        assert word in message, message


def load_script(script: str) -> ModuleType:
    """A maintainers' tool as a module."""
    spec = importlib.util.spec_from_file_location(Path(script).stem + "_script", file(script))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
