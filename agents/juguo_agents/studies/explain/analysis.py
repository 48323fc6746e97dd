"""An explanation in words and tables: for the terminal, and as a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from juguo_agents.artifacts.tree_file import USES, StoredTree
from juguo_agents.report.figures import importance, tree, uses
from juguo_agents.report.figures.style import styled_png
from juguo_agents.report.formatting import made_with, number
from juguo_agents.report.tree_rules import LEAST_LEAN, LEAST_SHARE, tree_lines
from juguo_agents.tables import markdown_table, ranged, terminal_table
from juguo_envs.model.state import FUNCTIONS, STAGES
from juguo_envs.names import code, markdown

_NAMED = 5
_FIDELITY = (
    ("money", "same uses of the money"),
    ("communities", "same places"),
    ("openness", "same openness"),
    ("advance", "same answer on advancing"),
    ("advance_found", "advances asked by the learner that the tree asks, too"),
    ("abandon", "same answer on giving up"),
    ("abandon_found", "give-ups asked by the learner that the tree asks, too"),
)


def summary_lines(data: dict[str, Any]) -> list[str]:
    """What was explained, the trees' returns and fidelity, spending and importance, for a terminal."""
    return [
        *_opening(data),
        "",
        *_returns(data),
        "",
        *_fidelity(data),
        "",
        *_spending_words(data),
        "",
        *_importance(data),
    ]


def _opening(data: dict[str, Any]) -> list[str]:
    source, settings = data["source"], data["settings"]
    first, last = settings["first_seed"], settings["first_seed"] + settings["episodes"] - 1
    others = source["other_seeds"]
    chosen = f" (one of {len(others) + 1} training seeds)" if others else ""
    return [
        f"## What {code(source['name'])} does in {code(data['scenario'])}",
        "",
        f"Explained: {code(source['name'])}{chosen}. Trees were distilled and chosen on episodes of their "
        f"own; everything below is measured on {settings['episodes']:,} test episodes, seeds {first:,} to "
        f"{last:,}, under common random numbers. Intervals are 95 %.",
    ]


def _returns(data: dict[str, Any]) -> list[str]:
    by_name = {s["name"]: s for s in data["spending"]}
    kept = {t["name"]: t["kept"] for t in data["trees"]}
    rows = []
    for name in dict.fromkeys((data["source"]["name"], *kept, "flat")):
        share, none = kept.get(name), "there is no gain to keep" if name in kept else ""
        text = ranged(share, "share", ".1%") if share else none
        rows.append((name, ranged(by_name[name], "return"), text))
    return terminal_table(("allocator", "return", "keeps of the gain over flat"), rows).splitlines()


def _fidelity(data: dict[str, Any]) -> list[str]:
    trees = data["trees"]
    rows = [
        (
            words,
            *(" / ".join(_percent(t["fidelity"][led][name]) for led in ("tree", "learner")) for t in trees),
        )
        for name, words in _FIDELITY
    ]
    return [
        "Fidelity, in % (in the quarters that the tree leads to / that the learner leads to):",
        "",
        *terminal_table(("", *(f"{t['leaves']} leaves" for t in trees)), rows, "lr").splitlines(),
    ]


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f}"


def _spending_words(data: dict[str, Any]) -> list[str]:
    own = data["spending"][0]
    rules = data["spending"][1 + len(data["trees"]) :]
    lines = ["Spending:", ""]
    for stage, name in enumerate(STAGES):
        shares = own["functions"][stage]
        if own["quarters"][stage] <= 0.0 or sum(shares) <= 0.0:
            lines.append(f"- in {name}: nothing; the stage is not reached, or nothing is spent in it")
            continue
        top = sorted(range(len(USES)), key=lambda i: -shares[i])[:_NAMED]
        money = ", ".join(f"{USES[i]} {shares[i]:.0%}" for i in top if shares[i] >= LEAST_SHARE)
        lines.append(f"- in {name} ({own['quarters'][stage]:.1f} quarters): {money}; {_places(data, stage)}")
    nearest = sorted(rules, key=lambda s: -s["same_uses"])[:3]
    close = ", ".join(f"{code(s['name'])} {s['same_uses']:.0%}" for s in nearest)
    lines.append(f"- share of its money that a rule spends on the same uses, stage by stage: most {close}")
    return lines


def _places(data: dict[str, Any], stage: int) -> str:
    relative = data["spending"][0]["communities"][stage]
    if max(relative) <= 0.0:
        return "no place is funded"
    names = [c["name"] for c in data["communities"]]
    most, least = (pick(range(len(names)), key=lambda c: relative[c]) for pick in (max, min))
    return (
        f"per member most in {markdown(names[most])} ({100 * relative[most]:.0f} % of the mean), least in "
        f"{markdown(names[least])} ({100 * relative[least]:.0f} %)"
    )


def _importance(data: dict[str, Any]) -> list[str]:
    found = data["importance"]
    width = max(len(g["group"]) for g in found)
    lines = [
        "Observations, by the return lost when they are seen as in another episode in the same quarter:",
        "",
    ]
    for g in found:
        told = "" if g["low"] > 0.0 or g["high"] < 0.0 else "  cannot be told from none"
        if g["low"] == g["high"] == 0.0:
            told = "  none: not looked at, or the same in all episodes"
        between = f"[{number(g['low'], True)}, {number(g['high'], True)}]"
        lines.append(f"{g['group']:<{width}}  {number(g['loss'], True)} {between}{told}")
    return lines


def draw_figures(data: dict[str, Any], trees: Sequence[StoredTree]) -> Iterator[tuple[str, bytes]]:
    """File name and PNG of each figure."""
    for leaves, stored in zip(data["settings"]["leaves"], trees, strict=True):
        yield f"tree{leaves}.png", styled_png(partial(tree.draw, stored, data))
    yield "spending.png", styled_png(partial(uses.draw_functions, data))
    yield "communities.png", styled_png(partial(uses.draw_communities, data))
    yield "importance.png", styled_png(partial(importance.draw, data))


def page(data: dict[str, Any], trees: Sequence[StoredTree]) -> str:
    """The whole page, in Markdown, with its figures."""
    parts = ["\n".join(_opening(data)).replace("## ", "# ", 1), _fenced(_returns(data))]
    for leaves, stored in zip(data["settings"]["leaves"], trees, strict=True):
        parts += [
            f"## The tree of at most {leaves} leaves",
            f"![the tree of at most {leaves} leaves](tree{leaves}.png)",
            f"As rules (uses of {LEAST_SHARE:.0%} or more; places: how much more money a place gets for each "
            f"0.1 that it is above the society's mean, {10.0 * LEAST_LEAN:.0f} % or more; "
            f"{code(stored.name)} in `tree{leaves}.json`, an allocator for `juguo evaluate`):",
            _fenced(tree_lines(stored.tree)),
        ]
    parts += [
        "## Fidelity",
        _fenced(_fidelity(data)),
        "## What it spends, beside each rule",
        "\n".join(_spending_words(data)[2:]),
        "![spending by stage and function](spending.png)",
        "![spending by stage and community](communities.png)",
        *(_table(data, stage) for stage in range(len(STAGES))),
        "## Which observations matter",
        "A group of observations is taken from another episode in the same quarter. What is lost is what the "
        "allocator, as it is, gets out of knowing how things stand in this episode. Groups stand in for each "
        "other, so the losses do not add up; what is the same in all episodes, such as the quarters left, "
        "cannot be told this way.",
        "![importance of observations](importance.png)",
        _fenced(_importance(data)[2:]),
        f"{made_with(data['versions'])} Scenario digest `{data['scenario_digest']}`, SHA-256 of what is "
        f"explained: `{data['source']['sha256'] or 'a rule'}`.",
    ]
    return "\n\n".join(parts) + "\n"


def _fenced(lines: Sequence[str]) -> str:
    return "\n".join(["```", *lines, "```"])


def _table(data: dict[str, Any], stage: int) -> str:
    rows = [
        [
            code(s["name"]),
            f"{s['quarters'][stage]:.1f}",
            *(f"{100 * share:.0f}" if share > 0.0 else "" for share in s["functions"][stage]),
        ]
        for s in data["spending"]
    ]
    table = markdown_table(("allocator", "quarters", *FUNCTIONS, "reserve"), rows, "lr")
    return f"In {STAGES[stage]}, % of the stage's money:\n\n{table}"
