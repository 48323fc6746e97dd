"""What a search found, for the terminal."""

from __future__ import annotations

from typing import Any


def console_table(data: dict[str, Any]) -> str:
    """The result, its numbers, and where they came from, in lines of at most 110 characters."""
    validation = data["validation"]
    phases = data["phases"]
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
    lines += ["", *_parameters(data["parameters"], data["start"]), ""]
    episodes = f"{validation['episodes']:,} validation episodes"
    lines += [
        f"{'mean return, episodes of the choice (optimistic)':50} {phases[-1]['search_mean']:7.3f}",
        f"{'mean return, ' + episodes:50} {_interval(validation, '')}",
        f"{'start, the same episodes':50} {_interval(validation, 'start_')}",
        f"{'paired difference to the start':50} {_interval(validation, 'difference_', '+')}",
    ]
    lines += [
        f"{'paired difference to what it found with ' + format(before['budget'], ','):50} "
        f"{_interval(before, 'difference_', '+')}"
        for before in data["earlier"]
    ]
    return "\n".join(lines)


def _parameters(parameters: dict[str, float], start: dict[str, float]) -> list[str]:
    """Each parameter beside its start; shares and other numbers in one list."""
    width = max(len(name) for name in parameters)
    lines = [f"  {'parameter':<{width}} {'found':>9} {'start':>9}"]
    return lines + [
        f"  {name:<{width}} {value:>9.4g} {start[name]:>9.4g}" for name, value in parameters.items()
    ]


def _interval(values: dict[str, float], prefix: str, sign: str = "") -> str:
    mean, low, high = (values[prefix + end] for end in ("mean", "low", "high"))
    return f"{mean:{sign}7.3f} [{low:{sign}.3f}, {high:{sign}.3f}]"
