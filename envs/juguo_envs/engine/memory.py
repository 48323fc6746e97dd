"""How much memory societies take, and how much there is: what does not fit is refused before it is begun."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from juguo_envs.errors import UserError
from juguo_envs.model.state import Structure, state_bytes
from juguo_envs.worlds.scenario import Scenario
from juguo_envs.worlds.society import build_structure

TOGETHER = 1_000_000
"""Persons that are stepped together where episodes can be run one after another: about 200 MB."""
_ALWAYS = 2**26  # bytes that are not worth asking for
_COPIES = 1.25  # numpy's and the allocator's own, measured
_GROUPS = Path("/sys/fs/cgroup")
_GROUP_FILES = {
    "": ("memory.max", "memory.current", "inactive_file "),
    "memory": ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "),
}
"""By the controller of a line of /proc/self/cgroup: limit, use, and what can be given back of that."""


def batch_bytes(scenario: Scenario, size: int, threads: int = 1, fixed: Structure | None = None) -> int:
    """Bytes that a batch of so many societies of a scenario takes while it is made, which is the most.

    Args:
        scenario: The world.
        size: Societies.
        threads: That make them.
        fixed: The scenario's structure, where it is at hand.
    """
    fixed, persons = fixed or build_structure(scenario), scenario.society.persons
    edges = int(fixed.edges)
    state = state_bytes(size, persons, len(fixed.share), edges, len(fixed.blocks))
    drawn = 12 * persons + 16 * edges  # what `populate` needs beside it to order persons and draw ties
    listed = fixed.neighbours.nbytes + fixed.offsets.nbytes
    return int(_COPIES * (state + min(size, threads) * drawn)) + listed


def episodes_together(scenario: Scenario, most: int) -> int:
    """Episodes that are run together, from 1 to `most`. It is the scenario that decides, never the machine:
    what a network answers depends, in its last bits, on how many it answers at once."""
    return max(1, min(most, TOGETHER // scenario.society.persons))


def check_societies(
    scenario: Scenario, size: int, processes: int = 1, threads: int = 1, fixed: Structure | None = None
) -> None:
    """Refuse societies that do not fit into memory.

    Args:
        scenario: The world of all of them.
        size: Societies that a process steps together.
        processes: Processes that do so at once.
        threads: Threads of each.
        fixed: The scenario's structure, where it is at hand.

    Raises:
        UserError: Saying how much is needed, how much there is, and what to do.
    """
    persons = scenario.society.persons
    needed = processes * batch_bytes(scenario, size, threads, fixed)
    each = needed / (processes * size * persons)
    many = f" in each of {processes} processes" if processes > 1 else ""
    fewer = ["processes"] * (processes > 1) + ["societies at once"] * (size > 1) + ["society.persons"]
    what = f"{size:,} x {persons:,} persons{many}, {each:,.0f} bytes each,"
    check_bytes(needed, what, f"take fewer {' or '.join(fewer)}")


def check_bytes(needed: int, what: str, advice: str) -> None:
    """Refuse what needs more memory than there is.

    Raises:
        UserError: Saying both, and the advice.
    """
    if needed > _ALWAYS and (free := available()) is not None and needed > free:
        numbers = f"need {needed / 1e9:,.1f} GB of memory, and {free / 1e9:,.1f} GB are free"
        raise UserError(f"{what} {numbers}; {advice}")


def available() -> int | None:
    """Bytes that this process may still take; None where the system does not tell."""
    return min([*_of_machine(), *_of_groups(), *_of_process()], default=None)


def _of_machine() -> Iterator[int]:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        yield from (1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError):
        return


def _of_groups() -> Iterator[int]:
    """By the limits of each control group that this process is in, and of those around it."""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        for controller in {"memory", ""} & set(controllers.split(",")):
            own = Path(path.strip("/"))
            for group in (own, *own.parents):
                yield from _of_group(_GROUPS / controller / group, *_GROUP_FILES[controller])


def _of_group(group: Path, limit: str, used: str, spare: str) -> Iterator[int]:
    try:
        most = int((group / limit).read_text(encoding="ascii"))
        now = int((group / used).read_text(encoding="ascii"))
        stat = (group / "memory.stat").read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):  # no limit ("max"), or a group that this process does not see
        return
    given_back = sum(int(line.split()[1]) for line in stat if line.startswith(spare))
    yield max(0, most - now + given_back)


def _of_process() -> Iterator[int]:
    """By the limit of its own, as `ulimit -v` sets it."""
    try:
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit != resource.RLIM_INFINITY:
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
            yield max(0, limit - pages * os.sysconf("SC_PAGE_SIZE"))
    except (ImportError, OSError, ValueError):
        return
