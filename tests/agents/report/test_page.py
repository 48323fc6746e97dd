"""The page of a comparison: its data, and itself in a real browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from juguo_agents.allocators import BASELINE, make_rule
from juguo_agents.evaluation.course import PLACE
from juguo_agents.evaluation.record import Comparison
from juguo_agents.evaluation.rollout import compare
from juguo_agents.report import summarise
from juguo_agents.report.page import Source, report_page
from juguo_agents.report.page.data import page_data
from juguo_agents.report.tidy import courses, trajectories
from juguo_envs import Scenario
from juguo_envs.worlds.society_map import CHINA, society_map
from tests.agents.report.browser import LACKING, PHONE, Opened, chromium, needs

needs_browser = needs(LACKING)
EVIL = "<script>alert(1)</script>"
ENDING = "</script><img src=x>"
WORLD = {
    "name": "小世界 <b>&amp;",
    "society": {
        "persons": 90,
        "communities": [
            {"name": "北京", "population": 2, "producers": 1, "capability": 0.6, "hub": True},
            {"name": EVIL, "population": 1, "producers": 1, "capability": 0.3},
            {"name": ENDING, "population": 1, "producers": 0, "capability": 0.2},
        ],
    },
    "programme": {"T": 16, "minimum": [1, 1, 1], "maximum": [4, 4]},
}
EPISODES = 12


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    rules = [make_rule(name) for name in ("flat", "experiment_diffusion", "care_only")]
    found = compare(rules, Scenario.parse(WORLD), episodes=EPISODES)
    flat = found.record("flat")
    learned = replace(flat, name="learned_seed0", returns=flat.returns + 0.01)
    return replace(found, records=(*found.records, learned))


def source_of(comparison: Comparison, title: str = "one") -> Source:
    summary = summarise(comparison, {"juguo": "0"})
    return Source(title, summary, courses(comparison), trajectories(comparison), comparison.scenario)


@pytest.fixture(scope="module")
def source(comparison: Comparison) -> Source:
    return source_of(comparison)


def data_in(html: str) -> Any:
    return json.loads(html.split('id="data">')[1].split("</script>")[0])


def unpacked(text: str) -> Any:
    whole = np.frombuffer(base64.b64decode(text), "<u2").astype(float)
    return np.where(whole == 65535, np.nan, whole / 65534)


def test_all_is_in_one_file_and_names_are_no_markup(source: Source) -> None:
    html = report_page([source])
    assert len(html.encode()) < 3_000_000
    assert html.count("<script") == 5  # its data, two libraries, what pages share, its own
    assert EVIL not in html and "<img" not in html.split('id="data"')[1].split("</script>")[0]
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", html.split("<script>")[0])
    assert "default-src 'none'" in html
    assert html.count("<li>") == 5  # the verdict stands there without a script, too


def test_libraries_are_those_that_were_bundled() -> None:
    folder = resources.files("juguo_agents.report.page")
    told = re.findall(r"^([0-9a-f]{64})  (\S+)$", (folder / "LICENSES.txt").read_text(encoding="utf-8"), re.M)
    assert {name for _, name in told} == {"d3.min.js", "plot.umd.min.js"}
    for digest, name in told:
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_the_page_holds_the_numbers_of_the_comparison(source: Source, comparison: Comparison) -> None:
    shown = data_in(report_page([source]))["comparisons"][0]
    summary = json.loads(json.dumps(source.summary))
    assert shown["verdict"] and shown["best"] == summary["best"]
    systems = {system["name"]: system for system in shown["systems"]}
    for entry in summary["allocators"]:
        system, record = systems[entry["name"]], comparison.record(entry["name"])
        assert {name: system[name] for name in entry} == entry
        assert system["indicators"] == summary["indicators"][entry["name"]]
        assert record.course is not None
        course = unpacked(system["course"]["values"]).reshape(record.course.places.shape)
        np.testing.assert_allclose(
            course * system["course"]["scale"],
            record.course.places,
            atol=1e-4 * max(system["course"]["scale"]),
        )
        adoption = unpacked(system["trajectories"]["adoption"]).reshape(-1, 3)
        np.testing.assert_allclose(adoption[:, 0], record.adoption.mean(0), atol=1e-4)
        assert len(system["words"]) >= 3
    assert [place["name"] for place in shown["society"]["places"]] == ["北京", EVIL, ENDING]


def test_where_there_is_much_the_page_holds_fewer_quarters_and_always_the_last(
    source: Source, comparison: Comparison
) -> None:
    room = 2_000
    shown = page_data(source, most=room)
    assert shown["quarters"][-1] == shown["trajectory_quarters"][-1] == 16
    assert 1 <= len(shown["quarters"]) < 16
    held = [
        len(unpacked(s["course"]["values"])) + 3 * 5 * len(shown["trajectory_quarters"])
        for s in shown["systems"]
    ]
    assert sum(held) <= 1.2 * room
    record, system = comparison.record("flat"), next(s for s in shown["systems"] if s["name"] == "flat")
    values = unpacked(system["course"]["values"]).reshape(-1, 3, len(PLACE)) * system["course"]["scale"]
    assert record.course is not None
    money = record.course.places[..., -1].sum(0)
    np.testing.assert_allclose(values[..., -1].sum(0), money, rtol=1e-3)  # none is lost between the quarters


def test_places_stand_on_tiles_by_their_ties_or_on_rings() -> None:
    china = society_map(Scenario.load("china31"))
    assert china["kind"] == "tiles" and len(set(CHINA.values())) == 31
    for name in ("default", "china31"):
        places = society_map(Scenario.load(name))["places"]
        spots = {(place["x"], place["y"]) for place in places}
        assert len(spots) == len(places)
    chain = [{"name": f"p{i}", "population": 1, "producers": 1, "capability": 0.3,
              "neighbours": [f"p{i + 1}"] if i < 5 else []} for i in range(6)]  # fmt: skip
    world = {"society": {"persons": 60, "distant": 0.0, "communities": chain}}
    found = society_map(Scenario.parse(world))
    spots = np.array([[place["x"], place["y"]] for place in found["places"]])
    assert ((spots >= 0.0) & (spots <= 1.0)).all()
    apart = np.linalg.norm(spots[:, None] - spots[None], axis=-1)
    assert apart[0, 5] > 2.0 * apart[0, 1]  # the ends of a chain are far from each other
    assert {tuple(link[:2]) for link in found["links"]} == {(i, i + 1) for i in range(5)}
    assert sum(link[2] for link in found["links"]) == pytest.approx(1.0, abs=1e-4)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def file(source: Source, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(report_page([source]), encoding="utf-8")
    return path


def number(x: float, digits: int = 3, signed: bool = False) -> str:
    text = f"{x:{'+' if signed else ''}.{digits}f}"
    return text.replace("-", "−") if float(text) else text.lstrip("+-")


@needs_browser
def test_it_opens_without_complaint_or_request_and_names_are_text(browser: Any, file: Path) -> None:
    opened = Opened(browser, file)
    assert (opened.complaints, opened.asked) == ([], [])
    assert "小世界 <b>&amp;" in opened.texts("h1")[0]
    options = opened.texts("#place option")
    assert options == ["北京", EVIL, ENDING]
    assert opened.page.locator("img, main script").count() == 0
    assert EVIL[:17] in opened.texts(".map")[0]


@needs_browser
def test_the_ranking_has_the_numbers_of_the_comparison(browser: Any, file: Path, source: Source) -> None:
    opened = Opened(browser, file)
    rows = {row[0].partition(" (")[0]: row for row in opened.cells("#ranking")}
    for entry in source.summary["allocators"]:
        label = entry["name"].replace("_", " ").replace("+exit+relief", ", with exit and relief")
        row = rows[label.replace("learned seed0", "learned, seed 0")]
        ends = "{} [{}, {}]".format(*(number(entry[k]) for k in ("mean", "mean_low", "mean_high")))
        assert row[2] == ends
        assert row[3] == "{} [{}, {}]".format(
            *(number(entry[k], signed=True) for k in ("difference", "difference_low", "difference_high"))
        )
    assert rows["care only"][1] == rows["nothing"][1] == "reference"
    indicators = {row[0].partition(" (")[0]: row for row in opened.cells("#indicators")}
    told = source.summary["indicators"]["flat"]
    assert indicators["flat"][12] == number(100 * next(
        a["excluded"] for a in source.summary["allocators"] if a["name"] == "flat"), 1) + "%"  # fmt: skip
    assert indicators["flat"][13] == number(told["worst_tenth"]["mean"])


@needs_browser
def test_weights_rank_the_systems_anew_and_go_back(browser: Any, file: Path, source: Source) -> None:
    opened = Opened(browser, file)
    before = opened.cells("#ranking")
    for name, value in (("w_b", 0.0), ("w_r", 2.0), ("w_x", 0.0)):
        opened.slide(f"#weight-{name}", value)
    rows = opened.cells("#ranking")
    entries = {a["name"]: a for a in source.summary["allocators"]}
    means = sorted((2.0 * a["resilience"] for a in entries.values()), reverse=True)
    assert [row[2].split(" [")[0] for row in rows] == [number(mean) for mean in means]
    base = 2.0 * entries[BASELINE]["resilience"]
    assert [row[3].split(" [")[0] for row in rows] == [number(mean - base, signed=True) for mean in means]
    assert "approximate" in opened.texts("#ranking [role=status]")[0]
    opened.page.click("#reset")
    assert opened.cells("#ranking") == before
    assert opened.complaints == []


@needs_browser
def test_every_control_changes_what_it_should(browser: Any, file: Path, comparison: Comparison) -> None:
    opened = Opened(browser, file)
    page = opened.page

    def changes(what: str, act: Any) -> None:
        before = page.inner_html(what)
        act()
        assert page.inner_html(what) != before

    heads = opened.texts("#pair .name")
    assert heads[:2] == [
        "A: learned, seed 0",
        "B: experiment diffusion",
    ]  # what was learned, and the best rule
    page.select_option("#system-a", label="flat")
    assert opened.texts("#pair .name") != heads and opened.texts("#pair .name")[0] == "A: flat"
    changes("#pair figure, #pair .chart >> nth=0", lambda: page.select_option("#who", "strata"))
    assert page.locator("#place").is_hidden()
    page.select_option("#who", "place")
    assert page.locator("#place").is_visible()
    changes("#pair .chart >> nth=0", lambda: page.select_option("#place", "2"))
    record = comparison.record("flat")
    assert record.course is not None
    for quantity, at in (("adoption", 15), ("adoption", 3), ("excluded", 3), ("low", 9)):
        page.select_option("#quantity", quantity)
        opened.slide("#quarter", at)
        assert f"Quarter {at + 1} of 16 (year {at // 4 + 1})" in opened.texts(".slider output")[0]
        told = page.eval_on_selector_all(
            ".map >> nth=0 >> g[role=img]", "all => all.map(g => g.getAttribute('aria-label'))"
        )
        for i, name in enumerate(("北京", EVIL, ENDING)):
            value = record.course.places[at, i, PLACE.index(quantity)]
            shown = "nobody" if np.isnan(value) else f"{number(100 * value, 1)}%"
            assert told[i] == f"{name}: {shown}"
    page.click("#play")
    opened.until("document.querySelector('#quarter').value === '15'")
    opened.until("document.querySelector('#play').textContent === 'Play'")
    first = [row[0] for row in opened.cells("#indicators")]
    page.click("#indicators th button >> text=excluded")
    page.click("#indicators th button >> text=excluded")
    shares = [float(row[12].strip("%")) for row in opened.cells("#indicators")]
    assert shares == sorted(shares) and sorted(first) == sorted(row[0] for row in opened.cells("#indicators"))
    assert page.locator("#indicators th[aria-sort=ascending]").count() == 1
    assert opened.complaints == []


@needs_browser
def test_it_can_be_used_by_keyboard(browser: Any, file: Path) -> None:
    opened = Opened(browser, file)
    page = opened.page
    page.focus("#quarter")
    page.keyboard.press("Home")
    assert "Quarter 1 of 16" in opened.texts(".slider output")[0]
    page.focus(".map >> nth=0 >> g[role=img] >> nth=0")
    assert "北京" in opened.texts(".tip")[0]
    page.keyboard.press("ArrowRight")
    assert EVIL in opened.texts(".tip")[0]
    page.keyboard.press("Escape")
    assert page.locator(".tip").is_hidden()


@needs_browser
def test_hovering_tells_values(browser: Any, file: Path) -> None:
    opened = Opened(browser, file)
    chart = opened.page.locator("#ranking .chart svg").first
    box = chart.bounding_box()
    opened.page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 20)
    opened.until("document.querySelector('#ranking .chart').textContent.includes('resilience')")
    opened.page.locator(".map g[role=img]").first.hover()
    assert "adoption" in opened.texts(".tip")[0]


@needs_browser
@pytest.mark.parametrize("width", [PHONE, 1440])
def test_nothing_is_wider_than_the_screen_and_axe_finds_nothing_serious(
    browser: Any, file: Path, width: int
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    opened = Opened(browser, file, width)
    wide = opened.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width
    opened.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    opened.page.select_option("#who", "strata")
    found = Axe().run(opened.page).response["violations"]
    serious = [
        f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found if v["impact"] in ("serious", "critical")
    ]
    assert serious == []


@needs_browser
def test_of_several_comparisons_one_is_chosen(
    browser: Any, source: Source, comparison: Comparison, tmp_path: Path
) -> None:
    other = replace(comparison, records=comparison.records[:3])
    path = tmp_path / "two.html"
    path.write_text(report_page([source, source_of(other, EVIL)]), encoding="utf-8")
    opened = Opened(browser, path)
    before = len(opened.cells("#ranking"))
    assert EVIL in opened.texts("#comparison option")[1]
    opened.page.select_option("#comparison", "1")
    assert len(opened.cells("#ranking")) < before
    assert opened.complaints == []


@needs_browser
def test_a_single_episode_warns(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "single.html"
    alone = source_of(compare([make_rule("flat")], Scenario.parse(WORLD), episodes=1))
    path.write_text(report_page([alone]), encoding="utf-8")
    opened = Opened(browser, path)
    assert "One episode shows no merit" in opened.texts(".warning")[0]
    assert opened.complaints == []
