"""A comparison as files: numbers for programs, words and figures for readers.

matplotlib is imported only when figures are drawn, so that `summarise` and `console_table` work without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from juguo_agents.artifacts.identity import text_of
from juguo_agents.evaluation.record import Comparison
from juguo_agents.report.comparison_file import COMPARISON, comparison_data, read_comparison
from juguo_agents.report.console import console_page, console_table
from juguo_agents.report.curves import Curves
from juguo_agents.report.markdown import comparison_markdown
from juguo_agents.report.page import PAGE, Source, report_page
from juguo_agents.report.page.data import SCENARIO, Rules
from juguo_agents.report.route import IMITATION, Route
from juguo_agents.report.summary import Summary, summarise
from juguo_agents.report.texts import say
from juguo_agents.report.tidy import COURSE_FILE, TABLES, Format, as_bytes, courses
from juguo_envs.files import write_bytes, write_text

__all__ = [
    "COMPARISON",
    "IMITATION",
    "Curves",
    "Route",
    "Summary",
    "check_figures",
    "comparison_data",
    "console_page",
    "console_table",
    "read_comparison",
    "summarise",
    "write_report",
    "written_in",
]


def check_figures() -> None:
    """For callers who work long before they write a report.

    Raises:
        ImportError: If matplotlib is missing.
    """
    import_module("matplotlib")


def write_report(
    comparison: Comparison,
    folder: str | Path,
    versions: Mapping[str, str],
    summary: Summary | None = None,
    *,
    curves: Curves | None = None,
    tables: Format = "csv",
    config: Mapping[str, Any] | None = None,
    rules: Rules | None = None,
    of: str | None = None,
    lang: str = "en",
) -> list[Path]:
    """Write tidy tables, figures, the scenario, `report.html`, `comparison.md` and, last, `comparison.json`.

    Every file appears whole or not at all. The JSON comes last: where it is, the rest is, too.

    Args:
        comparison: What was measured.
        folder: An existing folder; files of the same names are replaced.
        versions: Name and version of what it was measured with.
        summary: What `summarise` gave for this comparison, where it is at hand.
        curves: How the learned allocators were trained, where that is known: a figure and a table more.
        tables: Format of the tidy tables.
        config: Settings of the training, for the page.
        rules: Trees in words, for the page.
        of: Identity of the run that it is a part of, where it is one's.
        lang: Language of tables, page and figures; files for programs are in English.

    Returns:
        The files, in the order in which they were written.

    Raises:
        ImportError: If matplotlib is missing.
    """
    from juguo_agents.report.figures import draw_figures

    folder = Path(folder)
    summary = summarise(comparison, versions) if summary is None else summary
    numbers = text_of(comparison_data(summary, of), 2)
    words = comparison_markdown(comparison, summary, curves, lang)
    made = {name: table(comparison) for name, table in TABLES.items()}
    course = courses(comparison)
    contents = {f"{name}.{tables}": as_bytes(table, tables) for name, table in made.items()}
    contents[COURSE_FILE] = as_bytes(course, "parquet")
    source = Source(
        comparison.scenario.name, summary, course, made["trajectories"], comparison.scenario, config or {}
    )
    page = report_page([source], lang, rules)
    written = []
    for name, content in contents.items():
        written.append(folder / name)
        write_bytes(written[-1], content)
    for name, png in draw_figures(comparison, summary, curves, lang):
        written.append(folder / name)
        write_bytes(written[-1], png)
    if not (folder / SCENARIO).exists():
        written.append(folder / SCENARIO)
        comparison.scenario.save(written[-1])
    for name, text in ((PAGE, page), ("comparison.md", words), (COMPARISON, numbers)):
        written.append(folder / name)
        write_text(written[-1], text)
    return written


def written_in(folder: Path, lang: str = "en") -> str:
    """A line that says where people find what `write_report` wrote."""
    return say("console.written", lang, tables=folder / "comparison.md", page=folder / PAGE)
