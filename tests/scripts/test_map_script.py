"""`scripts/map.py` as a user runs it: what it prints and leaves, how it refuses, stops and goes on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
from tests.running import ENVIRONMENT, command, load_script, run

from juguo_agents.cli.common import REFUSED, guarded
from juguo_agents.studies.map.design import Settings

WORLD = "society: {persons: 60, communities: {count: 3, hubs: 1}}\n"


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A map that was killed outright and gone on with, and what that printed."""
    folder = tmp_path_factory.mktemp("maps")
    (folder / "tiny.yaml").write_text(WORLD)
    arguments = ("--smoke", "--points", "24", "--scenario", "tiny.yaml", "--out", "m", "--workers", "1")
    parts = folder / "m" / "parts"
    with subprocess.Popen(
        command("map.py", *arguments),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=ENVIRONMENT,
    ) as process:
        deadline = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < deadline and not list(parts.glob("part-*")):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert list(parts.glob("part-*"))
    assert not (folder / "m" / "map.json").exists()
    done = run("map.py", "--out", "m", "--resume", "--workers", "2", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


@pytest.mark.slow
def test_a_map_prints_who_wins_and_leaves_words_and_figures(mapped: tuple[Path, str]) -> None:
    folder, printed = mapped
    for words in ("24 worlds, 3 episodes each", "egalitarian", "programmes with ≥ 5%", "m/map.md"):
        assert words in printed
    assert all(len(line) <= 110 for line in printed.splitlines())
    words = (folder / "m" / "map.md").read_text()
    figures = {path.name for path in (folder / "m").glob("*.png")}
    assert figures >= {"shares.png", "map.png", "differences.png", "indices.png", "switches.png"}
    assert {line for line in words.splitlines() if line.startswith("![")} == {
        f"![{name.removesuffix('.png')}]({name})" for name in figures
    }


@pytest.mark.slow
def test_a_finished_map_is_told_again_and_json_prints_nothing_else(mapped: tuple[Path, str]) -> None:
    folder, _ = mapped
    before = (folder / "m" / "runs.parquet").read_bytes()
    done = run("map.py", "--out", "m", "--resume", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads((folder / "m" / "map.json").read_text())
    assert (folder / "m" / "runs.parquet").read_bytes() == before


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script as a module."""
    return load_script("map.py")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--smoke", "--out", "m"), "m exists already; add --resume"),
        (("--out", "m", "--resume", "--points", "5"), "--points is 5, but the map in m has 24"),
        (("--out", "m", "--resume", "--smoke"), "--points is 4, but the map in m has 24"),
        (
            ("--out", "m", "--resume", "--scenario", "poor"),
            "--scenario is poor, but the map in m has another",
        ),
        (("--out", "nowhere", "--resume"), "there is no map to go on with"),
        (("--resume",), "--resume needs --out"),
        (("--points", "1", "--out", "new"), "points is 1; allowed is 2 to"),
        (("--workers", "0", "--out", "new"), "--workers is 0; allowed is 1 or more"),
        (("--scenario", "defualt", "--out", "new"), "did you mean 'default'"),
        (("--design", "grid", "--out", "new"), "invalid choice: 'grid'"),
    ],
)
def test_a_map_refuses_what_it_cannot_use(
    script: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m").mkdir()
    Settings(points=24).save(tmp_path / "m")
    monkeypatch.setattr(sys, "argv", ["map.py", *arguments])
    try:
        status = guarded(script.main)
    except SystemExit as refused:  # by the parser
        status = refused.code
    assert status == REFUSED
    assert words in capsys.readouterr().err.strip().splitlines()[-1]
    assert not (tmp_path / "new").exists()
    assert [path.name for path in (tmp_path / "m").iterdir()] == ["settings.json"]
