"""What value and ablation measured, in words and tables: for the terminal and for a page."""

from __future__ import annotations

from typing import Any

from juguo_agents.studies.value.ablation import CONTROL
from juguo_agents.studies.value.yardsticks import CLOSED, KNOWING, OPEN

LITTLE = 0.05
"""Share of the gap under which feedback is said to be worth little."""


def value_lines(data: dict[str, Any]) -> list[str]:
    """The answers of `value`, as lines of Markdown that a terminal shows well, too."""
    settings, gap, kinds = data["settings"], data["gap"], data["kinds"]
    lines = [
        f"## What feedback is worth in `{settings['scenario']['name']}`",
        "",
        f"Searches of {settings['budget']:,} episodes, {settings['searches']} of each yardstick, and of "
        f"{settings['refine']:,} from the best of them; measured on {settings['episodes']:,} test episodes "
        f"from seed {settings['first_seed']:,}. The gap, from the worst rule ({gap['worst']}) to the closed "
        f"loop, is {gap['mean']:.3f}. Intervals are 95 %.",
        "",
        f"{'allocator':<30} {'return':>8}  interval",
        f"{'-' * 30} {'-' * 8}  {'-' * 16}",
    ]
    shown = sorted(data["allocators"].items(), key=lambda item: -item[1]["mean"])
    lines += [f"{n:<30} {v['mean']:>8.3f}  [{v['low']:.3f}, {v['high']:.3f}]" for n, v in shown]
    lines += ["", *_header("what")]
    for group in (data["worth"], kinds):
        lines += [_row(name, values) for name, values in group.items()]
        lines.append("")
    lines += _restarts(data["restarts"], settings["searches"])
    if data["doubling"]:
        lines += ["", *_doubling(data["doubling"]), "", *_header("searched on")]
        for group in ("worth_searched_on", "kinds_searched_on"):
            lines += [_row(name, values) for name, values in data[group].items()]
    last_kinds = data["kinds_searched_on"] or kinds
    lines += ["", _feedback_in_words((data["worth_searched_on"] or data["worth"])["feedback"]), ""]
    strong = [n for n, v in last_kinds.items() if v["share"] >= LITTLE and v["low"] > 0.0]
    lines.append(
        f"Kinds of feedback worth {100 * LITTLE:.0f} % or more of the gap: {', '.join(strong) or 'none'}."
    )
    lines += ["", _where(data)]
    return lines


def _where(data: dict[str, Any]) -> str:
    """Where the best of what was searched lies, for other programs."""
    folders = [
        f"{name} in searches/{data['searches'][data['last'][name]]}" for name in (CLOSED, OPEN, KNOWING)
    ]
    return f"For evaluate.py and compare_runs.py: {', '.join(folders)}."


def _restarts(restarts: dict[str, list[float]], searches: int) -> list[str]:
    """How far searches lie apart that differ by their seed alone."""
    if searches < 2:
        return ["One search of each yardstick: how far another one would end from it was not seen."]
    apart = [f"{name} {min(means):.3f} to {max(means):.3f}" for name, means in restarts.items()]
    return [f"Searches with other seeds ended, on the validation episodes, at: {', '.join(apart)}."]


def _doubling(doubling: dict[str, Any]) -> list[str]:
    """What each doubling brought."""
    lines = _header("twice the budget")
    for name, steps in doubling.items():
        lines += [_row(f"{name}, {step['episodes']:,}", step) for step in steps]
    return lines


def _header(what: str) -> list[str]:
    """Over rows of differences."""
    return [f"{what:<30} {'difference':<26} share of the gap", f"{'-' * 30} {'-' * 26} {'-' * 20}"]


def _feedback_in_words(feedback: dict[str, Any]) -> str:
    share = f"{100 * feedback['share']:.1f} % of the gap"
    if feedback["low"] <= 0.0:
        return f"Feedback is worth nothing that can be told from noise here ({share})."
    if feedback["share"] < LITTLE:
        return f"Feedback is worth little here: {share}."
    return f"Feedback is worth {share}."


def _row(name: str, values: dict[str, Any]) -> str:
    plain = f"{values['difference']:+.3f} [{values['low']:+.3f}, {values['high']:+.3f}]"
    share = (
        f"{100 * values['share']:5.1f} % [{100 * values['share_low']:.1f}, {100 * values['share_high']:.1f}]"
    )
    return f"{name:<30} {plain:<26} {share}"


def ablation_lines(data: dict[str, Any], least: float) -> list[str]:
    """One world's levers: what is lost at once, and after searching on."""
    settings, gap = data["settings"], data["gap"]
    doubled = bool(data["doubling"])
    lines = [
        f"## Levers in `{settings['scenario']['name']}`",
        "",
        f"The closed loop ({gap['best']['mean']:.3f}) with a lever forced, as a share of the gap to the "
        f"worst rule ({gap['worst']}), {gap['mean']:.3f}; {settings['episodes']:,} test episodes from seed "
        f"{settings['first_seed']:,}. Searched on: after two rounds of {settings['refine']:,} episodes of "
        f"search with the lever forced{', and doubled' if doubled else ''}. Intervals are 95 %.",
        "",
        f"{'lever':<18} {'forced':<20} {'at once':<22} {'searched on':<22}" + " doubled" * doubled,
        " ".join("-" * width for width in (18, 20, 22, 22, 22)[: 4 + doubled]),
    ]
    rows = {CONTROL: data["control"] | {"forced": "nothing"}, **data["levers"]}
    for name, row in rows.items():
        cells = [_percent(row[key]) if row.get(key) else "" for key in ("at_once", "searched", "doubled")]
        mark = "  (weak)" if name in data["levers"] and not matters(data, name, least) else ""
        lines.append(
            f"{name:<18} {row['forced']:<20} " + " ".join(f"{cell:<22}" for cell in cells).rstrip() + mark
        )
    if doubled:
        lines += ["", *_doubling(data["doubling"])]
    return lines


def _percent(values: dict[str, Any]) -> str:
    return (
        f"{100 * values['share']:5.1f} % [{100 * values['share_low']:.1f}, {100 * values['share_high']:.1f}]"
    )


def _lost(row: dict[str, Any]) -> dict[str, Any]:
    """What a lever costs at the end of all searches."""
    found: dict[str, Any] = row["doubled"] or row["searched"]
    return found


def matters(data: dict[str, Any], lever: str, least: float) -> bool:
    """Whether a lever costs enough even after searching on without it, beyond what the control shows."""
    lost, control = _lost(data["levers"][lever]), _lost(data["control"])
    return bool(lost["share"] - max(0.0, control["share"]) >= least and lost["low"] > 0.0)


def levers_over_worlds(worlds: list[dict[str, Any]], least: float) -> list[str]:
    """Every lever in every world, and where it matters."""
    names = [w["settings"]["scenario"]["name"] for w in worlds]
    lines = [
        "## Where each lever matters",
        "",
        "Share of the gap lost after searching on without it, in %.",
        "",
        f"{'lever':<18} " + " ".join(f"{n[:10]:>10}" for n in names) + "  matters in",
        f"{'-' * 18} " + " ".join("-" * 10 for _ in names) + f"  {'-' * 20}",
        f"{'control':<18} " + " ".join(f"{100 * _lost(w['control'])['share']:>10.1f}" for w in worlds),
    ]
    for lever in worlds[0]["levers"]:
        shares = [_lost(w["levers"][lever])["share"] for w in worlds]
        where = [n for n, w in zip(names, worlds, strict=True) if matters(w, lever, least)]
        cells = " ".join(f"{100 * s:>10.1f}" for s in shares)
        lines.append(f"{lever:<18} {cells}  {', '.join(where) or 'none'}")
    return lines
