"""The pages of questions and claims, and their index, in every language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from juguo_agents.report.figures.style import small_png
from juguo_agents.report.formatting import in_a_row, number, sign
from juguo_agents.report.names import about
from juguo_agents.report.texts import joined, languages, say, sentences, speaking
from juguo_agents.studies.questions import claims, figures
from juguo_agents.studies.questions.questions import QUESTIONS
from juguo_agents.studies.questions.words import difference, option, options, place, places
from juguo_agents.studies.study import Content
from juguo_agents.tables import markdown_table, terminal_table
from juguo_envs.names import code
from juguo_envs.worlds.scenario import Scenario

INDEX = "index.md"
GUIDE = {"en": "..", "zh": "../.."}
"""The way from the pages in a language to the guide's folder."""


def console(data: Mapping[str, Any]) -> str:
    """A row for each question: the option that is asked about, the other, and the difference."""
    rows = [
        (name, option(name, found["best"]), option(name, found["other"]), _signed(found["cases"][0]))
        for name, found in data["questions"].items()
    ]
    head = ("questions.question", "questions.best", "questions.other", "questions.difference")
    return terminal_table([say(key) for key in head], rows)


def pages(data: Mapping[str, Any]) -> dict[str, Content]:
    """Files by name: in the folder of each language a page and a figure for each, and the index."""
    files: dict[str, Content] = {}
    for lang in languages():
        with speaking(lang):
            for name, found in data["questions"].items():
                files[f"{lang}/{name}.md"] = question_page(name, found, data).encode()
                files[f"{lang}/{name}.png"] = small_png(partial(figures.draw, name, found))
            for claim in data["claims"].get("found", ()):
                name = claims.page_name(claim)
                files[f"{lang}/{name}.md"] = claim_page(claim, data, GUIDE[lang]).encode()
                files[f"{lang}/{name}.png"] = small_png(partial(claims.draw, claim))
            files[f"{lang}/{INDEX}"] = index_page(data).encode()
    return files


def question_page(name: str, found: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """The page of a question."""
    title = say(f"questions.{name}.title")
    worlds = {case["world"]: Scenario.load(case["world"]) for case in found["cases"]}
    parts = [
        f"# {title}",
        head(f"juguo study questions --only {name}", worlds.values(), data["versions"]),
        f"**{say('questions.short')}** {answer(name, found)}",
        f"**{say('questions.where')}** {elsewhere(found)}",
        f"![{title}]({name}.png)",
        say("questions.table", reference=option(name, QUESTIONS[name].reference)),
        table(name, found),
        f"## {say('questions.asked')}",
        say(f"questions.{name}.asked"),
        "\n".join(f"- {code(name)}{say('colon')}{about(world)}" for name, world in worlds.items()),
        values(worlds.values()),
        say("questions.how", **{key: f"{value:,}" for key, value in data["settings"].items()}),
    ]
    return "\n\n".join(parts) + "\n"


def claim_page(claim: Mapping[str, Any], data: Mapping[str, Any], guide: str) -> str:
    """The page of a claim."""
    stated, title = data["claims"]["stated"], claims.title(claim)
    worlds = map(Scenario.load, claims.worlds(stated))
    parts = [
        f"# {title}",
        head(claims.command(stated), worlds, claim["versions"]),
        f"**{say('questions.short')}** {claims.answer(claim)}",
        f"**{say('questions.where')}** {claims.elsewhere(claim)}",
        f"![{title}]({claims.page_name(claim)}.png)",
        *claims.sections(claim, stated, guide),
        values([Scenario.load("default")]),
    ]
    return "\n\n".join(parts) + "\n"


def head(command: str, worlds: Iterable[Scenario], versions: Mapping[str, str]) -> str:
    """The table at the head of a page: its command, versions, and the digests of its worlds."""
    digests = ", ".join(f"{code(world.name)} {world.digest()}" for world in worlds)
    made = in_a_row(
        {name: versions[name] for name in ("juguo", "python", "numpy", "numba") if name in versions}
    )
    rows = [("command", code(command)), ("versions", made), ("world", digests)]
    return "\n".join(["| | |", "|---|---|", *(f"| {say(f'made.{key}')} | {text} |" for key, text in rows)])


def answer(name: str, found: Mapping[str, Any]) -> str:
    """Two sentences: what the best option earns more than the other, and which others come as far."""
    case = found["cases"][0]
    words = options(name)
    side = {1: "more", 0: "level", -1: "less"}[sign(case["difference"])]
    first = say(
        f"questions.answer.{side}",
        place=place(case),
        best=words[found["best"]],
        other=words[found["other"]],
        difference=difference(case["difference"], signed=side == "level"),
    )
    tied = [words[one] for one in found["tied"]]
    rest = len(words) - 2
    if not rest or side == "less":
        return first
    return sentences([first, say("questions.tied", tied=joined(tied)) if tied else say("questions.alone")])


def elsewhere(found: Mapping[str, Any]) -> str:
    """In which cases the answer holds, and in which not."""
    main, *others = found["cases"]
    sides = {side: [c for c in others if sign(c["difference"]) == side] for side in (1, 0, -1)}
    own = sign(main["difference"])
    said = [
        say(f"questions.elsewhere.{key}", places=places(sides[side], main))
        for side, key in ((-1, "less"), (0, "level"), (1, "more"))
        if side != own and sides[side]
    ]
    same = say("questions.same", places=places(sides[own], main)) if sides[own] else ""
    return sentences([*(said or [say("questions.everywhere")]), same])


def table(name: str, found: Mapping[str, Any]) -> str:
    """A row for each case: the reference's return, and what each other option earns more."""
    reference = QUESTIONS[name].reference
    words = options(name)
    shown = [one for one in words if one != reference]
    if len(shown) > len(found["cases"]):  # as many columns as there is room for
        heads = [place(case) for case in found["cases"]]
        first = [words[reference], *(number(c["options"][reference]["returns"]) for c in found["cases"])]
        rows = [[words[one], *(_over(case, one) for case in found["cases"])] for one in shown]
        return markdown_table(["", *heads], [first, *rows], "l")
    rows = [
        [place(case), number(case["options"][reference]["returns"]), *(_over(case, one) for one in shown)]
        for case in found["cases"]
    ]
    return markdown_table(["", words[reference], *(words[one] for one in shown)], rows, "l")


def _over(case: Mapping[str, Any], one: str) -> str:
    return difference(case["options"][one]["over_reference"], signed=True)


def _signed(case: Mapping[str, Any]) -> str:
    return difference(case["difference"], signed=True)


def values(worlds: Iterable[Scenario]) -> str:
    """How much each goal counts in the worlds, which is the same in all."""
    (reward,) = {world.reward.model_dump_json(): world.reward for world in worlds}.values()
    return say("questions.values", w_b=f"{reward.w_b:g}", w_r=f"{reward.w_r:g}", w_x=f"{reward.w_x:g}",
               aversion=f"{reward.aversion:g}")  # fmt: skip


def index_page(data: Mapping[str, Any]) -> str:
    """Every question with its answer, every claim with its verdict."""
    rows = [
        (f"[{say(f'questions.{name}.title')}]({name}.md)", answer(name, found))
        for name, found in data["questions"].items()
    ]
    parts = [f"# {say('questions.index')}", say("questions.index.lead")]
    if rows:
        columns = [say(f"questions.{column}") for column in ("question", "answer")]
        parts += [f"## {say('questions.policy')}", markdown_table(columns, rows)]
    if found := data["claims"].get("found"):
        columns = [say(f"hypotheses.{column}") for column in ("claim", "verdict", "effect")]
        former = say("questions.former")
        parts += [f"## {say('questions.claims')}", say("questions.claims.lead", former=former)]
        parts += [markdown_table([*columns, former], claims.index_rows(found))]
    return "\n\n".join(parts) + "\n"
