"""Stop before pip puts a CUDA build of torch, several GB, on a machine without an NVIDIA device.

Asks pip which build it would take, without installing it. Run by `make setup` before the lock is installed.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pip._vendor.packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
CUDA_NAME = re.compile(r"^(nvidia|cuda|triton)(-|$)")
CUDA_LOCAL_VERSION = re.compile(r"\+cu\d")


def nvidia_device_visible() -> bool:
    """Whether this machine shows an NVIDIA device."""
    return Path("/dev/nvidia0").exists() or shutil.which("nvidia-smi") is not None


def installed_version(name: str) -> str | None:
    """The public version (no `+cpu`) of an installed package, or None."""
    try:
        return version(name).split("+")[0]
    except PackageNotFoundError:
        return None


def locked_version(lock: Path, name: str) -> str:
    """The version that a lock of `name==version` lines gives a package; KeyError where it has none."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))[name]


def chosen_build(requirement: str) -> dict[str, Any]:
    """pip's report on the one distribution it would install for the requirement."""
    command = [sys.executable, "-m", "pip", "install", "-qq", "--dry-run", "--no-deps", "--ignore-installed"]
    done = subprocess.run([*command, "--report", "-", requirement], stdout=subprocess.PIPE, check=True)
    build: dict[str, Any] = json.loads(done.stdout)["install"][0]
    return build


def cuda_signs(build: dict[str, Any]) -> list[str]:
    """What marks a build as a CUDA one: its local version, or requirements that apply on this platform."""
    signs = [build["metadata"]["version"]] if CUDA_LOCAL_VERSION.search(build["metadata"]["version"]) else []
    for line in build["metadata"].get("requires_dist", []):
        requirement = Requirement(line)
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if applies and CUDA_NAME.match(requirement.name.lower()):
            signs.append(requirement.name)
    return signs


def main() -> int:
    """Check the build of torch that pip would take; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--lock", type=Path, default=ROOT / "requirements.lock")
    locked = locked_version(parser.parse_args().lock, "torch")

    if nvidia_device_visible() or installed_version("torch") == locked:
        return 0
    try:
        build = chosen_build(f"torch=={locked}")
    except subprocess.CalledProcessError:
        print(f"setup: pip finds no build of torch {locked}; its message is above", file=sys.stderr)
        return 1
    signs = cuda_signs(build)
    if signs:
        print(
            f"setup: stopped before installing: no NVIDIA device is visible here, but pip would take\n"
            f"a CUDA build of torch {build['metadata']['version']}, several GB (signs: {', '.join(signs)}).\n"
            f"Point pip to a CPU build in its configuration or environment, then run the command again:\n"
            f"PIP_EXTRA_INDEX_URL names an index of CPU builds, or\n"
            f"PIP_FIND_LINKS a folder or page that holds the wheel torch-{locked}+cpu for this Python.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
