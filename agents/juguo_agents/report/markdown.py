"""The comparison as a page: what was compared, the numbers, what they say, the figures, the words."""

from __future__ import annotations

from juguo_agents.evaluation.record import Comparison
from juguo_agents.report.captions import BOARD, FACTORIAL, FIGURES, GLOSSARY, LEARNING
from juguo_agents.report.curves import Curves, cost_table
from juguo_agents.report.findings import findings
from juguo_agents.report.formatting import interval, made_with, mean_with_interval, number
from juguo_agents.report.indicator_tables import indicator_tables
from juguo_agents.report.institutions import institutions_table, variance_table
from juguo_agents.report.names import idea, name_of
from juguo_agents.report.route import parts_as_rows
from juguo_agents.report.summary import Row, Summary, has_own, is_like_for_like, main_rows
from juguo_agents.report.verdict import verdict
from juguo_agents.tables import markdown_table
from juguo_envs.names import code, markdown
from juguo_envs.worlds.family import Family
from juguo_envs.worlds.scenario import Scenario


def comparison_markdown(comparison: Comparison, summary: Summary, curves: Curves | None = None) -> str:
    """The whole page; with learning curves where there are any."""
    s = comparison.scenario
    confidence = f"{summary['confidence']:.0%}"
    drawn = comparison.family is not None and comparison.family.weights is not None
    weights = {
        name: f"{name} (drawn)" if drawn else f"{getattr(s.reward, name):g}" for name in ("w_b", "w_r", "w_x")
    } | {"aversion": f"{s.reward.aversion:g}"}
    parts = [
        f"# Allocators compared in the world {code(s.name)}",
        "\n".join(f"{i}. {point}" for i, point in enumerate(verdict(summary, code), 1)),
        "## What was compared",
        _world(s, summary, comparison.family),
    ]
    if said := findings(summary):
        parts += ["## What the numbers say", *said]
    parts += ["## The numbers", _table(summary), "## Indicators that policy uses", *indicator_tables(summary)]
    if summary["institutions"]:
        parts += ["## What doctrine, exit and relief are worth", *_factorial(summary)]
    if summary["route"]:
        parts += ["## What search, imitation and reinforcement brought"]
        parts.append(markdown_table(*parts_as_rows(summary["route"])))
    parts.append("## Figures")
    if is_like_for_like(summary):
        parts.append(
            "A doctrine is shown with both institutions, `nothing` as it is, unless a figure says more."
        )
    for file, title, caption in FIGURES:
        if file == FACTORIAL and not summary["institutions"]:
            continue
        text = caption.format(confidence=confidence)
        if file == "exits.png" and not any(a["abandoned"] for a in summary["allocators"]):
            text = "No allocator gave up a project in any episode."
        parts += [f"### {title}", f"![{title}]({file})", f"*{text}*"]
    parts.append(_board_table())
    if curves:
        file, title, caption = LEARNING
        parts += [f"### {title}", f"![{title}]({file})", f"*{caption}*", cost_table(curves)]
    parts.append("## Words")
    parts.append(
        "\n".join(f"- **{w}**: {text.format(confidence=confidence, **weights)}" for w, text in GLOSSARY)
    )
    if summary["versions"]:
        digest = f"Scenario digest `{summary['scenario_digest']}`."
        parts.append(f"{made_with(summary['versions'])} {digest}")
    return "\n\n".join(parts) + "\n"


def _factorial(summary: Summary) -> list[str]:
    parts = [institutions_table(summary)]
    return [variance_table(summary), *parts] if summary["factorial"] else parts


def _count(n: int, one: str, many: str | None = None) -> str:
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def _of_family(family: Family) -> tuple[str, str, str]:
    """Length, budget and what is drawn, where every episode has a world of its own."""
    ranges = {axis.name: (axis.low, axis.high) for axis in family.axes}
    own = {"programme.T": float(family.base.programme.T), "money.B": family.base.money.B}
    told = {name: ranges.get(name, (value, value)) for name, value in own.items()}
    shown = {name: f"{low:g} to {high:g}" if high > low else f"{low:g}" for name, (low, high) in told.items()}
    drawn = [f"{len(ranges)} of its parameters"] if ranges else []
    drawn += ["the weights of the reward"] if family.weights is not None else []
    return (
        f"{shown['programme.T']} quarters",
        f"{shown['money.B']} units",
        f"Every episode has a world of its own: {' and '.join(drawn)} are drawn from its seed.",
    )


def _world(s: Scenario, summary: Summary, family: Family | None) -> str:
    places, p = s.society.listed(), s.programme
    hubs = sum(c.hub for c in places)
    seen = (
        "see the society with error, unless they pay for evaluation"
        if summary["observe"] == "noisy"
        else "see the society as it is"
    )
    first, last = summary["first_seed"], summary["first_seed"] + summary["episodes"] - 1
    seeds = f"seeds {first} to {last}" if last > first else f"seed {first}"
    same = f"the same {last - first + 1:,} episodes" if last > first else "the same episode"
    allocators = len(summary["allocators"])
    defective = (
        f"Of the technologies that may be drawn, {s.defect.p_X:.0%} are seriously defective, which shows "
        "only in use."
        if s.defect.p_X > 0.0
        else "No technology is seriously defective."
    )
    about = f" {markdown(s.description.rstrip('.'))}." if s.description else ""
    if family is not None:
        length, money, defective = _of_family(family)
    else:
        length = f"{_count(p.T, 'quarter')} ({p.T / 4:g} years)"
        money = f"{s.money.B:g} units"
    hub_words = f" ({_count(hubs, 'hub')} of knowledge among them)" if hubs else ""
    technologies = _count(p.rounds, "technology", "technologies")
    return (
        f"{_count(allocators, 'allocator')} {'was' if allocators == 1 else 'were'} compared in the world "
        f"{code(s.name)}.{about} It has {_count(s.society.persons, 'person')} in "
        f"{_count(len(places), 'community', 'communities')}{hub_words}; a programme of "
        f"{length} is to bring {technologies} into use, with a budget "
        f"of {money} of money per person and quarter. {defective} "
        f"Allocators {seen}. Each ran through {same} ({seeds}): the same societies, technologies, "
        "shocks and chance."
    )


def _table(summary: Summary) -> str:
    """The main table: a row a doctrine where all are alike, and one for each other allocator."""
    confidence, own = f"{summary['confidence']:.0%}", has_own(summary)
    head = ["allocator", "idea", f"return [{confidence}]"]
    head += [f"the paper's own version [{confidence}]"] if own else []
    head += [
        "IQM",
        "breadth",
        "resilience",
        "excluded",
        "adopting at the end",
        "given up per episode",
        f"difference to {code(name_of(summary, summary['baseline']))} [{confidence}]",
    ]
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
            "(baseline)" if row["name"] == summary["baseline"] else interval(row, "difference"),
        ]
        rows.append(cells)
    text = markdown_table(head, rows, "llr")
    if is_like_for_like(summary):
        text = (
            "Each doctrine stands in one row with both institutions, exit and relief, the same for all; "
            "`nothing` stands as it is. All numbers of a row are of that version, but those of the paper's "
            "own version, which has the institutions that the paper gives it.\n\n"
        ) + text
    return text


def _named(row: Row) -> str:
    return code(row["doctrine"] or row["name"]) + (" (reference)" if row["reference"] else "")


def _own(row: Row) -> str:
    if row["own"] is None:
        return ""
    return "the same" if row["own"]["name"] == row["name"] else mean_with_interval(row["own"])


def _board_table() -> str:
    return markdown_table(("indicator", "producers", "interactors", "participants"), BOARD)
