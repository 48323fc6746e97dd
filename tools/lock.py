"""Write requirements.lock: the exact version of every package that `make setup` installs.

pip resolves the project with its extras and its dev group into a report, installing nothing.
Only names and versions are kept: where a build comes from is the business of pip's own configuration.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PIP = (25, 1)  # the first that knows --group
HEADER = """\
# Made by `make lock` (tools/lock.py) from pyproject.toml.
# Extras train, tune, pareto, play, ray, human; group dev.
# Do not edit: change pyproject.toml and run `make lock` again.
"""


def resolve() -> dict[str, str]:
    """Normalised name -> public version of everything pip would install into an empty environment."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
        subprocess.run(
            [*command, "--report", str(report), ".[train,tune,pareto,play,ray,human]", "--group", "dev"],
            cwd=ROOT,
            check=True,
        )
        installs = json.loads(report.read_text(encoding="utf-8"))["install"]
    found = [item["metadata"] for item in installs]
    names = {re.sub(r"[-_.]+", "-", meta["name"]).lower(): meta["version"].split("+")[0] for meta in found}
    del names["juguo"]
    return names


def main() -> int:
    """Resolve and write the lock; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--output", type=Path, default=ROOT / "requirements.lock")
    output: Path = parser.parse_args().output

    pip = version("pip")
    if tuple(int(part) for part in pip.split(".")[:2]) < OLDEST_PIP:
        print(f"lock: pip {pip} is too old, 25.1 or newer is needed (it must know --group)", file=sys.stderr)
        return 1
    try:
        names = resolve()
    except subprocess.CalledProcessError as error:
        print("lock: pip could not resolve the project; its message is above", file=sys.stderr)
        return error.returncode
    cuda = [name for name in names if name.startswith(("nvidia-", "cuda-"))]
    if cuda:
        print(f"lock: not written, pip chose a CUDA build of torch: {', '.join(cuda)}", file=sys.stderr)
        return 1

    draft = output.with_name(output.name + ".new")
    lines = "".join(f"{name}=={names[name]}\n" for name in sorted(names))
    draft.write_text(HEADER + lines, encoding="utf-8")
    draft.replace(output)
    print(f"lock: {len(names)} packages in {output.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
