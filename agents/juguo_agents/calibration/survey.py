"""Reads a diffusion: who adopted when, and who named whom."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from juguo_agents.calibration.clock import Clock
from juguo_agents.calibration.data import Diffusion, Source
from juguo_agents.calibration.form import Form
from juguo_agents.calibration.people import MOST_PERIODS, People
from juguo_agents.calibration.table import DELIMITERS, DataError, Table, read_table
from juguo_agents.calibration.ties import Ties


def read_diffusion(persons: Path, edges: Path | None = None, form: Form | None = None) -> Diffusion:
    """Read who adopted when, and who named whom.

    Args:
        persons: A table with columns for id, community and time of adoption. A column adopted (1 or 0) is
            checked, others are ignored.
        edges: Either a table with columns ego and alter (ego named alter), or an adjacency matrix (the person
            of a row named those of the columns that are not 0).
        form: How they are to be read. With `wide` there are no `edges`.

    Raises:
        DataError: If a file cannot be read, or a value is not allowed or unclear.
    """
    form = form or Form()
    if (edges is None) == (form.wide is None):
        raise DataError(
            "say once who named whom: either --edges FILE, or --wide COLUMNS of the file of persons"
        )
    if form.periods is not None and not 2 <= form.periods <= MOST_PERIODS:
        raise DataError(f"--periods is {form.periods}; allowed are 2 to {MOST_PERIODS}")
    clock = Clock(form.start, form.step)
    table = read_table(persons)
    other = table if edges is None else read_table(edges)
    people = People(table, form, clock)
    if not len(people):
        raise DataError(f"{persons}: holds no line below its heading; allowed is one for each person")
    ties = Ties(other, people, form)
    kept = np.flatnonzero(people.kept)
    number = np.full(len(people), -1)
    number[kept] = np.arange(len(kept))
    ends = number[np.array(ties.pairs, "i8")]
    time, labels = np.array(people.time, "i8")[kept], [people.community[i] for i in kept]
    _check(people, form, time)
    places = tuple(sorted(set(labels), key=_order))
    index = {name: c for c, name in enumerate(places)}
    holds = f"{len(people):,} persons" + (
        ", ids unique within a community only" if people.ids_repeat() else ""
    )
    sources = [_source(table, holds if edges else f"{holds}, {ties.holds}")]
    return Diffusion(
        ids=tuple(people.ids[i] for i in kept),
        places=places,
        community=np.array([index[name] for name in labels], "i8"),
        time=time,
        periods=form.periods or int(time.max()),
        ego=ends[:, 0],
        alter=ends[:, 1],
        step=clock.step,
        start=clock.start,
        sources=tuple(sources + ([_source(other, ties.holds)] if edges else [])),
        dropped=tuple(people.dropped + ties.dropped),
    )


def _check(people: People, form: Form, time: np.ndarray) -> None:
    """Refuse what nothing can be estimated from."""
    where = f"{people.table.file}, column {form.heading('time')}"
    if time.max() == 0:
        raise DataError(f"{where}: nobody adopted; allowed is one adopter or more")
    if time.max() == 1:
        raise DataError(
            f"{where}: nobody adopted after period 1; allowed are data in which adoption takes two periods "
            "or more, else nothing tells peers from chance"
        )


def _source(table: Table, holds: str) -> Source:
    return Source(table.file.name, holds, DELIMITERS[table.delimiter], table.encoding, table.digest)


def _order(name: str) -> tuple[bool, int, str]:
    """Numbers by size, then everything else by the alphabet."""
    number = name.isascii() and name.isdecimal()
    return not number, int(name) if number else 0, name
