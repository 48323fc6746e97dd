"""What value and ablation measured, in words and tables: for the terminal and for a page."""

from __future__ import annotations

from typing import Any

LITTLE = 0.05
"""Share of the gap under which feedback is said to be worth little."""


def value_lines(data: dict[str, Any]) -> list[str]:
    """The answers of `value`, as lines of Markdown that a terminal shows well, too."""
    settings, gap, kinds = data["settings"], data["gap"], data["kinds"]
    feedback = data["worth"]["feedback"]
    lines = [
        f"## What feedback is worth in `{settings['scenario']['name']}`",
        "",
        f"Searches of {settings['budget']:,} episodes, {settings['searches']} of each yardstick, and of "
        f"{settings['refine']:,} from the best of them; measured on {settings['episodes']:,} test episodes "
        f"from seed {settings['first_seed']:,}. The gap, from the worst rule ({gap['worst']}) to the closed "
        f"loop, is {gap['mean']:.3f}. Intervals are 95 %.",
        "",
        f"{'allocator':<24} {'return':>8}  interval",
        f"{'-' * 24} {'-' * 8}  {'-' * 16}",
    ]
    shown = sorted(data["allocators"].items(), key=lambda item: -item[1]["mean"])
    lines += [f"{n:<24} {v['mean']:>8.3f}  [{v['low']:.3f}, {v['high']:.3f}]" for n, v in shown]
    lines += ["", *_header("what")]
    for group in (data["worth"], kinds):
        lines += [_row(name, values) for name, values in group.items()]
        lines.append("")
    lines += [_feedback_in_words(feedback), ""]
    strong = [n for n, v in kinds.items() if v["share"] >= LITTLE and v["low"] > 0.0]
    lines.append(
        f"Kinds of feedback worth {100 * LITTLE:.0f} % or more of the gap: {', '.join(strong) or 'none'}."
    )
    lines += ["", *_restarts(data["restarts"], settings["searches"])]
    if data["doubling"]:
        lines += ["", *_doubling(data)]
    return lines


def _restarts(restarts: dict[str, list[float]], searches: int) -> list[str]:
    """How far searches lie apart that differ by their seed alone."""
    if searches < 2:
        return ["One search of each yardstick: how far another one would end from it was not seen."]
    apart = [f"{name} {min(means):.3f} to {max(means):.3f}" for name, means in restarts.items()]
    return [f"Searches with other seeds ended, on the validation episodes, at: {', '.join(apart)}."]


def _doubling(data: dict[str, Any]) -> list[str]:
    """What each doubling brought, and what is worth what at the end of it."""
    lines = _header("twice the budget")
    for name, steps in data["doubling"].items():
        lines += [_row(f"{name}, {step['episodes']:,}", step) for step in steps]
    lines += ["", *_header("searched on")]
    return lines + [_row(name, values) for name, values in data["worth_searched_on"].items()]


def _header(what: str) -> list[str]:
    """Over rows of differences."""
    return [f"{what:<24} {'difference':<26} share of the gap", f"{'-' * 24} {'-' * 26} {'-' * 20}"]


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
    return f"{name:<24} {plain:<26} {share}"


def ablation_lines(data: dict[str, Any], least: float) -> list[str]:
    """One world's levers: what is lost at once, and after searching on."""
    settings, gap = data["settings"], data["gap"]
    lines = [
        f"## Levers in `{settings['scenario']['name']}`",
        "",
        f"The closed loop ({gap['best']['mean']:.3f}) with a lever forced, as a share of the gap to the "
        f"worst rule ({gap['worst']}), {gap['mean']:.3f}; {settings['episodes']:,} test episodes from seed "
        f"{settings['first_seed']:,}. Searched on: after {settings['refine']:,} episodes of search with the "
        "lever forced. Intervals are 95 %.",
        "",
        f"{'lever':<18} {'forced':<20} {'at once':<24} searched on",
        f"{'-' * 18} {'-' * 20} {'-' * 24} {'-' * 24}",
        f"{'control':<18} {'nothing':<20} {'':<24} {_percent(data['control'])}",
    ]
    for name, lever in data["levers"].items():
        mark = "" if matters(data, name, least) else "  (weak)"
        row = (
            f"{name:<18} {lever['forced']:<20} {_percent(lever['at_once']):<24} {_percent(lever['searched'])}"
        )
        lines.append(f"{row}{mark}")
    return lines


def _percent(values: dict[str, Any]) -> str:
    return (
        f"{100 * values['share']:5.1f} % [{100 * values['share_low']:.1f}, {100 * values['share_high']:.1f}]"
    )


def matters(data: dict[str, Any], lever: str, least: float) -> bool:
    """Whether a lever costs enough even after searching on without it, beyond what the control shows."""
    searched = data["levers"][lever]["searched"]
    return bool(searched["share"] - max(0.0, data["control"]["share"]) >= least and searched["low"] > 0.0)


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
        f"{'control':<18} " + " ".join(f"{100 * w['control']['share']:>10.1f}" for w in worlds),
    ]
    for lever in worlds[0]["levers"]:
        shares = [w["levers"][lever]["searched"]["share"] for w in worlds]
        where = [n for n, w in zip(names, worlds, strict=True) if matters(w, lever, least)]
        cells = " ".join(f"{100 * s:>10.1f}" for s in shares)
        lines.append(f"{lever:<18} {cells}  {', '.join(where) or 'none'}")
    return lines
