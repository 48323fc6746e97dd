"""`juguo reproduce`: it tells how long it takes, makes the pages in order, and goes on where it was."""

from __future__ import annotations

import re
import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from juguo_agents.artifacts.identity import record_of, text_of
from juguo_agents.cli import reproduce
from juguo_agents.cli.main import make_app
from juguo_agents.cli.pages import ELSEWHERE, PAGES, ResultsPage, Step
from juguo_agents.cli.reproduce import (
    Reproduce,
    ReproducedRecord,
    check_needs,
    done,
    estimate,
    lowered,
    words_of,
    write_pages,
)
from juguo_envs.errors import UserError
from juguo_envs.worlds.scenario import Scenario
from tests.running import juguo, refused, succeeded

ROOT = Path(__file__).parents[3]
BRIEF = ResultsPage(
    "a page",
    "learned-allocators",
    ("default",),
    (
        Step("rules", "evaluate flat --scenario tiny.yaml --episodes 3", "comparison.md", 1.0, "--seed 5"),
        Step("again", "evaluate market --scenario tiny.yaml --episodes 3", "comparison.md", 1.0, ""),
    ),
)
TINY = "name: tiny\nsociety: {persons: 60, communities: {count: 3, hubs: 1}}\nprogramme: {T: 8}\n"


@pytest.mark.parametrize("name", PAGES)
def test_every_command_of_a_page_exists_and_its_worlds_ship(name: str) -> None:
    page = PAGES[name]
    assert (ROOT / "docs" / "explanation" / f"{page.about}.md").is_file()
    for quick in (False, True):
        for step in page.steps:
            words = words_of(name, step, Reproduce(quick=quick))
            assert not [word for word in words if "{" in word]
            make_app().parse_args(words, exit_on_error=False, print_error=False)
    assert all(Scenario.load(world).digest() for world in page.worlds)
    names = [step.name for step in page.steps]
    assert len(set(names)) == len(names)


def test_the_estimate_counts_what_is_left(tmp_path: Path) -> None:
    asked = Reproduce(out=tmp_path)
    whole = estimate(PAGES, asked)
    minutes = {name: sum(step.minutes for step in page.steps) for name, page in PAGES.items()}
    total = sum(minutes.values())
    assert f"about {total:.0f} minutes on two cores" in whole
    assert all(name in whole for name in ELSEWHERE)
    (tmp_path / "comparison" / "all").mkdir(parents=True)
    (tmp_path / "comparison" / "all" / "comparison.md").touch()
    left = sum((minutes | {"comparison": 0.0}).values())
    assert total - left == 1.0
    assert f"about {left:.0f} minutes" in estimate(PAGES, asked)


def test_a_page_that_needs_another_is_refused_without_it(tmp_path: Path) -> None:
    needs = r"--only benchmark/full: needs .*(training/\w+), of the page \1; make both"
    with pytest.raises(UserError, match=needs):
        check_needs({"benchmark/full": PAGES["benchmark/full"]}, tmp_path)
    check_needs(PAGES, tmp_path)
    alone = {
        f"benchmark/{name}": PAGES[f"benchmark/{name}"] for name in ("rules", "zoo", "searched", "learners")
    }
    check_needs(alone, tmp_path)
    assert sum(len(page.cards) for page in alone.values()) >= 12


def test_a_folder_of_tiny_numbers_or_of_another_model_is_not_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY)
    monkeypatch.setitem(PAGES, "brief", BRIEF)
    succeeded(juguo("reproduce", "--only", "brief", "--quick", "--out", "tiny", cwd=tmp_path))
    done = juguo("reproduce", "--only", "brief", "--out", "tiny", cwd=tmp_path)
    refused(done, "tiny was begun with --quick; name another --out")
    monkeypatch.setattr(reproduce, "MODEL", "0" * 14)
    done = juguo("reproduce", "--only", "brief", "--quick", "--out", "tiny", cwd=tmp_path)
    refused(done, "tiny was begun with another version of the model")


def test_what_ends_a_command_is_told_with_how_to_go_on_with_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(words: list[str]) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(PAGES, "brief", BRIEF)
    monkeypatch.setattr(reproduce, "run", full)
    done = juguo("reproduce", "--only", "brief", cwd=tmp_path)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.endswith("; go on with: juguo reproduce --only brief --out reproduced")


def test_pages_are_written_and_a_second_run_goes_on_where_the_first_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY)
    broken = replace(BRIEF.steps[1], command="evaluate markt --episodes 3")
    monkeypatch.setitem(PAGES, "brief", replace(BRIEF, steps=(BRIEF.steps[0], broken)))
    stopped = juguo("reproduce", "--only", "brief", cwd=tmp_path)
    assert stopped.returncode == 2 and "did you mean 'market'" in stopped.stderr
    assert "what is done is kept" in stopped.stderr
    made = tmp_path / "reproduced" / "brief" / "rules" / "comparison.md"
    before = made.stat().st_mtime_ns
    monkeypatch.setitem(PAGES, "brief", BRIEF)
    succeeded(juguo("reproduce", "--only", "brief", "--docs", "docs", cwd=tmp_path))
    assert made.stat().st_mtime_ns == before and done(BRIEF.steps[1], tmp_path / "reproduced" / "brief")
    page = (tmp_path / "docs" / "results" / "measured" / "brief.md").read_text(encoding="utf-8")
    assert f"| world | `default` {Scenario.load('default').digest()} |" in page
    assert re.search(r"\| machine \| \d+ cores, \w[\w-]+ \|", page)
    assert "| versions | juguo " in page and "| command | `juguo reproduce --only brief` |" in page
    assert all(shlex.split(step.command)[1] in page for step in BRIEF.steps)
    assert page.count("\n# ") == 0 and page.startswith("# ") and "![" not in page


def test_pages_of_a_folder_are_written_for_each_language_with_the_day_at_their_head(tmp_path: Path) -> None:
    page = replace(BRIEF, steps=(Step("answers", "study questions", "questions.json", 1.0),), folders=True)
    head = "# A\n\n| | |\n|---|---|\n| x | y |\n\nText.\n"
    for lang in ("en", "zh"):
        home = tmp_path / "out" / "asked" / "answers" / lang
        home.mkdir(parents=True)
        for name, content in (("a.md", head), ("index.md", "# All\n\nText.\n"), ("a.png", "picture")):
            (home / name).write_text(content)
    asked = Reproduce(out=tmp_path / "out")
    indexes = write_pages("asked", page, asked, tmp_path / "docs")
    assert indexes == [tmp_path / "docs" / path / "index.md" for path in ("asked", "zh/asked")]
    assert all(
        (index.read_text(), (index.parent / "a.png").read_text()) == ("# All\n\nText.\n", "picture")
        for index in indexes
    )
    lines = (tmp_path / "docs" / "asked" / "a.md").read_text().splitlines()
    assert re.fullmatch(r"\| measured \| \d{4}-\d\d-\d\d \|", lines.pop(4))
    assert "\n".join(lines) + "\n" == head
    write_pages("asked", page, Reproduce(out=tmp_path / "out", quick=True), tmp_path / "quick")
    assert "They say nothing" in (tmp_path / "quick" / "asked" / "index.md").read_text()


def test_a_part_of_a_page_is_made_alone_in_the_folder_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY)
    for step in BRIEF.steps:
        monkeypatch.setitem(PAGES, f"brief/{step.name}", replace(BRIEF, steps=(step,)))
    succeeded(juguo("reproduce", "--only", "brief/again", "--docs", "docs", cwd=tmp_path))
    home, results = tmp_path / "reproduced" / "brief", tmp_path / "docs" / "results" / "measured"
    assert [path.name for path in home.iterdir()] == ["again"]
    assert [path.name for path in results.iterdir()] == ["brief-again.md"]
    page = (results / "brief-again.md").read_text(encoding="utf-8")
    assert "`juguo reproduce --only brief/again`" in page and "](../brief.md)" in page
    before = (home / "again" / "comparison.md").stat().st_mtime_ns
    succeeded(juguo("reproduce", "--only", "brief", "--docs", "docs", cwd=tmp_path))
    assert {path.name for path in results.iterdir()} == {"brief-again.md", "brief-rules.md"}
    assert (home / "again" / "comparison.md").stat().st_mtime_ns == before
    refused(juguo("reproduce", "--only", "brief/rulse", cwd=tmp_path), "did you mean 'brief/rules'")


def test_scorecards_join_those_beside_the_guide_and_all_of_them_make_the_leaderboard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "results", tmp_path / "results", ignore=shutil.ignore_patterns("held_out"))
    cards = {path.name: path.read_text() for path in (tmp_path / "results").iterdir()}
    (tmp_path / "results" / "flat.json").write_text("half a ca")
    (tmp_path / "results" / "nothing.json").unlink()
    monkeypatch.setitem(
        PAGES, "benchmark/flat", replace(BRIEF, steps=(Step("cards/flat.json", "x", None, 1.0),))
    )
    made = tmp_path / "reproduced" / "benchmark" / "cards" / "flat.json"
    made.parent.mkdir(parents=True)
    made.write_text(cards["flat.json"])
    (tmp_path / "reproduced" / "reproduced.json").write_text(
        text_of(record_of(ReproducedRecord, {"quick": False}, None))
    )
    succeeded(juguo("reproduce", "--only", "benchmark/flat", "--docs", "docs", cwd=tmp_path))
    assert {path.name: path.read_text() for path in (tmp_path / "results").iterdir()} == {
        name: text for name, text in cards.items() if name != "nothing.json"
    }
    page = (tmp_path / "docs" / "results" / "benchmark.md").read_text(encoding="utf-8")
    assert "| `flat` |" in page and "| `zoo` |" in page and "| `nothing` |" not in page
    assert "`juguo benchmark --leaderboard results`" in page
    (tmp_path / "results" / "zoo.json").write_text("half a ca")
    refused(juguo("reproduce", "--only", "benchmark/flat", "--docs", "docs", cwd=tmp_path), "zoo.json")
    assert (tmp_path / "docs" / "results" / "benchmark.md").read_text(encoding="utf-8") == page


def test_the_leaderboard_has_every_entry_that_a_page_makes() -> None:
    made = {Path(step.name).name for page in PAGES.values() for step in page.cards}
    assert made <= {path.name for path in (ROOT / "results").glob("*.json")}


def test_what_cannot_be_made_is_refused(tmp_path: Path) -> None:
    refused(juguo("reproduce", "--only", "mapp", cwd=tmp_path), "did you mean 'map'")
    refused(juguo("reproduce", "--only", "performance", cwd=tmp_path), "make bench")
    refused(juguo("reproduce", "--quick", "--docs", "x", cwd=tmp_path), "--quick makes none")
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_people_wrote_stays_and_it_is_told_where_to_read_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = replace(BRIEF, steps=BRIEF.steps[:1])
    made = tmp_path / "out" / "brief" / "rules" / "comparison.md"
    made.parent.mkdir(parents=True)
    written, docs = tmp_path / "docs" / "results" / "brief.md", tmp_path / "docs"
    written.parent.mkdir(parents=True)
    written.write_text("what we read in it")
    asked = Reproduce(out=tmp_path / "out", docs=docs)
    told = []
    for numbers in ("1.0", "1.0", "2.0"):
        made.write_text(f"# A\n\n{numbers}\n")
        (path,) = write_pages("brief", page, asked, docs)
        assert path == docs / "results" / "measured" / "brief.md" and numbers in path.read_text()
        path.write_text(re.sub(r"measured \| \S+", "measured | 2000-01-01", path.read_text()))
        told.append(capsys.readouterr().err)
    assert told[:2] == ["", ""] and "says something else than before; read" in told[2]
    assert written.read_text() == "what we read in it"


def test_a_part_keeps_its_code_and_loses_its_figures() -> None:
    assert lowered("# A\n\n![x](x.png)\n```\n# no heading\n```\n") == "### A\n\n```\n# no heading\n```"
    assert lowered("# A\n\n![x](x.png)\n\n*How to read it.*\n\n*No* caption.\n") == "### A\n\n*No* caption."
    assert lowered("![x](x.png)\n\n**No** caption **either**") == "**No** caption **either**"
    assert lowered("```\na\n\n\nb\n```\n") == "```\na\n\n\nb\n```"
    page = "## Figures\n\nAlike.\n\n### Return\n\nx\n\n## Words\n\n- y\n\n## After\n\nz\n"
    assert lowered(page) == "#### After\n\nz"


def test_a_comparison_as_a_part_has_its_numbers_and_nothing_of_its_figures(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY)
    words = ["flat", "market", "--scenario", "tiny.yaml", "--episodes", "3"]
    succeeded(juguo("evaluate", *words, "--out", "x", cwd=tmp_path))
    part = lowered((tmp_path / "x" / "comparison.md").read_text(encoding="utf-8"))
    assert "#### The numbers" in part and "| `market` |" in part
    assert "whisker" not in part and "**Interval**" not in part and "Figures" not in part


def test_minutes_are_told_for_every_step() -> None:
    assert all(step.minutes > 0.0 for page in PAGES.values() for step in page.steps)
    assert reproduce.PAGES is PAGES
