"""Questions of policy: the options that are compared, the answers that numbers give, and their pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from juguo_agents.allocators import Setting
from juguo_agents.artifacts.identity import StudyRecord, headed, record_of, sealed, text_of
from juguo_agents.provenance import MODEL
from juguo_agents.report.names import PROPOSAL
from juguo_agents.report.texts import languages, speaking, texts
from juguo_agents.studies.arrays import Arrays
from juguo_agents.studies.hypotheses.analysis import as_json, results_of
from juguo_agents.studies.questions import claims as claims_
from juguo_agents.studies.questions.analysis import MEASURED, RETURN, answer
from juguo_agents.studies.questions.pages import answer as answer_in_words
from juguo_agents.studies.questions.pages import claim_page, elsewhere, pages, question_page
from juguo_agents.studies.questions.questions import DEFAULT, POOR, QUESTIONS, Case, Question
from juguo_agents.studies.questions.study import Questions, QuestionsSettings
from juguo_envs.engine.batch import Batch
from juguo_envs.errors import UserError
from tests.agents.studies.conducting import conducted
from tests.agents.studies.test_hypotheses import TEST, made_up

GUIDE = Path(__file__).parents[3] / "docs"
ASKED = Question(
    "pilots", "one", QUESTIONS["pilots"].options, (Case(DEFAULT), Case(POOR), Case(DEFAULT, "flat"))
)
CHOICE, EPISODES = 4, 40


def episodes(*means: float, seed: int = 0) -> list[Arrays]:
    """Options with these mean returns, around which all vary alike, and each a little by itself."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=CHOICE + EPISODES)
    returns = [mean + common + 0.01 * rng.normal(size=CHOICE + EPISODES) for mean in means]
    return [dict.fromkeys(MEASURED, values) for values in returns]


def answered(*cases: Sequence[float]) -> dict[str, Any]:
    return answer(ASKED, [episodes(*means, seed=i) for i, means in enumerate(cases)], CHOICE)


def numbers(text: str) -> list[float]:
    return sorted(map(float, re.findall(r"\d*\.?\d+", text)))


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=lambda question: question.name)
def test_every_option_of_a_question_can_be_run_and_has_words(question: Question) -> None:
    names = [option.name for option in question.options]
    assert question.reference in names and len(set(names)) == len(names)
    assert len({case.name for case in question.cases}) == len(question.cases) > 2
    for option in question.options:
        case = question.cases[-1]
        world = case.world.scenario().override({"society.persons": 100})
        allocator, batch = option.allocator(case.doctrine), Batch(world, 2)
        allocator.start(Setting.of(world), np.arange(2, dtype=np.uint64))
        batch.step(allocator.act(batch.reset(np.arange(2, dtype=np.uint64))))
        if case.doctrine:
            assert all(f"questions.{question.name}.{option.words}" in texts(lang) for lang in languages())


def test_options_differ_in_one_thing() -> None:
    exits = [option.allocator(PROPOSAL) for option in QUESTIONS["three_in_a_row"].options]
    assert [rule.exit for rule in exits] == ["none", "common"]  # type: ignore[attr-defined]
    first, last = QUESTIONS["give_up"].options[1], QUESTIONS["give_up"].options[-1]
    assert (first.allocator("flat").exit_use, last.allocator("flat").exit_trial) == (0.05, 0.5)  # type: ignore[attr-defined]
    assert first.allocator("flat").name == "flat+exit+relief"


def test_a_clear_difference_is_told_with_where_it_does_not_hold() -> None:
    found = answered((0.0, 0.1, 0.2, 0.5), (0.0, 0.0, 0.0, 0.0), (0.3, 0.0, 0.0, 0.2))
    assert (found["best"], found["other"], found["tied"]) == ("all", "one", [])
    assert found["cases"][0]["difference"]["low"] > 0.0 > found["cases"][2]["difference"]["high"]
    assert answer_in_words("pilots", found).startswith(
        f"In `default` under `{PROPOSAL}`, pilots in all places earns 0."
    )
    assert "over all other options" in answer_in_words("pilots", found)
    where = elsewhere(found)
    assert re.search(r"A loss is shown in `default` under `flat` \(−0\.", where)
    assert re.search(r"No difference is shown in `poor` \([+−]?0\.00", where) and "The same" not in where


def test_a_tie_is_called_a_tie() -> None:
    found = answered((0.0, -1.0, -1.0, 0.001), (0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.5))
    assert {found["best"], found["other"]} == {"one", "all"}
    assert "cannot be told apart" in answer_in_words("pilots", found)
    assert re.search(r"(gain|loss) is shown in `default` under `flat`", elsewhere(found))
    assert "The same is found in `poor`" in elsewhere(found)


def test_the_reference_is_compared_with_the_next_best() -> None:
    found = answered((1.0, 0.0, 0.9, 0.5), (1.0, 0.0, 0.9, 0.5), (1.0, 0.0, 0.9, 0.5))
    assert (found["best"], found["other"]) == ("one", "half")
    assert elsewhere(found).startswith("In none of the cases here. The same is found in")


def test_what_is_chosen_by_luck_is_measured_on_other_episodes() -> None:
    cases = [episodes(0.0, 0.0, 0.0, 0.2) for _ in ASKED.cases]
    lucky = cases[0][1][RETURN].copy()
    lucky[:CHOICE] += 5.0
    cases[0][1] = dict.fromkeys(MEASURED, lucky)
    found = answer(ASKED, cases, CHOICE)
    assert found["best"] == "quarter" and "cannot be told apart" in answer_in_words("pilots", found)
    assert found["tied"] == ["half", "all"]  # the last earns even more


def test_a_page_says_the_same_numbers_in_every_language() -> None:
    found = answered((0.0, 0.1, 0.2, 0.5), (0.0, 0.0, 0.0, 0.0), (0.3, 0.0, 0.0, 0.2))
    settings = {"episodes": EPISODES, "choice": CHOICE, "first_seed": 800_000}
    pages = {}
    for lang in languages():
        with speaking(lang):
            pages[lang] = question_page("pilots", found, {"settings": settings, "versions": {"juguo": "1.0"}})
    assert len({tuple(numbers(page)) for page in pages.values()}) == 1
    assert len(set(pages.values())) == len(pages)
    assert f"`default` {DEFAULT.scenario().digest()}" in pages["en"] and "![" in pages["en"]


def test_a_question_is_run_and_its_pages_are_written(tmp_path: Path) -> None:
    page = conducted(Questions, tmp_path, only=("poor_or_strong",), episodes=2)
    (found,) = page.data["questions"].values()
    assert [case["world"] for case in found["cases"]] == ["default", "poor", "crisis", "china31"] + 2 * [
        "default"
    ]
    for lang in languages():
        text = (tmp_path / lang / "poor_or_strong.md").read_text(encoding="utf-8")
        assert text.count("\n| `") == 1 + len(found["cases"]) - 1
        figure = (tmp_path / lang / "poor_or_strong.png").read_bytes()
        assert figure.startswith(b"\x89PNG") and 5_000 < len(figure) < 60_000
        assert "](poor_or_strong.md)" in (tmp_path / lang / "index.md").read_text(encoding="utf-8")


STATED = TEST.claims.model_dump(mode="json", exclude_unset=True)


@pytest.fixture(scope="module")
def claims() -> list[dict[str, Any]]:
    """Two claims as they are found; the first rests on a part that is true in half of the worlds."""
    found = [as_json(TEST, result) for result in results_of(TEST, made_up())]
    return [{**found[0], "part": "it pays", "verdict": "depends"}, *found[1:]]


def test_the_page_of_a_claim_has_verdict_interval_and_where_it_does_not_hold(
    claims: list[dict[str, Any]],
) -> None:
    data = {"claims": {"stated": STATED, "found": claims}}
    page = claim_page(claims[0], data, "..")
    part = claims[0]["parts"][0]
    assert page.startswith("# Openness pays, later more than earlier\n")
    assert "verdict is **depends**" in page and f"{part['low']:+.3f}".replace("-", "−") in page
    assert re.search(
        r"\n- budget \(B\) up to [\d.]+: for in 0%, against in 100% of \d+ scenarios, mean −0\.2", page
    )
    assert re.search(r"`juguo study hypotheses --scenarios 96 .*--tuning-budget \d+`", page)
    assert f"`default` {DEFAULT.scenario().digest()}" in page
    assert "do not tell" in claim_page(claims[1], data, "..") or "too few" in claim_page(
        claims[1], data, ".."
    )


def test_pages_of_claims_and_the_index_say_the_same_numbers_in_every_language(
    claims: list[dict[str, Any]],
) -> None:
    found = pages({"questions": {}, "claims": {"stated": STATED, "found": claims}})
    texts_ = {
        name: content.decode()
        for name, content in found.items()
        if name.endswith(".md") and isinstance(content, bytes)
    }
    assert len(texts_) == 2 * (len(claims) + 1)
    for name, text in texts_.items():
        if name.startswith("en/"):
            assert numbers(text) == numbers(texts_[name.replace("en/", "zh/")]), name
            assert text != texts_[name.replace("en/", "zh/")]
    for claim in claims:
        assert f"]({claims_.page_name(claim)}.md)" in texts_["zh/index.md"]


def held(folder: Path, claims: list[dict[str, Any]], model: str) -> Path:
    """A folder in which a study `hypotheses` is finished."""
    of = "0" * 16
    settings = {"study": "hypotheses", "id": of, "version": 1, "settings": {"claims": STATED, "only": [6, 7]}}
    folder.mkdir()
    (folder / "settings.json").write_text(text_of(record_of(StudyRecord, settings, None, model)))
    found = {"claims": claims, "model": model, "of": of}
    (folder / "verdicts.json").write_text(text_of(sealed(headed(claims_.VerdictsRecord, found))))
    return folder


def test_claims_are_read_from_a_finished_study_of_the_same_model(
    claims: list[dict[str, Any]], tmp_path: Path
) -> None:
    assert claims_.claims_of(None) == {}
    read = claims_.claims_of(held(tmp_path / "a", claims, MODEL))
    assert read == {"stated": STATED, "found": claims}
    with pytest.raises(UserError, match="another version of the model"):
        claims_.claims_of(held(tmp_path / "b", claims, "0" * 14))
    with pytest.raises(UserError, match="is finished"):
        QuestionsSettings.parse({"claims": tmp_path})


@pytest.mark.parametrize("name", [*QUESTIONS, *(f"claim_{i + 1:02d}" for i in range(13)), "index"])
def test_the_guide_has_a_page_of_every_question_and_claim_with_equal_numbers_in_both_languages(
    name: str,
) -> None:
    english, chinese = (GUIDE / home / "questions" / f"{name}.md" for home in ("", "zh"))
    one, other = (page.read_text(encoding="utf-8") for page in (english, chinese))
    assert numbers(one) == numbers(other)
    if name != "index":
        for page, text in ((english, one), (chinese, other)):
            figure = page.with_suffix(".png")
            assert f"]({figure.name})" in text and figure.stat().st_size < 60_000
            assert f"]({page.name})" in (page.parent / "index.md").read_text(encoding="utf-8")


def test_what_cannot_be_asked_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="did you mean 'pilots'"):
        QuestionsSettings.parse({"only": ("pilot",)})
    with pytest.raises(UserError, match="seed is"):
        QuestionsSettings.parse({"first_seed": 2**31})
