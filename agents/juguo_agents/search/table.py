"""What a search found, for the terminal."""

from __future__ import annotations

from typing import Any

from juguo_agents.tables import terminal_table


def console_table(data: dict[str, Any]) -> str:
    """The result, its numbers, and where they came from, in lines of at most 110 characters."""
    validation, phases = data["validation"], data["phases"]
    lines = [
        f"{data['name']}: family {data['family']} in scenario {data['scenario']['name']}, "
        f"{data['spent']:,} of {data['budget']:,} episodes",
        "",
    ]
    for phase in phases:
        lines.append(
            f"  {phase['family']}: {phase['dimensions']} dimensions, {phase['generations']} generations of "
            f"{phase['population']} x {phase['episodes_per_candidate']} episodes; "
            f"begun at: {phase['start']}; chosen: {phase['chosen']}"
        )
    parameters = [(k, f"{v:.4g}", f"{data['start'][k]:.4g}") for k, v in data["parameters"].items()]
    means = [
        ("mean return, episodes of the choice (optimistic)", f"{phases[-1]['search_mean']:.3f}", ""),
        (f"mean return, {validation['episodes']:,} validation episodes", *_interval(validation, "")),
        ("start, the same episodes", *_interval(validation, "start_")),
        ("paired difference to the start", *_interval(validation, "difference_", "+")),
    ]
    for before in data["earlier"]:
        what = f"paired difference to what it found with {before['budget']:,}"
        means.append((what, *_interval(before, "difference_", "+")))
    lines += ["", terminal_table(("parameter", "found", "start"), parameters, "lr")]
    return "\n".join([*lines, "", terminal_table(("return", "mean", "95% interval"), means, "lr")])


def _interval(values: dict[str, float], prefix: str, sign: str = "") -> tuple[str, str]:
    mean, low, high = (values[prefix + end] for end in ("mean", "low", "high"))
    return f"{mean:{sign}.3f}", f"[{low:{sign}.3f}, {high:{sign}.3f}]"
