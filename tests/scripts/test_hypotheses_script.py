"""`scripts/hypotheses.py` as a user runs it: what it leaves, how it refuses, that a kill costs nothing."""

from __future__ import annotations

import json
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.running import ENVIRONMENT, ROOT, command, run

from juguo_agents.cli.common import REFUSED, guarded

TINY: dict[str, Any] = {
    "kind": "juguo_hypotheses",
    "format": 1,
    "sample": {"scenarios": 3, "points_seed": 5, "episodes": 3, "episodes_from": 1000},
    "search": {"scenarios": 2, "budget": 200, "seed": 3},
    "tuning": {
        "shipped": ["poor"], "points": 0, "points_seed": 6, "budget": 60, "seed": 4, "selection_episodes": 2,
    },
    "verdict": {"confidence": 0.95, "scenario_confidence": 0.99, "most": 0.5, "some": 0.1},
    "arms": {
        "tuned": {"tuned": "flat+exit"},
        "searched": {"searched": "thresholds", "world": {"crisis.crs": 0}},
        "nothing": {"rule": "nothing"},
    },
    "claims": [
        {
            "id": 1, "name": "the first", "claim": "Something is better than nothing.",
            "statistic": "Return.", "refuted_by": "No difference.", "built_in": "Nothing.",
            "parts": [
                {
                    "name": "return", "says": "Flat beats nothing.", "contrast": {"tuned": 1, "nothing": -1},
                    "outcome": "return", "direction": "above", "counts": 0.01,
                },
            ],
        },
        {
            "id": 2, "name": "the second", "claim": "The best do better still.", "statistic": "Return.",
            "refuted_by": "No difference.", "built_in": "Nothing.",
            "parts": [
                {
                    "name": "return", "says": "The best beat flat.", "contrast": {"searched": 1, "tuned": -1},
                    "outcome": "return", "direction": "above", "counts": 0.01,
                },
            ],
        },
    ],
}  # fmt: skip
FIELDS = ("claim", "verdict", "effect", "low", "high", "scenarios")


def stated(folder: Path) -> None:
    """Leave the small file of claims in a folder."""
    (folder / "claims.yaml").write_text(yaml.safe_dump(TINY, sort_keys=False), encoding="utf-8")


def verdicts(folder: Path) -> list[dict[str, Any]]:
    """What a test found."""
    found: list[dict[str, Any]] = json.loads((folder / "verdicts.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--claims", "none.yaml"), ("none.yaml: cannot be read",)),
        (("--only", "3,99"), ("only names claim 99", "13")),
        (("--only", "three"), ("--only is 'three'", "--only 3,7")),
        (("--scenarios", "1"), ("sample.scenarios is 1",)),
        (("--search-budget", "3"), ("budget is too small",)),
        (("--out", "there"), ("there exists already", "--resume")),
        (("--out", "there", "--resume"), ("there is no test to go on with",)),
    ],
)
def test_what_cannot_be_run_is_refused_in_one_line(
    arguments: tuple[str, ...],
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["hypotheses.py", *arguments])
    main = runpy.run_path(str(ROOT / "scripts" / "hypotheses.py"))["main"]
    assert guarded(main) == REFUSED
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.strip().splitlines()) == 1
    for word in words:
        assert word in printed.err
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A finished small test and what it printed."""
    folder = tmp_path_factory.mktemp("hypotheses")
    stated(folder)
    finished = run("hypotheses.py", "--claims", "claims.yaml", "--out", "whole", "--workers", "1", cwd=folder)
    assert finished.returncode == 0, finished.stderr
    return folder, finished.stdout


@pytest.mark.slow
def test_a_test_leaves_a_verdict_a_number_and_a_figure_for_each_claim(done: tuple[Path, str]) -> None:
    folder, printed = done
    found = verdicts(folder / "whole")
    assert len(found) == 2
    for entry in found:
        assert set(FIELDS) <= set(entry)
        assert entry["verdict"] in ("holds", "fails", "depends")
        assert entry["low"] <= entry["effect"] <= entry["high"]
        assert (folder / "whole" / entry["figure"]).read_bytes().startswith(b"\x89PNG")
    assert [entry["scenarios"] for entry in found] == [3, 2]
    page = (folder / "whole" / "hypotheses.md").read_text(encoding="utf-8")
    for words in ("## 1. Something is better than nothing.", "What is built in", "claim-02.png", "tuned: "):
        assert words in page
    assert "Something is better than nothing." in printed
    assert all(len(line) <= 110 for line in printed.splitlines())


@pytest.mark.slow
def test_a_killed_test_goes_on_to_the_same_verdicts_with_other_workers(done: tuple[Path, str]) -> None:
    folder, _ = done
    process = subprocess.Popen(
        command("hypotheses.py", "--claims", "claims.yaml", "--out", "killed", "--workers", "1"),
        cwd=folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    parts = folder / "killed" / "parts"
    while process.poll() is None and not (parts.is_dir() and any(parts.glob("*.json"))):
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (folder / "killed" / "verdicts.json").exists()
    first = next(parts.glob("*.json"))
    before = first.stat().st_mtime_ns
    resumed = run("hypotheses.py", "--out", "killed", "--resume", "--workers", "2", cwd=folder)
    assert resumed.returncode == 0, resumed.stderr
    assert first.stat().st_mtime_ns == before
    assert verdicts(folder / "killed") == verdicts(folder / "whole")


@pytest.mark.slow
def test_a_resumed_test_keeps_to_what_was_asked_for(done: tuple[Path, str]) -> None:
    folder, _ = done
    refused = run("hypotheses.py", "--out", "whole", "--resume", "--episodes", "9", cwd=folder)
    assert refused.returncode == 2
    assert "differs from what the command line says" in refused.stderr
