"""`scripts/patterns.py` as a user runs it, in a world that takes seconds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.running import refused, run

from juguo_agents.evaluation.seeds import CONFIRMING, PATTERNS

WORLD = "society: {persons: 40, communities: {count: 3, hubs: 1}}\nprogramme: {T: 12}\n"
ASKED = ("--scenario", "tiny.yaml", "--workers", "1")
KEYS = {"number", "name", "holds", "measured", "low", "high", "band", "parts", "source"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds a small world."""
    folder = tmp_path_factory.mktemp("patterns")
    (folder / "tiny.yaml").write_text(WORLD)
    return folder


def test_a_smoke_run_measures_the_patterns_without_searches_and_draws_each(home: Path) -> None:
    done = run("patterns.py", *ASKED, "--smoke", "--out", "all", "--json", cwd=home)
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert data == json.loads((home / "all" / "patterns.json").read_text(encoding="utf-8"))
    assert [pattern["number"] for pattern in data["patterns"]] == [1, 2, 3, 4, 6, 7, 10]
    assert all(set(pattern) >= KEYS and isinstance(pattern["holds"], bool) for pattern in data["patterns"])
    assert data["seeds"] == "making" and data["settings"]["first_seed"] == PATTERNS.first
    for pattern in data["patterns"]:
        picture = home / "all" / f"pattern-{pattern['number']}.png"
        assert picture.read_bytes().startswith(b"\x89PNG")
    page = (home / "all" / "patterns.md").read_text(encoding="utf-8")
    assert "no programme, no diffusion" in page and "![pattern 10](pattern-10.png)" in page


def test_patterns_measured_later_in_a_folder_stand_beside_those_measured_before(home: Path) -> None:
    for number in ("10", "7"):
        done = run("patterns.py", *ASKED, "--smoke", "--only", number, "--out", "some", cwd=home)
        assert done.returncode == 0, done.stderr
    data = json.loads((home / "some" / "patterns.json").read_text(encoding="utf-8"))
    assert [pattern["number"] for pattern in data["patterns"]] == [7, 10]
    done = run("patterns.py", *ASKED, "--episodes", "9", "--only", "7", "--out", "some", cwd=home)
    refused(done, "episodes")


def test_confirming_uses_the_episodes_kept_for_it(home: Path) -> None:
    done = run("patterns.py", *ASKED, "--smoke", "--only", "10", "--confirm", "--out", "sure", cwd=home)
    assert done.returncode == 0, done.stderr
    data = json.loads((home / "sure" / "patterns.json").read_text(encoding="utf-8"))
    assert data["seeds"] == "confirming" and data["settings"]["first_seed"] == CONFIRMING.first


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--only", "11"), ("pattern is 11", "1 to 10")),
        (("--episodes", "0"), ("episodes is 0", "2 to")),
        (("--seed", "-1"), ("first_seed is -1",)),
        (("--seed", str(CONFIRMING.first - 1)), ("kept for --confirm",)),
        (("--scenario", "nowhere"), ("unknown scenario 'nowhere'",)),
        (("--only", "9", "--value", "missing"), ("--value is missing", "scripts/value.py")),
        (("--only", "9", "--value", "missing", "--budget", "500"), ("--budget is 500", "--value")),
    ],
)
def test_what_cannot_be_measured_is_refused_in_one_line(
    home: Path, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    refused(run("patterns.py", *ASKED, *arguments, "--out", "refused", cwd=home), *words)


@pytest.mark.slow
def test_the_searched_patterns_go_on_in_a_folder_of_value(home: Path) -> None:
    numbers = ("--budget", "1200", "--refine", "600", "--searches", "1", "--episodes", "10")
    done = run("value.py", *ASKED, *numbers, "--out", "values", cwd=home)
    assert done.returncode == 0, done.stderr
    before = (home / "values" / "value.json").read_bytes()
    asked = ("--only", "5", "8", "9", "--episodes", "6", "--value", "values", "--out", "searched")
    done = run("patterns.py", *ASKED, *asked, cwd=home)
    assert done.returncode == 0, done.stderr
    data = json.loads((home / "searched" / "patterns.json").read_text(encoding="utf-8"))
    assert [pattern["number"] for pattern in data["patterns"]] == [5, 8, 9]
    assert data["patterns"][0]["details"]["budget"] == 1200
    assert (home / "values" / "value.json").read_bytes() == before
    assert (home / "values" / "searches" / "research").is_dir()
