"""The comparison as a page: what was compared, the numbers, what they say, the figures, the words."""

from __future__ import annotations

from juguo_agents.report.reading import code, interval, mean_with_interval, number, reading
from juguo_agents.report.selection import idea
from juguo_agents.report.summary import Summary
from juguo_agents.results import Comparison
from juguo_envs.scenario import Scenario

_FIGURES = (
    (
        "return.png",
        "Return",
        "Left: each dot is an allocator's mean return, its whisker the {confidence} interval of that mean, and the "
        "pale bar the range in which the middle 80 % of the episodes lie. The dashed line is the baseline. "
        "Overlapping whiskers are no sign of a tie, since episodes are compared in pairs: for that see the table's "
        "last column. Right: the same mean, taken apart. What stands right of zero is what breadth and "
        "resilience add, what stands left is what exclusion takes away; the diamond is their sum.",
    ),
    (
        "adoption.png",
        "Adoption over time",
        "The share of all persons who use the technology, from the first quarter to the last. A line is the mean "
        "over the episodes and the band around it holds the middle 80 % of them; a broad band means that the "
        "outcome depends much on luck. Where a project is given up its users are lost, so single episodes "
        "fall to zero where the mean only bends.",
    ),
    (
        "exits.png",
        "When and why projects were given up",
        "Each row is an allocator that gave up at least one project. From the left: how many in an episode, and in "
        "which stage; how old the project was (dot: median, thick line: middle half, thin line: middle 80 %); how "
        "much harm was estimated at that moment (the dotted line is what is assumed before anybody was harmed, so "
        "whoever gives up there does so for another reason); and how often the first technology was given up where "
        "it was seriously defective and where it was not. A perfect judge would stand at 100 % and 0 %. Most of the "
        "defects are hidden until people use the technology.",
    ),
    (
        "money.png",
        "Who got the money",
        "Above: how each stage's money was divided between the functions of the three actors and the reserve; the "
        "number at the right is how many quarters the stage lasted on average, given-up projects included. "
        "Below: the share of all money that each function received over the whole programme. A purse "
        "holds the quarter's budget and what the reserve released, so money that was saved and spent later counts "
        "both times.",
    ),
    (
        "places.png",
        "Where adoption arrived",
        "The share of adopters at the end, by community and by stratum (a third of the society each, by "
        "capability at the start), mean over the episodes. Dark rows are places that were left behind, and a dark "
        "left column is people who were. Hatched cells are empty: nobody of that stratum lives there.",
    ),
    (
        "board.png",
        "Indicator board",
        "The paper's five core indicators for each of the three actors, each between 0 and 1, mean over "
        "quarters and episodes. Compare the same cell between allocators: cells of different rows measure "
        "different things, listed below.",
    ),
)

_BOARD = (
    (
        "resource-allocation target",
        "share of the money that went to this actor's functions",
        "the same",
        "the same",
    ),
    (
        "production orientation",
        "knowledge gained for the money",
        "application environment built",
        "participants who adopted",
    ),
    (
        "governance mode",
        "share of the impulse to adopt that is own demand (market)",
        "share that is guidance and trials (organised)",
        "share that comes from peers (self-governed)",
    ),
    (
        "technology goal",
        "what was learned from use and kept",
        "users whom service reaches",
        "users outside production who take an active part",
    ),
    (
        "technology-culture tradition",
        "how far practice moved from where it began",
        "the same",
        "the same",
    ),
)

_WORDS = (
    (
        "Return",
        "what an allocator is judged by: {w_b:g} x breadth + {w_r:g} x resilience − {w_x:g} x excluded, mean over "
        "the quarters. It has no unit; higher is better.",
    ),
    (
        "Breadth",
        "how widely the technology is used, from 0 (by nobody) to 1 (by everybody in every community and stratum). "
        "An uneven spread counts less than an even one with as many users.",
    ),
    (
        "Resilience",
        "how well people withstand shocks and harm, from 0 to 1: half the mean over all persons, half the mean over "
        "the worst-off fifth.",
    ),
    (
        "Excluded",
        "share of persons whose resilience fell below the floor, so that they can no longer take part; mean over the "
        "quarters.",
    ),
    (
        "Given up",
        "projects that the allocator abandoned, per episode. The users are lost, part of the knowledge is kept, and "
        "the next technology is drawn.",
    ),
    (
        "With exit, no exit",
        "a rule's name followed by +exit is the rule with an exit that it does not have of its own, −exit the rule "
        "without the one it has. So a verdict on how money is divided need not rest on who may give up.",
    ),
    (
        "Paired difference",
        "both allocators meet the same technologies, shocks and chance in each episode; the difference is "
        "taken episode by episode and then averaged. Luck that is common to both drops out. Where "
        "the interval includes zero, the two are called tied.",
    ),
    (
        "Interval",
        "the range, found by resampling the episodes, that would hold the true mean {confidence} of the time if the "
        "comparison were repeated. With many comparisons a few intervals miss by chance.",
    ),
    (
        "IQM",
        "interquartile mean: the mean of the middle half of the episodes, which extreme episodes do not move.",
    ),
)


def comparison_markdown(comparison: Comparison, summary: Summary) -> str:
    """The whole page."""
    s = comparison.scenario
    confidence = f"{summary['confidence']:.0%}"
    weights = {"w_b": s.reward.w_b, "w_r": s.reward.w_r, "w_x": s.reward.w_x}
    parts = [
        f"# Allocators compared in the world {code(s.name)}",
        _world(s, summary),
        "## What the numbers say",
        *reading(summary),
        "## The numbers",
        _table(summary),
        "## Figures",
    ]
    for file, title, caption in _FIGURES:
        text = caption.format(confidence=confidence)
        parts += [f"### {title}", f"![{title}]({file})", f"*{text}*"]
    parts += [_board_table(), "## Words"]
    parts.append(
        "\n".join(f"- **{w}**: {text.format(confidence=confidence, **weights)}" for w, text in _WORDS)
    )
    if summary["versions"]:
        made_with = ", ".join(f"{name} {version}" for name, version in summary["versions"].items())
        parts.append(f"Made with {made_with}. Scenario digest `{summary['scenario_digest']}`.")
    return "\n\n".join(parts) + "\n"


def _count(n: int, one: str, many: str | None = None) -> str:
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def _world(s: Scenario, summary: Summary) -> str:
    places, p = s.society.listed(), s.programme
    hubs = sum(c.hub for c in places)
    seen = (
        "see the society with error, unless they pay for evaluation"
        if summary["observe"] == "noisy"
        else "see the society as it is"
    )
    first, last = summary["first_seed"], summary["first_seed"] + summary["episodes"] - 1
    about = f" {s.description.strip().rstrip('.')}." if s.description.strip() else ""
    hub_words = f" ({hubs} of them hubs of knowledge)" if hubs else ""
    technologies = _count(p.rounds, "technology", "technologies")
    return (
        f"{_count(len(summary['allocators']), 'allocator')} {'was' if len(summary['allocators']) == 1 else 'were'} "
        f"compared in the world {code(s.name)}.{about} It has {_count(s.society.persons, 'person')} in "
        f"{_count(len(places), 'community', 'communities')}{hub_words}; a programme of {_count(p.T, 'quarter')} "
        f"({p.T / 4:g} years) is to bring {technologies} into use, with a budget of {s.money.B:g} units of money "
        f"per person and quarter. A share of {s.defect.p_X:.0%} of the technologies is seriously "
        f"defective, which shows only in use. Allocators {seen}. Each ran through the same "
        f"{_count(summary['episodes'], 'episode')} (seed{f's {first} to {last}' if last > first else f' {first}'}): "
        f"the same societies, technologies, shocks and chance."
    )


def _table(summary: Summary) -> str:
    confidence = f"{summary['confidence']:.0%}"
    head = (
        "allocator",
        "idea",
        f"return [{confidence}]",
        "IQM",
        "breadth",
        "resilience",
        "excluded",
        "adopting at the end",
        "given up per episode",
        f"difference to {code(summary['baseline'])} [{confidence}]",
    )
    lines = ["| " + " | ".join(head) + " |", "|---|---|" + "---:|" * (len(head) - 2)]
    for a in summary["allocators"]:
        cells = (
            code(a["name"]),
            idea(a["name"]).replace("|", "/"),
            mean_with_interval(a),
            number(a["iqm"]),
            number(a["breadth"]),
            number(a["resilience"]),
            f"{a['excluded']:.1%}",
            f"{a['adoption_end']:.1%}",
            number(a["abandoned"], digits=2),
            "(baseline)" if a["name"] == summary["baseline"] else interval(a, "difference"),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _board_table() -> str:
    lines = ["| indicator | producers | interactors | participants |", "|---|---|---|---|"]
    lines += ["| " + " | ".join(row) + " |" for row in _BOARD]
    return "\n".join(lines)
