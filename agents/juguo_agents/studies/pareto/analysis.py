"""The policies' fronts against the searches': hypervolume, and what each preference gets; and as a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from scipy import stats

from juguo_agents.array_types import Floats
from juguo_agents.evaluation.hypervolume import (
    SIGNS,
    episode_weights,
    estimate,
    non_dominated,
    objectives,
    over_members,
    resampled,
    volume,
)
from juguo_agents.evaluation.statistics import spread_out
from juguo_agents.provenance import versions
from juguo_agents.report.figures.fronts import FIGURE
from juguo_agents.report.formatting import made_with
from juguo_agents.report.texts import again, say
from juguo_agents.search.multi_objective import Searched
from juguo_agents.tables import WIDTH, markdown_table, ranged, terminal_table, wrapped
from juguo_envs.info import REWARD_PARTS
from juguo_envs.names import code, markdown

Summary = dict[str, Any]
FALLBACK = "nothing"
"""The rule whose means are the second reference point."""
_KINDS = ("policy", "search")


@dataclass(frozen=True)
class Point:
    """An allocator whose goals are measured.

    Attributes:
        kind: A rule, a policy under a preference, or a member of a search's front.
        group: The rule's name, the policy's, or the search's.
        weights: The preference that the policy observes.
        parameters: The numbers of the member.
    """

    kind: Literal["rule", "policy", "search"]
    group: str
    weights: tuple[float, float, float] | None = None
    parameters: Mapping[str, float] | None = None


def summarise(
    points: Sequence[Point],
    episodes: Floats,
    searched: Mapping[str, Searched],
    preferences: Sequence[tuple[float, float, float]],
) -> Summary:
    """The numbers of a comparison, fit for JSON.

    The reference point is the worst rule's mean in each objective; which that is nobody who is judged can
    change. Volumes, and differences of them, have basic bootstrap intervals over the test episodes, which are
    paired; those of several policies or searches together resample these, too.

    Args:
        points: Rules, the policies under every preference, and the searches' fronts.
        episodes: (points, episodes, 3) breadth, resilience and excluded share of each.
        searched: The searches by name.
        preferences: Those of each policy's points, in their order.
    """
    means, groups = objectives(episodes), _groups(points)
    rules = [i for i, point in enumerate(points) if point.kind == "rule"]
    nothing = next(means[i] for i in rules if points[i].group == FALLBACK)
    references = {"worst rule": means[rules].min(0), FALLBACK: nothing}
    weights = episode_weights(episodes.shape[1])
    volumes = {
        name: {group: _volumes(episodes[rows], reference, weights) for group, (_, rows) in groups.items()}
        for name, reference in references.items()
    }
    kinds = {group: kind for group, (kind, _) in groups.items()}
    shares = np.array(preferences) / np.sum(preferences, axis=1, keepdims=True)  # (preferences, 3)
    return {
        "references": {name: _plain(reference) for name, reference in references.items()},
        "verdicts": {name: _verdict(found, kinds) for name, found in volumes.items()},
        "utility": _utility(shares, groups, episodes, weights),
        "response": _response(shares, groups, means),
        "fronts": [
            {
                "name": group,
                "kind": kind,
                **spread_out("volume", estimate(*volumes["worst rule"][group])),
                **({"steps": f.steps, "generations": f.generations} if (f := searched.get(group)) else {}),
                "points": _points([points[i] for i in rows], means[rows]),
            }
            for group, (kind, rows) in groups.items()
        ],
        "rules": [{"name": points[i].group, **_plain(means[i])} for i in rules],
        "versions": versions(),
    }


def _groups(points: Sequence[Point]) -> dict[str, tuple[str, list[int]]]:
    """Kind and rows of every policy and search, by name."""
    found: dict[str, tuple[str, list[int]]] = {}
    for i, point in enumerate(points):
        if point.kind in _KINDS:
            found.setdefault(point.group, (point.kind, []))[1].append(i)
    return found


def _volumes(episodes: Floats, reference: Floats, weights: Floats) -> tuple[float, Floats]:
    of = partial(volume, reference=reference)
    return of(objectives(episodes)), resampled(episodes, weights, of)


def _verdict(volumes: Mapping[str, tuple[float, Floats]], kinds: Mapping[str, str]) -> dict[str, Any]:
    """Mean volume of the policies against that of the searches."""
    generator = np.random.default_rng(1)
    means, resamples = {}, {}
    for kind in _KINDS:
        members = [found for group, found in volumes.items() if kinds[group] == kind]
        means[kind] = float(np.mean([value for value, _ in members]))
        resamples[kind] = over_members(np.array([values for _, values in members]), generator)
    difference = estimate(means["policy"] - means["search"], resamples["policy"] - resamples["search"])
    return {
        **spread_out("policy", estimate(means["policy"], resamples["policy"])),
        **spread_out("search", estimate(means["search"], resamples["search"])),
        **spread_out("difference", difference),
        "ratio": means["policy"] / means["search"] if means["search"] > 0.0 else None,
        "at_least": bool(difference.mean >= 0.0),
        "beyond_noise": bool(difference.low > 0.0),
    }


def _utility(
    shares: Floats, groups: Mapping[str, tuple[str, list[int]]], episodes: Floats, weights: Floats
) -> dict[str, Any]:
    """Return per weight under each preference: the policy shown it against the best point of a search for it.

    The best point is found on the test episodes themselves, which favours the searches.
    """

    ways: dict[str, Callable[[Floats], Floats]] = {
        "policy": lambda points: np.asarray((shares * points).sum(1)),
        "search": lambda points: np.asarray((shares @ points.T).max(1)),
    }
    values, resamples = {}, {}
    for kind, of in ways.items():
        members = [rows for k, rows in groups.values() if k == kind]
        values[kind] = np.mean([of(objectives(episodes[rows])) for rows in members], axis=0)
        each = [resampled(episodes[rows], weights, partial(_mean, of)) for rows in members]
        resamples[kind] = over_members(np.array(each), np.random.default_rng(2))
    difference = estimate(
        float((values["policy"] - values["search"]).mean()), resamples["policy"] - resamples["search"]
    )
    return {
        **{kind: float(value.mean()) for kind, value in values.items()},
        **spread_out("difference", difference),
        "better_in": float((values["policy"] >= values["search"]).mean()),
    }


def _mean(of: Callable[[Floats], Floats], points: Floats) -> float:
    return float(of(points).mean())


def _response(
    shares: Floats, groups: Mapping[str, tuple[str, list[int]]], means: Floats
) -> dict[str, float | None]:
    """Rank correlation of a goal's share of the weights with how well it is met, over the preferences."""
    policies = [rows for kind, rows in groups.values() if kind == "policy"]
    found: dict[str, float | None] = {}
    for k, part in enumerate(REWARD_PARTS):
        ranks = [
            float(stats.spearmanr(shares[:, k], means[rows, k]).statistic)
            for rows in policies
            if np.ptp(means[rows, k]) > 0.0
        ]
        found[part] = float(np.mean(ranks)) if ranks else None
    return found


def _points(points: Sequence[Point], means: Floats) -> list[dict[str, Any]]:
    kept = non_dominated(means)
    return [
        {
            **_plain(mean),
            "non_dominated": bool(on),
            **({"weights": list(point.weights)} if point.weights else {}),
            **({"parameters": dict(point.parameters)} if point.parameters else {}),
        }
        for point, mean, on in zip(points, means, kept, strict=True)
    ]


def _plain(objectives: Floats) -> dict[str, float]:
    """An objective as what it is: a share of excluded is no less than zero."""
    return {part: float(value) for part, value in zip(REWARD_PARTS, objectives * SIGNS, strict=True)}


_MAIN = "worst rule"
_NAMES = "pareto.name."


def console_table(summary: Summary) -> str:
    """Every front's volume, and the verdict."""
    rows = [
        [
            again(front["name"], _NAMES),
            f"{front['volume']:.5f}",
            f"[{front['volume_low']:.5f}, {front['volume_high']:.5f}]",
            str(len(front["points"])),
            str(_count_kept(front)),
        ]
        for front in summary["fronts"]
    ]
    table = terminal_table(_heads("front", "volume", "interval", "points", "kept"), rows, "lr")
    sentences = (verdict(summary), utility(summary), response(summary))
    return "\n".join([table, "", *(line for text in sentences for line in wrapped(text, WIDTH))])


def _heads(*names: str) -> list[str]:
    return [say(f"pareto.col.{name}") for name in names]


def _goals() -> list[str]:
    return [say(f"pareto.goal.{part}") for part in REWARD_PARTS]


def verdict(summary: Summary, reference: str = _MAIN) -> str:
    """The volumes compared, in one sentence."""
    v = summary["verdicts"][reference]
    within = "within" if v["difference_high"] >= 0.0 else "less_beyond"
    noise = "beyond" if v["beyond_noise"] else within
    ratio = "pareto.ratio.none" if v["ratio"] is None else "pareto.ratio"
    return say(
        "pareto.verdict",
        policy=f"{v['policy']:.5f}",
        ratio=say(ratio, ratio=f"{v['ratio'] or 0.0:.2f}"),
        search=f"{v['search']:.5f}",
        relation=say("pareto.at_least" if v["at_least"] else "pareto.less"),
        noise=say(f"pareto.{noise}"),
        difference=ranged(v, "difference", "+.5f"),
    )


def utility(summary: Summary) -> str:
    """What preferences get, in one sentence."""
    u = summary["utility"]
    values = {kind: f"{u[kind]:.4f}" for kind in _KINDS}
    difference = ranged(u, "difference", "+.4f")
    return say("pareto.utility", **values, difference=difference, share=f"{u['better_in']:.0%}")


def response(summary: Summary) -> str:
    """How the policy follows preferences, in one sentence."""
    ranks = []
    for part, value in summary["response"].items():
        goal = say(f"pareto.goal.{part}")
        if value is None:
            ranks.append(say("pareto.rank.none", goal=goal))
        else:
            ranks.append(say("pareto.rank", goal=goal, rank=f"{value:+.2f}"))
    return say("pareto.response", ranks=say("comma").join(ranks))


def as_markdown(summary: Summary) -> str:
    """The whole page."""
    s, reference = summary, summary["references"][_MAIN]
    setup = {
        "episodes": f"{s['episodes']:,}",
        "first": s["first_seed"],
        "observe": say(f"pareto.observe.{s['observe']}"),
        "preferences": s["levels"] ** 3,
        "levels": s["levels"],
        "budget": f"{s['budget']:,}",
        "begun": say("pareto.begun") if s["begun"] else "",
        "taken": f"{s['steps']:,}",
    }
    goals = {part: f"{reference[part]:.3f}" for part in REWARD_PARTS}
    parts = [
        f"# {say('pareto.title', world=code(s['scenario']))}",
        say("pareto.setup", **setup),
        verdict(summary),
        say("pareto.fallback", rule=f"`{FALLBACK}`", verdict=verdict(summary, FALLBACK)),
        utility(summary),
        response(summary),
        f"![{say('pareto.fronts')}]({FIGURE})",
        f"*{say('pareto.caption')}*",
        f"## {say('pareto.fronts')}",
        say("pareto.volume.lead", confidence=f"{s['confidence']:.0%}", **goals),
        _fronts(summary),
        f"## {say('pareto.preferences')}",
        _preferences(summary),
    ]
    return "\n\n".join([*parts, made_with(s["versions"])]) + "\n"


def _fronts(summary: Summary) -> str:
    return markdown_table(
        _heads("front", "volume", "interval", "points", "kept", "generations", "steps"),
        (
            [
                markdown(again(front["name"], _NAMES)), f"{front['volume']:.5f}",
                say("between", low=f"{front['volume_low']:.5f}", high=f"{front['volume_high']:.5f}"),
                str(len(front["points"])), str(_count_kept(front)),
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
        kept = say("pareto.yes") if point["non_dominated"] else ""
        rows.append([*(f"{weight:.2f}" for weight in point["weights"]), *goals, kept])
    return markdown_table([*_heads("w_b", "w_r", "w_x"), *_goals(), *_heads("kept")], rows)


def _count_kept(front: Mapping[str, Any]) -> int:
    return sum(point["non_dominated"] for point in front["points"])


def search_table(searched: Mapping[str, Searched]) -> str:
    """What searches found, a row for each: members, and from where to where their goals reach."""
    rows = []
    for name, found in searched.items():
        ends = zip(np.min(found.means, 0), np.max(found.means, 0), strict=True)
        spans = (say("between", low=f"{low:.3f}", high=f"{high:.3f}") for low, high in ends)
        rows.append([again(name, _NAMES), str(len(found.front)), f"{found.steps:,}", *spans])
    return terminal_table([*_heads("search", "members", "steps"), *_goals()], rows, "lrrl")
