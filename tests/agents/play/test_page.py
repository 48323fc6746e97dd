"""The page of a play in a real browser: a person plays a programme to its end."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from juguo_agents.allocators import make_rule
from juguo_agents.artifacts.play_file import load_play
from juguo_agents.play.session import Session
from juguo_envs import Scenario
from tests.agents.play.playing import served
from tests.agents.report.browser import DESKTOP, LACKING, PHONE, Opened, chromium, needs
from tests.running import juguo, succeeded

LACKING = [*LACKING, *(name for name in ("starlette", "uvicorn") if importlib.util.find_spec(name) is None)]
pytestmark = needs(LACKING)
EVIL = "<script>alert(1)</script>"
WORLD = Scenario.parse(
    {
        "name": "小世界 <b>",
        "society": {
            "persons": 88,
            "communities": [
                {"name": "北京", "population": 2, "producers": 1, "capability": 0.6, "hub": True},
                {"name": EVIL, "population": 1, "producers": 1, "capability": 0.3},
                {"name": "</script><img src=x>", "population": 1, "producers": 0, "capability": 0.2},
            ],
        },
        "programme": {"T": 12, "minimum": [2, 2, 2], "maximum": [8, 8]},
    }
)
SEED = 3


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


class Playing(Opened):
    """A page on which a person plays."""

    @property
    def quarter(self) -> int:
        """How far the programme is, by the curves' table."""
        return int(self.page.evaluate("document.documentElement.dataset.quarter"))

    def press(self, button: str) -> None:
        """Press a button, and wait for the answer."""
        count = int(self.page.evaluate("document.documentElement.dataset.answers"))
        self.page.click(f"#{button}")
        self.until(f"Number(document.documentElement.dataset.answers) > {count}")


@pytest.fixture
def session() -> Session:
    return Session(WORLD, SEED, [make_rule("flat")])


@pytest.mark.parametrize(("width", "lang"), [(DESKTOP, "en"), (PHONE, "zh")])
def test_a_programme_is_played_to_its_end(
    browser: Any, session: Session, tmp_path: Path, width: int, lang: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with served(session, tmp_path / "plays", lang) as address:
        opened = Playing(browser, address, width)
        page = opened.page
        assert page.locator(".map text.halo").all_text_contents()[:2] == ["北京", EVIL[:17] + "…"]
        assert page.locator("main img, main script").count() == 0 and "小世界 <b>" in opened.texts("h1")[0]
        assert page.locator("#end").is_hidden()
        opened.slide("#use-research", 100)
        opened.slide("#openness", 0.25)
        page.select_option("#by", "each")
        opened.slide("#place-1", 100)
        opened.press("quarter")
        taken = session.decisions[0]
        assert (taken.functions.research, taken.openness, taken.advance) == (100, 0.25, False)
        assert taken.places == [50 * 0.5, 100 * 0.25, 50 * 0.25]
        opened.press("year")
        assert opened.quarter == 5 == session.programme.quarter
        assert page.get_attribute("#advance", "aria-disabled") == "false"
        opened.press("advance")
        opened.press("undo")
        assert opened.quarter == 5
        opened.press("abandon")
        assert session.programme.moments[-1].gave_up
        assert any(str(6) in text for text in opened.texts("#log li"))
        before = page.inner_html("#society .map >> nth=1")
        page.select_option("#rival", "1")
        page.select_option("#quantity", "resilience")
        assert page.inner_html("#society .map >> nth=1") != before
        while not session.over:
            opened.press("year")
        assert page.locator("#end").is_visible() and len(session.decisions) == 12
        rows = {row[0]: row for row in opened.cells("#end")}
        assert len(rows) == 4
        mine = rows["you" if lang == "en" else "你"]
        assert mine[1] == f"{session.programme.earned:.3f}".replace("-", "−")
        for ghost in session.ghosts:
            assert any(row[1] == f"{ghost.programme.earned:.3f}".replace("-", "−") for row in rows.values())
        opened.press("save")
        file = next((tmp_path / "plays").iterdir())
        assert load_play(file).record.decisions == session.decisions
        assert opened.cells("#plays")[0][:3] == [file.name, "1", mine[1]]
        opened.press("again")
        assert opened.quarter == 0 and page.locator("#end").is_hidden()
        page.click("#plays button")
        opened.until("document.documentElement.dataset.quarter === '12'")
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page).response["violations"]
        assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []
        assert (opened.complaints, opened.asked) == ([], [])
        page.close()
    done = juguo("evaluate", file, "--seed", str(SEED), "--episodes", "1", "--json", cwd=tmp_path)
    told = {row["name"]: row["mean"] for row in json.loads(succeeded(done))["allocators"]}
    assert told[load_play(file).name] == session.programme.earned


def test_it_is_played_by_keyboard_and_a_page_that_is_left_behind_says_so(
    browser: Any, session: Session, tmp_path: Path
) -> None:
    with served(session, tmp_path / "plays") as address:
        opened, other = Playing(browser, address), Playing(browser, address)
        page = opened.page
        page.focus("#use-service")
        page.keyboard.press("End")
        page.focus("#quarter")
        page.keyboard.press("Enter")
        opened.until("document.documentElement.dataset.quarter === '1'")
        assert session.decisions[0].functions.service == 100
        assert page.evaluate("document.activeElement.id") == "quarter"
        page.focus("#society .map >> nth=0 >> g[role=img] >> nth=0")
        page.keyboard.press("ArrowRight")
        assert EVIL in opened.texts(".tip")[0]
        other.press("quarter")
        assert "load the page anew" in other.texts("[role=alert]")[0] and session.programme.quarter == 1
        other.complaints = [text for text in other.complaints if "409" not in text]  # the browser's own word
        other.page.reload()
        other.page.wait_for_selector("html[data-ready=yes]", timeout=60_000)
        assert other.page.input_value("#use-service") == "100"
        assert opened.complaints == other.complaints == []
    page.click("#quarter")
    opened.until("document.querySelector('[role=alert]').textContent.includes('Is it still running')")
