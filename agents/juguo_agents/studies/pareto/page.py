"""The comparison of fronts as lines for the terminal, and as a page."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np

from juguo_agents.report.figures.fronts import FIGURE
from juguo_agents.search.multi_objective import Searched
from juguo_agents.studies.pareto.analysis import FALLBACK, Summary
from juguo_agents.tables import WIDTH, markdown_table, terminal_table
from juguo_envs.info import REWARD_PARTS
from juguo_envs.names import code, markdown

_MAIN = "worst rule"


def console_table(summary: Summary) -> str:
    """Every front's volume, and the verdict."""
    table = terminal_table(
        ["front", "hypervolume", "interval", "points", "not dominated"],
        (
            [f["name"], f"{f['volume']:.5f}", f"[{f['volume_low']:.5f}, {f['volume_high']:.5f}]",
             str(len(f["points"])), str(_count_kept(f))]
            for f in summary["fronts"]
        ),
        "lr",
    )  # fmt: skip
    sentences = (verdict(summary), utility(summary), response(summary))
    return "\n".join([table, "", *(textwrap.fill(text, WIDTH) for text in sentences)])


def verdict(summary: Summary, reference: str = _MAIN) -> str:
    """The volumes compared, in one sentence."""
    v = summary["verdicts"][reference]
    relation = "at least" if v["at_least"] else "less than"
    within = "within noise" if v["difference_high"] >= 0.0 else "less beyond noise"
    noise = "beyond noise" if v["beyond_noise"] else within
    ratio = f"{v['ratio']:.2f} times" if v["ratio"] is not None else "against nothing of"
    return (
        f"Hypervolume of the one policy {v['policy']:.5f}, {ratio} the search's {v['search']:.5f}: "
        f"{relation} the search's, {noise} (difference {v['difference']:+.5f} [{v['difference_low']:+.5f}, "
        f"{v['difference_high']:+.5f}])."
    )


def utility(summary: Summary) -> str:
    """What preferences get, in one sentence."""
    u = summary["utility"]
    return (
        f"Return per weight, mean over the preferences: the policy {u['policy']:.4f}, the best of a search's "
        f"points for each {u['search']:.4f} (difference {u['difference']:+.4f} [{u['difference_low']:+.4f}, "
        f"{u['difference_high']:+.4f}]); the policy is at least as good in {u['better_in']:.0%} of them."
    )


def response(summary: Summary) -> str:
    """How the policy follows preferences, in one sentence."""
    ranks = ", ".join(
        f"{part} {value:+.2f}" if value is not None else f"{part} none (it never changes)"
        for part, value in summary["response"].items()
    )
    return f"Rank correlation of a goal's share of the weights with how well the policy meets it: {ranks}."


def as_markdown(summary: Summary) -> str:
    """The whole page."""
    more = ", and at what an earlier search found, whose steps are not counted" if summary["begun"] else ""
    s, confidence = summary, f"{summary['confidence']:.0%}"
    reference = s["references"][_MAIN]
    parts = [
        f"# One policy against a multi-objective search in {code(s['scenario'])}",
        "Breadth and resilience are to be high, the excluded share low; all are means over the quarters and "
        f"over the same {s['episodes']:,} test episodes (seeds from {s['first_seed']}), observations "
        f"{s['observe']}. A policy is run under {s['levels'] ** 3} preferences, {s['levels']} weights on "
        "each range it was trained over. A search is NSGA-II over the numbers of the closed loop with "
        f"{s['budget']:,} environment steps, begun at the shares of the rules{more}; the training "
        f"of one policy took {s['steps']:,}, the episodes of its selections included. Both sets "
        "of points were fixed before any test episode.",
        verdict(summary),
        f"With the means of `{FALLBACK}` as the reference instead. {verdict(summary, FALLBACK)}",
        utility(summary),
        response(summary),
        f"![The fronts]({FIGURE})",
        "*Every point is a mean over the test episodes; lines join the points that no other of the same "
        "front dominates in the two goals shown. The cross is the reference point.*",
        "## The fronts",
        f"Hypervolume above the worst rule's mean in each goal (breadth {reference['breadth']:.3f}, "
        f"resilience {reference['resilience']:.3f}, excluded {reference['excluded']:.3f}), with its "
        f"{confidence} interval (basic bootstrap over test episodes, paired).",
        _fronts(summary),
        "## What the first policy does under each preference",
        _preferences(summary),
    ]
    made_with = ", ".join(f"{name} {version}" for name, version in s["versions"].items())
    parts.append(f"Made with {made_with}.")
    return "\n\n".join(parts) + "\n"


def _fronts(summary: Summary) -> str:
    return markdown_table(
        ["front", "hypervolume", "interval", "points", "not dominated", "generations", "steps"],
        (
            [
                markdown(front["name"]), f"{front['volume']:.5f}",
                f"{front['volume_low']:.5f} to {front['volume_high']:.5f}", str(len(front["points"])),
                str(_count_kept(front)),
                str(front.get("generations", "")), f"{front['steps']:,}" if "steps" in front else "",
            ]
            for front in summary["fronts"]
        ),
    )  # fmt: skip


def _preferences(summary: Summary) -> str:
    front: dict[str, Any] = next(f for f in summary["fronts"] if f["kind"] == "policy")
    rows = []
    for point in front["points"]:
        goals = [f"{point[part]:.3f}" for part in REWARD_PARTS]
        kept = "yes" if point["non_dominated"] else ""
        rows.append([*(f"{weight:.2f}" for weight in point["weights"]), *goals, kept])
    weights = ("weight of breadth", "of resilience", "of the excluded")
    return markdown_table([*weights, *REWARD_PARTS, "not dominated"], rows)


def _count_kept(front: Mapping[str, Any]) -> int:
    return sum(point["non_dominated"] for point in front["points"])


def search_table(searched: Mapping[str, Searched]) -> str:
    """What searches found, a row for each: members, and from where to where their goals reach."""
    rows = []
    for name, found in searched.items():
        ends = zip(np.min(found.means, 0), np.max(found.means, 0), strict=True)
        spans = (f"{low:.3f} to {high:.3f}" for low, high in ends)
        rows.append([name, str(len(found.front)), f"{found.steps:,}", *spans])
    return terminal_table(["search", "members", "steps", *REWARD_PARTS], rows, "lrrl")
