"""A comparison from Python, easy to look at: a table, figures, pandas, and a page in a notebook."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from juguo_agents.allocators import Allocator
from juguo_agents.artifacts.load import find_allocators, named_one_by_one
from juguo_agents.evaluation.record import Comparison
from juguo_agents.evaluation.rollout import compare as run_all
from juguo_agents.folders import new_folder
from juguo_agents.provenance import versions
from juguo_agents.report import console_page, summarise, write_report
from juguo_agents.report.summary import Summary, main_rows
from juguo_agents.report.texts import Lang, say, speaking
from juguo_agents.report.tidy import TABLES
from juguo_agents.report.verdict import verdict
from juguo_envs.errors import UserError, unknown
from juguo_envs.names import html
from juguo_envs.worlds.family import Family, load_world
from juguo_envs.worlds.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_COLUMNS = {
    "mean": "return", "mean_low": "return_low", "mean_high": "return_high", "difference": "difference",
    "difference_low": "difference_low", "difference_high": "difference_high", "breadth": "breadth",
    "resilience": "resilience", "excluded": "excluded", "adoption_end": "adoption_end",
    "abandoned": "abandoned",
}  # fmt: skip
_SHOWN = ("table.allocator", "col.mean", "col.difference", "col.adoption_end", "col.excluded")
"""Heads of the table of a notebook."""


def compare(
    world: str | Path | Mapping[str, Any] | Scenario | Family,
    allocators: Sequence[str | Allocator],
    *,
    episodes: int = 200,
    first_seed: int = 0,
    observe: Literal["noisy", "true"] = "noisy",
    lang: Lang = "en",
) -> Compared:
    """Compare allocators on the same test episodes.

    Args:
        world: A scenario by name, file or fields, or a family.
        allocators: Each a name as `juguo evaluate` takes it, or an object that follows the protocol
            `juguo_agents.allocators.Allocator`. The baseline and `nothing` are added.
        episodes: Number of test episodes.
        first_seed: Seed of the first; the others follow it.
        observe: With noise on what is seen, or without.
        lang: Language of what is shown: "en" or "zh". Columns of tables stay English.

    Raises:
        UserError: If a world or an allocator is not known, or a value is not allowed.
    """
    if isinstance(allocators, str):
        raise UserError(f"allocators is {allocators!r}; give a list, such as [{allocators!r}]")
    with speaking(lang):  # refuses a language that there is not, before the work
        pass
    found: list[Allocator] = []
    one_by_one: list[str] = []
    for one in allocators:
        some = find_allocators([one]) if isinstance(one, str) else [one]
        one_by_one += named_one_by_one([one] if isinstance(one, str) else [], some)
        found += some
    comparison = run_all(
        found,
        load_world(world),
        episodes=episodes,
        first_seed=first_seed,
        observe=observe,
        threads=os.cpu_count() or 1,
        highlight=one_by_one,
    )
    return Compared(comparison, lang)


@dataclass(frozen=True, eq=False, repr=False)
class Compared:
    """What `compare` measured.

    Attributes:
        comparison: The records, episode by episode.
        lang: Language of what is shown.
    """

    comparison: Comparison
    lang: Lang = "en"

    @cached_property
    def summary(self) -> Summary:
        """The content of `comparison.json`."""
        return summarise(self.comparison, versions())

    @cached_property
    def verdict(self) -> list[str]:
        """What the comparison says, in five points."""
        return verdict(self.summary, lang=self.lang)

    @cached_property
    def table(self) -> list[dict[str, Any]]:
        """A row for each allocator, best mean return first; doctrines stand like for like."""
        return [
            {"allocator": row["doctrine"] or row["name"]} | {new: row[old] for old, new in _COLUMNS.items()}
            for row in main_rows(self.summary)
        ]

    def to_pandas(self, table: str | None = None) -> pd.DataFrame:
        """`table`, or one of the tidy tables by name: "episodes", "trajectories" or "places".

        Raises:
            UserError: If there is no such table.
            ImportError: If pandas is missing.
        """
        if table is not None and table not in TABLES:
            raise UserError(unknown("table", table, TABLES))
        import pandas as pd

        return pd.DataFrame(self.table if table is None else TABLES[table](self.comparison))

    def plot(self, figure: str = "return") -> Figure:
        """A figure by name: "return", "adoption", "exits", "money", "places", "board" or "factorial".

        Raises:
            UserError: If there is no such figure, or not of what was compared.
            ImportError: If matplotlib is missing.
        """
        from juguo_agents.report.figures import draw_figure

        return draw_figure(figure, self.comparison, self.summary, self.lang)

    def write(self, folder: str | Path) -> list[Path]:
        """Write tables, figures and pages into a new folder; returns the files.

        Raises:
            FolderExists: If it is there already.
        """
        with new_folder(Path(folder)) as new:
            written = write_report(self.comparison, new, versions(), self.summary, lang=self.lang)
        return [Path(folder) / path.name for path in written]

    def __repr__(self) -> str:
        return console_page(self.summary, self.lang)

    def _repr_html_(self) -> str:
        points = "".join(f"<li>{html(point)}</li>" for point in self.verdict)
        with speaking(self.lang):
            head = "".join(f"<th>{html(say(key))}</th>" for key in _SHOWN)
        rows = "".join(
            f"<tr>{''.join(f'<td>{cell}</td>' for cell in self._cells(row))}</tr>" for row in self.table
        )
        return f"<ol>{points}</ol><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"

    def _cells(self, row: dict[str, Any]) -> list[str]:
        ranged = [
            f"{row[name]:.3f} [{row[f'{name}_low']:.3f}, {row[f'{name}_high']:.3f}]"
            for name in ("return", "difference")
        ]
        return [html(row["allocator"]), *ranged, f"{row['adoption_end']:.1%}", f"{row['excluded']:.1%}"]
