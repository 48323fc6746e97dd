"""One small job for every command, and what it must leave, whatever happens in between.

A new command gets a line in `JOBS`: then every fault of `test_faults.py` and `test_kills.py` is tried on it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from juguo_agents.cli.main import COMMANDS
from juguo_agents.studies import STUDIES
from juguo_envs.files import is_draft
from tests.agents.calibration.support import SMALL, write

WORLD = "society: {persons: 60, communities: {count: 3, hubs: 1}}\nprogramme: {T: 12}\n"
SHORT = """
name: short
scenario: tiny.yaml
training:
  seeds: [0, 1, 2]
  steps: 1920
  selections: 4
  selection_episodes: 10
  checkpoint_minutes: 0
  ppo: {envs: 8, paired: 2, n_steps: 12, batch_size: 48}
comparison: {allocators: [flat], episodes: 10}
"""
TUNED = """
name: tuned
scenario: tiny.yaml
training:
  selections: 1
  selection_episodes: 2
  td3: {envs: 4, learning_starts: 20, buffer_size: 400, net: [8]}
"""
_WORLD = ("--scenario", "tiny.yaml")
_BUDGET = ("--trials", "3", "--trainings", "1", "--steps", "120", "--episodes", "2")


@dataclass(frozen=True)
class Job:
    """A command line, to which `--out FOLDER` is added.

    Attributes:
        words: The command and what it is asked.
        quick: Whether it is among the few that every run of the tests can afford.
        gone_on_with: Whether the same command goes on in a folder that is begun; else it is whole or absent.
        suffix: Of the one file that it writes instead of a folder.
        option: Before what it writes; none where that is an argument.
    """

    words: tuple[str, ...]
    quick: bool = False
    gone_on_with: bool = True
    suffix: str = ""
    option: str = "--out"

    def place(self, out: str | Path) -> Path:
        """The folder, or the file."""
        return Path(f"{out}{self.suffix}")

    def command(self, out: str | Path) -> tuple[str, ...]:
        """With what it writes."""
        return (*self.words, *([self.option] if self.option else []), str(self.place(out)))


def _file(suffix: str, *words: str, option: str = "--out") -> Job:
    return Job(words, gone_on_with=False, suffix=suffix, option=option)


def _study(name: str, *words: str) -> Job:
    return Job(("study", name, *words, "--smoke", "--workers", "2"))


JOBS: dict[str, Job] = {
    "train": Job(("train", "short.yaml")),
    "evaluate": Job(("evaluate", "flat", *_WORLD, "--episodes", "4"), quick=True, gone_on_with=False),
    "search": Job(
        ("search", "--family", "closed_loop", *_WORLD, "--budget", "900", "--validation", "20"), quick=True
    ),
    "tune": Job(("tune", "td3", "--config", "tuned.yaml", *_BUDGET)),
    "report": _file(".html", "report", "compared"),
    "animate": _file(".gif", "animate", "flat", *_WORLD, "--every", "6"),
    "benchmark": _file(".json", "benchmark", "flat"),
    "new": _file(".yaml", "new", option=""),
    "reproduce": Job(("reproduce", "--quick", "--only", "comparison")),
    "calibrate": Job(("calibrate", "--persons", "persons.csv", "--edges", "edges.csv"), gone_on_with=False),
    "ablation": _study("ablation", *_WORLD),
    "attribution": _study("attribution", "flat", "market+exit", *_WORLD),
    "explain": _study("explain", "flat", *_WORLD),
    "compare-runs": _study("compare-runs", "run", "--against", "flat"),
    "generalisation": _study(
        "generalisation", *_WORLD, "--scenarios", "2", "--budget", "300", "--convergence", "0"
    ),
    "hypotheses": _study("hypotheses", "--only", "1"),
    "map": _study("map", *_WORLD),
    "mechanisms": _study("mechanisms", *_WORLD, "--only", "peers", "--no-patterns"),
    "pareto": _study("pareto", *_WORLD),
    "passive": _study("passive", *_WORLD),
    "patterns": _study("patterns", *_WORLD),
    "questions": _study("questions", "--only", "pilots"),
    "value": _study("value", *_WORLD),
}
MADE_BY = {
    "run": ("train", "short.yaml", "training.seeds=[0]", "training.steps=96", "--out", "run"),
    "compared": ("evaluate", "flat", *_WORLD, "--episodes", "2", "--out", "compared"),
}
"""What jobs take that others make, and how."""
NEEDS = {"compare-runs": "run", "report": "compared"}
"""Which of them."""
_ELSEWHERE = {"compare", "dataset", "play", "list", "warm-up", "doctor"}
"""Another name of a study; what has tests of its own; what writes nothing for the user."""
assert {*STUDIES, *COMMANDS} - {"doubles"} - _ELSEWHERE == {*JOBS}


def prepare(folder: Path) -> None:
    """Write the files that the jobs take."""
    files = {"tiny.yaml": WORLD, "short.yaml": SHORT, "tuned.yaml": TUNED}
    for name, text in files.items():
        (folder / name).write_text(text)
    write(folder, SMALL)


def _without_time(name: str, content: bytes) -> bytes:
    """A file's content but for the time that something took."""
    if name == "learning_curve.json":
        curves = json.loads(content)["curves"]
        content = json.dumps(
            {k: [(p["steps"], p["selection_return"]) for p in v] for k, v in curves.items()}
        ).encode()
    if name.endswith(".study.json"):
        content = re.sub(rb'"seconds": \[[^]]*\]|"sha256": "[0-9a-f]+"', b"", content)
    return content


def outcome(folder: Path) -> dict[str, bytes]:
    """Every file that a job leaves, but for logs, times, and what it keeps for itself between attempts.

    Where that is one file, it has no name here.
    """
    if folder.is_file():
        return {"": folder.read_bytes()}
    timed = {"comparison.md", "learning_curve.png"} if (folder / "learning_curve.json").exists() else set()
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and not name.startswith(("tensorboard", "work/")) and name not in timed:
            found[name] = _without_time(name, path.read_bytes())
    return found


def drafts(folder: Path) -> list[Path]:
    """What is left half written."""
    return [path for path in folder.rglob(".*") if is_draft(path)]
