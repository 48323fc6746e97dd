"""The paper's claims as a finished study `hypotheses` found them, and a page for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from matplotlib.figure import Figure

from juguo_agents.artifacts.identity import STUDY, Record, StudyRecord, read_record
from juguo_agents.evaluation.effects import Bound, Leaf
from juguo_agents.evaluation.outcomes import OUTCOMES
from juguo_agents.folders import SETTINGS_FILE
from juguo_agents.provenance import MODEL
from juguo_agents.report.figures.style import BLACK, headed
from juguo_agents.report.formatting import number
from juguo_agents.report.texts import say, sentences, translated
from juguo_agents.studies.hypotheses.analysis import SIDES, leaf_words
from juguo_agents.studies.hypotheses.figures import by_effect
from juguo_agents.studies.hypotheses.study import NUMBERS
from juguo_agents.studies.study import DATA_FORMAT
from juguo_agents.tables import markdown_table, wrapped
from juguo_envs.errors import UserError
from juguo_envs.worlds.sampling import axes

VERDICTS = "verdicts.json"
FORMER = {
    1: "depends", 2: "depends", 3: "depends", 4: "holds", 5: "holds", 6: "undecided", 7: "undecided",
    8: "holds", 9: "refuted", 10: "depends", 11: "depends", 12: "holds", 13: "depends",
}  # fmt: skip
"""Verdicts by number in the model as it was on 2026-11-25, over 96 worlds, 24 of them with searches."""


class VerdictsRecord(Record):
    """What the file of verdicts holds; see `juguo_agents.studies.hypotheses.analysis.as_json`."""

    KIND: ClassVar[str] = "juguo_hypotheses"
    FORMAT: ClassVar[int] = DATA_FORMAT
    WHAT: ClassVar[str] = "the verdicts of the study `hypotheses`"
    AGAIN: ClassVar[str] = "restore the file as it was written, or run that study again in its folder"

    claims: list[dict[str, Any]]


def claims_of(folder: Path | None) -> dict[str, Any]:
    """What a finished study `hypotheses` stated and found; without a folder nothing.

    Returns:
        `stated`, the file of claims as it was run, and `found`, the entry of each claim that was tested.

    Raises:
        UserError: If no such study is finished in the folder, or it is of another version of the model.
    """
    if folder is None:
        return {}
    path = folder / VERDICTS
    if not path.is_file():
        raise UserError(
            f"claims is {folder}; allowed is a folder in which `juguo study hypotheses` is finished"
        )
    record = read_record(path, VerdictsRecord)[1]
    STUDY.check(path, record.of, UserError)
    if record.model != MODEL:
        raise UserError(
            f"claims is {folder}, which was made with another version of the model; run it anew elsewhere"
        )
    settings = read_record(folder / SETTINGS_FILE, StudyRecord)[1].settings
    return {"stated": settings["claims"], "found": record.claims}


def command(stated: Mapping[str, Any]) -> str:
    """What tests the claims at these numbers."""
    numbers = (f"--{name.replace('_', '-')} {stated[part][field]}" for name, (part, field) in NUMBERS.items())
    return " ".join(["juguo study hypotheses", *numbers])


def worlds(stated: Mapping[str, Any]) -> list[str]:
    """Names of the shipped worlds: the one around which the sample lies, and those of the tuning."""
    return list(dict.fromkeys(["default", *stated["tuning"]["shipped"]]))


def title(claim: Mapping[str, Any]) -> str:
    """The claim as a heading."""
    return translated(claim["claim"]).rstrip(".。")


def page_name(claim: Mapping[str, Any]) -> str:
    """Of the page of a claim and its figure, without suffix."""
    return f"claim_{claim['id']:02d}"


def verdict(word: str) -> str:
    """A verdict as a word."""
    return say(f"hypotheses.verdict.{word}")


def deciding(claim: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part that the verdict rests on."""
    return next(part for part in claim["parts"] if part["name"] == claim["part"])


def effect(part: Mapping[str, Any]) -> str:
    """The mean effect over the worlds with its interval and unit."""
    mean, low, high = (number(part[key], signed=True) for key in ("effect", "low", "high"))
    unit = translated(OUTCOMES[part["outcome"]].unit)
    return say("hypotheses.with_unit", effect=f"{mean} [{low}, {high}]", unit=unit)


def counts(part: Mapping[str, Any]) -> str:
    """Which effects the part is about."""
    return say(f"hypotheses.{part['direction']}", counts=f"{part['counts']:g}")


def answer(claim: Mapping[str, Any]) -> str:
    """Two sentences: the verdict with the effect of its weakest part, and in how many worlds it is true."""
    part = deciding(claim)
    shares = {side: f"{part['shares'][side]:.0%}" for side in SIDES}
    return sentences(
        [
            say("questions.claim.answer", verdict=verdict(claim["verdict"]), scenarios=part["scenarios"],
                effect=effect(part), says=translated(part["says"]).rstrip(".。"),
                needed=say(f"questions.claim.{part['direction']}", counts=f"{part['counts']:g}")),
            say("questions.claim.shares", **shares),
        ]
    )  # fmt: skip


def elsewhere(claim: Mapping[str, Any]) -> str:
    """In which worlds the weakest part is true and in which it is not, as far as the axes tell."""
    region = deciding(claim)["region"]
    if region is None:
        return say("questions.claim.alike")
    if region["accuracy"] <= region["majority"]:
        return say("questions.claim.untold")
    known = {axis.name: axis for axis in axes()}
    leaves = []
    for told in region["leaves"]:
        bounds = tuple(Bound(known[one["axis"]], one["above"], one["value"]) for one in told["bounds"])
        leaf = Leaf(bounds, told["scenarios"], told["share_for"], told["share_against"], told["mean"])
        leaves.append(f"- {leaf_words(leaf, number(leaf.mean, signed=True))}")
    accuracy, majority = (f"{region[key]:.0%}" for key in ("accuracy", "majority"))
    return "\n".join([say("questions.claim.region", accuracy=accuracy, majority=majority), "", *leaves])


def table(parts: Iterable[Mapping[str, Any]]) -> str:
    """A row for each part."""
    columns = ("says", "verdict", "effect", "counts", "scenarios", *SIDES)
    rows = [
        [
            translated(part["says"]),
            verdict(part["verdict"]),
            effect(part),
            counts(part),
            str(part["scenarios"]),
            *(f"{part['shares'][side]:.0%}" for side in SIDES),
        ]
        for part in parts
    ]
    return markdown_table([say(f"hypotheses.{column}") for column in columns], rows)


def sections(claim: Mapping[str, Any], stated: Mapping[str, Any], guide: str) -> list[str]:
    """What a claim's page says below its figure.

    Args:
        claim: As it was found.
        stated: All that was stated.
        guide: The way from the page to the guide's folder.
    """
    own = next(one for one in stated["claims"] if one["id"] == claim["id"])
    also = [say("hypotheses.also"), table(claim["also"])] if claim["also"] else []
    asked = [
        say(f"hypotheses.{key}", text=translated(own[key])) for key in ("statistic", "refuted_by", "built_in")
    ]
    return [
        table(claim["parts"]),
        *also,
        f"## {say('questions.asked')}",
        "\n".join(asked),
        say(
            "questions.claim.how",
            scenarios=stated["sample"]["scenarios"],
            episodes=stated["sample"]["episodes"],
            searched=stated["search"]["scenarios"],
            budget=f"{stated['search']['budget']:,}",
            tuning=f"{stated['tuning']['budget']:,}",
            all=f"{stated['verdict']['confidence']:.0%}",
            each=f"{claim['confidence']:.2%}".replace("%", " %"),
            page=f"{guide}/explanation/hypotheses.md",
        ),
    ]


def draw(claim: Mapping[str, Any]) -> Figure:
    """Every world's effect of the weakest part, from the lowest to the highest, with its interval."""
    part = deciding(claim)
    found = part["by_scenario"]
    lines = wrapped(translated(part["says"]), 90)
    heading = say(
        "hypotheses.figure.title",
        number=claim["id"],
        name=translated(claim["name"]).capitalize(),
        verdict=verdict(claim["verdict"]),
    )
    fig = headed(8.2, 3.3 + 0.17 * len(lines), heading, "\n".join(lines))
    axes_ = fig.subplots()
    by_effect(axes_, found["effect"], found["low"], found["high"], found["side"], size=4.0, lw=1.0)
    axes_.axhline(0.0, color=BLACK, lw=0.8)
    axes_.axhline(part["counts"], color=BLACK, lw=0.8, ls=(0, (4, 3)), label=say("hypotheses.figure.counts"))
    outcome = translated(OUTCOMES[part["outcome"]].words)
    axes_.set_ylabel("\n".join(wrapped(say("hypotheses.figure.effect", outcome=outcome), 36)))
    axes_.set_xlabel(say("hypotheses.figure.scenarios", count=len(found["effect"])))
    axes_.set_xticks([])
    axes_.grid(axis="y")
    fig.legend(loc="outside lower left", ncols=3)
    return fig


def index_rows(claims: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """A row for each claim: its page, its verdict, the effect, and the verdict in the former model."""
    return [
        [
            f"[{title(claim)}]({page_name(claim)}.md)",
            verdict(claim["verdict"]),
            effect(deciding(claim)),
            verdict(FORMER[claim["id"]]) if claim["id"] in FORMER else "",
        ]
        for claim in claims
    ]
