"""Try the wheel in fresh environments with other libraries, and write docs/reference/integrations.md.

Makes one environment for each Python with nothing but the wheel, one with all libraries that go together, and
one for RLlib, under .venv-integrations/. Downloads about 2 GB and takes about half an hour. With names of
environments it makes those anew and leaves the others' rows as they are.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".venv-integrations"
PAGE = ROOT / "docs" / "reference" / "integrations.md"
LIBRARIES, RLLIB = "libraries", "rllib"
HEAD = """\
# Integrations

| | |
|---|---|
| measured | {day} |
| command | `make test-integrations` |
| machine | {machine} |

Each row ran in a fresh environment with the wheel of juguo {version}, and passed. The seconds leave out
installing and, but for the first row of a Python, compiling. `pyproject.toml` has the releases, as
dependency groups.
"""
TRAINING = (
    "train", "smoke", "training.steps=4000", "training.selections=1", "training.selection_episodes=5",
    "comparison.episodes=5", "comparison.allocators=[flat]", "--out", "run",
)  # fmt: skip


class Failed(Exception):
    """A command that ended with another status than 0; what it printed."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment, without the variables that would let it see anything else."""

    folder: Path

    @classmethod
    def fresh(cls, name: str, python: str = sys.executable, parent: Path = FOLDER) -> Environment:
        """Made anew."""
        shutil.rmtree(parent / name, ignore_errors=True)
        run([python, "-m", "venv", str(parent / name)], ROOT)
        made = cls(parent / name)
        made.install("pip>=25.1")
        return made

    @property
    def python(self) -> str:
        """Its interpreter."""
        return str(self.folder / "bin" / "python")

    def install(self, *what: str) -> None:
        """By pip."""
        self.run("-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input", *what)

    def run(self, *words: str | Path, cwd: Path = ROOT) -> str:
        """What its interpreter printed."""
        return run([self.python, *map(str, words)], cwd)

    def versions(self, packages: Sequence[str]) -> str:
        """Of packages, in words."""
        code = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
        numbers = self.run("-c", code, *packages).split()
        return ", ".join(f"{name} {number}" for name, number in zip(packages, numbers, strict=True))

    def tests(self, *paths: str) -> None:
        """Tests, the slow ones too, of which none may be passed over."""
        told = self.run("-m", "pytest", "-q", "-m", "", "-p", "no:cacheprovider", *paths)
        if " skipped" in told.splitlines()[-1]:
            raise Failed(told)


def run(words: Sequence[str], cwd: Path) -> str:
    """What a command printed; PYTHONPATH does not count."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        words, cwd=cwd, env={**variables, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Failed(f"{' '.join(words)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return done.stdout


@dataclass
class Table:
    """The rows of an environment, as they come."""

    environment: Environment
    rows: list[dict[str, Any]]
    failed: list[str]

    def row(self, packages: Sequence[str], ran: str, work: Callable[[], object]) -> None:
        """Do the work of a row, and tell how it went."""
        begun = time.monotonic()
        try:
            work()
        except Failed as error:
            self.failed.append(packages[0])
            print(f"{packages[0]}: FAILED\n{error}", file=sys.stderr, flush=True)
            return
        seconds = round(time.monotonic() - begun)
        self.rows.append({"library": self.environment.versions(packages), "ran": ran, "seconds": seconds})
        print(f"{packages[0]}: {seconds} s", file=sys.stderr, flush=True)


def readme_lines() -> str:
    """The first block of Python in the README, as it stands."""
    found = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    if found is None:
        raise Failed("README.md has no block of Python")
    return found[1]


def build(folder: Path) -> Path:
    """The wheel, built and checked as for an upload."""
    package = Environment.fresh("package", parent=folder)
    package.install("--group", "package")
    package.run("-m", "build", "--outdir", folder / "dist")
    package.run("-m", "twine", "check", "--strict", *(folder / "dist").iterdir())
    return next((folder / "dist").glob("*.whl"))


def wheel_alone(wheel: Path, name: str, python: str) -> Table:
    """Nothing but the wheel: the README's lines, a user's types, the environment's tests."""
    table = Table(Environment.fresh(name, python), [], [])
    environment = table.environment
    environment.install(str(wheel))

    def lines() -> None:
        with tempfile.TemporaryDirectory() as empty:
            environment.run("-c", readme_lines(), cwd=Path(empty))
            environment.run("-c", "import sys, juguo_envs; sys.exit('torch' in sys.modules)")

    def types() -> None:
        environment.install("mypy")
        with tempfile.TemporaryDirectory() as empty:
            user = Path(shutil.copy(ROOT / "tests" / "typed_user.py", empty))
            environment.run("-m", "mypy", "--strict", user.name, cwd=Path(empty))

    def tests() -> None:
        environment.install("--group", "test")
        environment.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/envs", "tests/properties")

    table.row(("juguo", "gymnasium", "numpy", "numba"), "the README's ten lines, compiled on the way", lines)
    table.row(("mypy",), "`tests/typed_user.py`, strictly", types)
    table.row(("pytest", "hypothesis"), "`tests/envs` and `tests/properties`", tests)
    return table


def with_libraries(wheel: Path) -> Table:
    """First the wheel with what training needs, then all libraries."""
    table = Table(Environment.fresh(LIBRARIES), [], [])
    environment = table.environment
    environment.run("tools/check_torch_wheel.py")
    environment.install(f"{wheel}[train]")
    compile_model(environment)

    def training() -> None:
        with tempfile.TemporaryDirectory() as empty:
            environment.run(ROOT / "examples" / "sb3_ppo.py", "1920", cwd=Path(empty))
            environment.run("-m", "juguo_agents.cli.main", *TRAINING, cwd=Path(empty))
            if not (Path(empty) / "run" / "return.png").is_file():
                raise Failed("the training left no report")

    ran = "in an empty folder: `examples/sb3_ppo.py`, and `juguo train` with its report"
    table.row(("juguo", "torch"), ran, training)
    environment.install(f"{wheel}[train]", "--group", "integrations", "--group", "test")
    for packages, test, ran in (
        (("stable-baselines3",), "sb3", "`check_env`, `examples/sb3_ppo.py`, `examples/ppo_single_file.py`"),
        (("rl_zoo3",), "rl_zoo3", "its `train` with `examples/rl_zoo3_ppo.yml`"),
        (("torchrl", "tensordict"), "torchrl", "`check_env_specs`, `examples/torchrl_ppo.py`"),
        (("tianshou",), "tianshou", "`examples/tianshou_ppo.py`"),
        (("skrl",), "skrl", "`examples/skrl_ppo.py`"),
        (
            ("mo-gymnasium", "morl-baselines"),
            "mo_gymnasium",
            "checks in motion, `LinearReward` against the scalar, `examples/morl_capql.py`",
        ),
        (
            ("pettingzoo", "supersuit"),
            "pettingzoo",
            "`parallel_api_test`, `parallel_seed_test`, `examples/pettingzoo_agencies.py`",
        ),
        (("minari", "h5py"), "minari", "`juguo dataset`, `examples/minari_cloning.py`"),
    ):
        table.row(packages, ran, partial(environment.tests, f"tests/integrations/test_{test}.py"))
    table.row(
        ("gymnasium",),
        "the code of the guide's pages",
        partial(environment.tests, "tests/test_guide.py", "-k", "code_of_a_page and not rllib"),
    )
    return table


def with_rllib(wheel: Path) -> Table:
    """RLlib, which asks for an older Gymnasium."""
    table = Table(Environment.fresh(RLLIB), [], [])
    environment = table.environment
    environment.run("tools/check_torch_wheel.py")
    environment.install(f"{wheel}[train]", "--group", "rllib", "--group", "test")
    compile_model(environment)
    table.row(
        ("ray", "gymnasium", "torch"),
        "`examples/rllib_ppo.py`, the code of its page",
        partial(environment.tests, "tests/integrations/test_rllib.py", "tests/test_guide.py", "-k", "rllib"),
    )
    return table


def compile_model(environment: Environment) -> None:
    """So that no row's seconds have it."""
    environment.run("-c", "import juguo_envs; juguo_envs.warm_up()")


def interpreters(paths: Sequence[str]) -> dict[str, str]:
    """Interpreters by the name of their environment, the oldest first."""
    code = "import platform; print(platform.python_version())"
    found = {f"python-{run([path, '-c', code], ROOT).strip()}": path for path in paths}
    return dict(sorted(found.items(), key=lambda item: [int(n) for n in re.findall(r"\d+", item[0])[:3]]))


def page(tables: dict[str, list[dict[str, Any]]]) -> str:
    """The page, of the rows by environment."""

    def sections() -> Iterator[str]:
        wheel = {name: rows for name, rows in tables.items() if name.startswith("python-")}
        titles = {
            **{name: f"The wheel alone, Python {name.removeprefix('python-')}" for name in wheel},
            LIBRARIES: f"Libraries, Python {platform.python_version()}",
            RLLIB: f"RLlib, Python {platform.python_version()}",
        }
        for name, title in titles.items():
            yield f"\n## {title}\n\n| library | what ran | seconds |\n|---|---|---:|\n"
            for row in tables[name]:
                yield f"| {row['library']} | {row['ran']} | {row['seconds']} |\n"

    version = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.M)
    head = HEAD.format(
        day=datetime.datetime.now(datetime.UTC).date(),
        machine=f"{os.cpu_count()} cores, {platform.system()}",
        version=version[1] if version else "",
    )
    return head + "".join(sections())


def main() -> int:
    """Make the environments, run the rows, write the page; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "names", nargs="*", help=f"environments: {LIBRARIES}, {RLLIB}, python-VERSION; default: all"
    )
    parser.add_argument("--python", action="append", help="another interpreter to try the wheel alone with")
    told = parser.parse_args()
    alone = interpreters([sys.executable, *(told.python or ())])
    jobs: dict[str, Callable[[Path], Table]] = {
        **{name: partial(wheel_alone, name=name, python=path) for name, path in alone.items()},
        LIBRARIES: with_libraries,
        RLLIB: with_rllib,
    }
    unknown = [name for name in told.names if name not in jobs]
    if unknown:
        print(
            f"integrations: unknown environment {unknown[0]!r}; there are {', '.join(jobs)}", file=sys.stderr
        )
        return 2
    FOLDER.mkdir(exist_ok=True)
    failed: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            wheel = build(Path(folder))
            for name in told.names or jobs:
                print(f"== {name}", file=sys.stderr, flush=True)
                table = jobs[name](wheel)
                failed += table.failed
                (FOLDER / f"{name}.json").write_text(json.dumps(table.rows, indent=2), encoding="utf-8")
        except Failed as error:
            print(error, file=sys.stderr)
            return 1
    if failed:
        print(f"integrations: failed: {', '.join(failed)}; {PAGE.name} is left as it is", file=sys.stderr)
        return 1
    known = {name: FOLDER / f"{name}.json" for name in jobs}
    for path in FOLDER.glob("python-*.json"):
        known.setdefault(path.stem, path)
    missing = [name for name, path in known.items() if not path.is_file()]
    if missing:
        print(f"integrations: not tried yet: {', '.join(missing)}; {PAGE.name} is left as it is")
        return 0
    PAGE.write_text(
        page({name: json.loads(path.read_text(encoding="utf-8")) for name, path in known.items()}),
        encoding="utf-8",
    )
    print(f"wrote {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
