"""The comparison as a page: what was compared, the numbers, what they say, the figures, the words."""

from __future__ import annotations

from juguo_agents.evaluation.record import Comparison
from juguo_agents.report.captions import FIGURES, LEARNING
from juguo_agents.report.curves import Curves, cost_table
from juguo_agents.report.findings import findings
from juguo_agents.report.formatting import interval, made_with, mean_with_interval, number
from juguo_agents.report.glossary import glossary
from juguo_agents.report.indicator_tables import indicator_tables
from juguo_agents.report.institutions import institutions_table, variance_table
from juguo_agents.report.names import about, idea, name_of, named
from juguo_agents.report.route import parts_as_rows
from juguo_agents.report.summary import Row, Summary, has_own, is_like_for_like, main_rows
from juguo_agents.report.texts import joined, say, sentences, speaking
from juguo_agents.report.verdict import verdict
from juguo_agents.tables import markdown_table
from juguo_envs.model.state import ACTORS, INDICATORS
from juguo_envs.names import code, markdown
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import STEPS_A_YEAR, Scenario


def comparison_markdown(
    comparison: Comparison, summary: Summary, curves: Curves | None = None, lang: str = "en"
) -> str:
    """The whole page; with learning curves where there are any."""
    with speaking(lang, comparison.scenario.step):
        return _page(comparison, summary, curves, lang)


def _page(comparison: Comparison, summary: Summary, curves: Curves | None, lang: str) -> str:
    s = comparison.scenario
    confidence = f"{summary['confidence']:.0%}"
    parts = [
        f"# {say('page.title', world=code(s.name))}",
        "\n".join(f"{i}. {point}" for i, point in enumerate(verdict(summary, code, lang), 1)),
        f"## {say('part.compared')}",
        _world(s, summary, comparison.family),
    ]
    if said := findings(summary):
        parts += [f"## {say('part.findings')}", *said]
    parts += [f"## {say('part.numbers')}", _table(summary)]
    parts += [f"## {say('page.indicators.title')}", *indicator_tables(summary)]
    if summary["institutions"]:
        parts += [f"## {say('part.factorial')}", *_factorial(summary)]
    if summary["route"]:
        parts += [f"## {say('part.route')}", markdown_table(*parts_as_rows(summary["route"]))]
    parts.append(f"## {say('part.figures')}")
    if is_like_for_like(summary):
        parts.append(say("part.figures.alike"))
    for figure in FIGURES:
        if figure == "factorial" and not summary["institutions"]:
            continue
        text = say(f"caption.{figure}", confidence=confidence)
        if figure == "exits" and not any(a["abandoned"] for a in summary["allocators"]):
            text = say("exits.none")
        parts += _figure(figure, text)
    parts.append(_board_table())
    if curves:
        parts += [*_figure(LEARNING, say(f"caption.{LEARNING}")), cost_table(curves)]
    parts.append(f"## {say('page.words.title')}")
    parts.append("\n".join(f"- **{word}**{say('colon')}{meaning}" for word, meaning in glossary(summary)))
    if summary["versions"]:
        digest = say("made.digest", digest=f"`{summary['scenario_digest']}`")
        parts.append(sentences([made_with(summary["versions"]), digest]))
    return "\n\n".join(parts) + "\n"


def _figure(name: str, caption: str) -> list[str]:
    title = say(f"figure.{name}")
    return [f"### {title}", f"![{title}]({name}.png)", f"*{caption}*"]


def _factorial(summary: Summary) -> list[str]:
    parts = [institutions_table(summary)]
    return [variance_table(summary), *parts] if summary["factorial"] else parts


def _count(n: int, of: str) -> str:
    return say(f"count.{of}.one" if n == 1 else f"count.{of}", count=f"{n:,}")


def _of_family(family: Family) -> tuple[str, str, str]:
    """Length, budget and what is drawn, where every episode has a world of its own."""
    ranges = {axis.name: (axis.low, axis.high) for axis in family.axes}
    own = {"programme.T": float(family.base.programme.T), "money.B": family.base.money.B}
    told = {name: ranges.get(name, (value, value)) for name, value in own.items()}
    shown = {
        name: say("between", low=f"{low:g}", high=f"{high:g}") if high > low else f"{low:g}"
        for name, (low, high) in told.items()
    }
    drawn = [say("compared.parameters", count=len(ranges))] if ranges else []
    drawn += [say("compared.weights")] if family.weights is not None else []
    return (
        say("count.quarters", count=shown["programme.T"]),
        shown["money.B"],
        say("compared.family", drawn=joined(drawn)),
    )


def _world(s: Scenario, summary: Summary, family: Family | None) -> str:
    places, p = s.society.listed(), s.programme
    hubs, first, count = sum(c.hub for c in places), summary["first_seed"], summary["episodes"]
    if family is not None:
        length, money, technologies = _of_family(family)
    else:
        years = f"{p.T / STEPS_A_YEAR[s.step]:g}"
        length = _count(p.T, "quarters")
        if s.step != "year":
            length = say("compared.years", length=length, years=years)
        money = f"{s.money.B:g}"
        technologies = say(
            "compared.defective" if s.defect.p_X > 0.0 else "compared.sound", share=f"{s.defect.p_X:.0%}"
        )
    told = about(s).rstrip(".。")
    values = {
        "allocators": _count(len(summary["allocators"]), "allocators"),
        "world": code(s.name),
        "about": say("compared.about", about=markdown(told)) if told else "",
        "persons": _count(s.society.persons, "persons"),
        "places": _count(len(places), "places"),
        "hubs": say("compared.hubs", hubs=_count(hubs, "hubs")) if hubs else "",
        "length": length,
        "technologies": _count(p.rounds, "technologies"),
        "money": money,
    }
    seen = say(f"compared.{summary['observe']}")
    ran = say(
        "compared.ran.one" if count == 1 else "compared.ran",
        count=f"{count:,}",
        first=first,
        last=first + count - 1,
    )
    one = len(summary["allocators"]) == 1
    key = "compared.world.one" if one else "compared.world"
    return sentences([say(key, **values), technologies, seen, ran])


def _table(summary: Summary) -> str:
    """The main table: a row a doctrine where all are alike, and one for each other allocator."""
    confidence, own = f"{summary['confidence']:.0%}", has_own(summary)
    head = [say("table.allocator"), say("table.idea"), f"{say('table.return')} [{confidence}]"]
    head += [f"{say('table.own.long')} [{confidence}]"] if own else []
    baseline = code(name_of(summary, summary["baseline"]))
    head += [say(f"table.{name}") for name in ("iqm", "breadth", "resilience", "excluded.long")]
    head += [say("col.adoption_end"), say("col.abandoned")]
    head += [f"{say('table.difference', name=baseline)} [{confidence}]"]
    rows = []
    for row in main_rows(summary):
        cells = [_named(row), markdown(idea(row["doctrine"] or row["name"])), mean_with_interval(row)]
        cells += [_own(row)] if own else []
        cells += [
            number(row["iqm"]),
            number(row["breadth"]),
            number(row["resilience"]),
            f"{row['excluded']:.1%}",
            f"{row['adoption_end']:.1%}",
            number(row["abandoned"], digits=2),
            say("table.baseline") if row["name"] == summary["baseline"] else interval(row, "difference"),
        ]
        rows.append(cells)
    text = markdown_table(head, rows, "llr")
    return f"{say('table.alike.long')}\n\n{text}" if is_like_for_like(summary) else text


def _named(row: Row) -> str:
    name = named(row["doctrine"] or row["name"], code)
    return say("table.reference.long", name=name) if row["reference"] else name


def _own(row: Row) -> str:
    if row["own"] is None:
        return ""
    return say("table.same") if row["own"]["name"] == row["name"] else mean_with_interval(row["own"])


def _board_table() -> str:
    rows = [
        [say(f"indicator.{indicator}"), *(say(f"measure.{indicator}.{actor}") for actor in ACTORS)]
        for indicator in INDICATORS
    ]
    return markdown_table([say("table.indicator"), *(say(f"actor.{actor}") for actor in ACTORS)], rows)
