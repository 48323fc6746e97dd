"""Tables as text: for the terminal, and in Markdown."""

from __future__ import annotations

import io
import re
import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from juguo_envs.names import terminal

WIDTH = 110
"""Columns of a terminal that a table may take."""
_RULE = "    \n    \n -- \n    \n    \n    \n    \n    \n"  # a line below the head alone


def terminal_table(head: Sequence[str], rows: Iterable[Sequence[str]], align: str = "") -> str:
    """A plain table of at most `WIDTH` columns; what is too long goes on in the next line, indented alike.

    Args:
        head: Heads of the columns.
        rows: Cells.
        align: `l` or `r` for each column; the last letter holds for those that follow. Default: all left.
    """
    from rich.box import Box  # with the command; Markdown does without
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table

    table = Table(box=Box(_RULE), show_edge=False, padding=(0, 1, 0, 0))
    out = io.StringIO()  # a table is the same wherever it is shown
    console = Console(file=out, width=WIDTH, color_system=None, markup=False, emoji=False, highlight=False)
    for title, side in zip(head, _sides(align, len(head)), strict=True):
        justify: Literal["left", "right"] = "right" if side == "r" else "left"
        table.add_column(terminal(title), justify=justify, overflow="fold")  # rich would cut wide characters
    for row in rows:
        table.add_row(*(Padding(cell, (0, 0, 0, by)) if by else cell for by, cell in map(_indented, row)))
    wide = console.measure(table, options=console.options.update_width(2 * WIDTH)).maximum
    if WIDTH < wide <= WIDTH + len(head):
        table.padding = 0  # closer together no cell is folded
    console.print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]], align: str = "") -> str:
    """A table in Markdown.

    Args:
        head: Heads of the columns.
        rows: Cells, in Markdown; of texts that people give, as `juguo_envs.names` escapes them.
        align: `l` or `r` for each column; the last letter holds for those that follow. Default: all left.
    """
    rule = "".join("---:|" if side == "r" else "---|" for side in _sides(align, len(head)))
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, *rows)]
    return "\n".join([lines[0], f"|{rule}", *lines[1:]])


def ranged(values: Mapping[str, Any], name: str = "mean", form: str | Callable[[float], str] = ".3f") -> str:
    """A number with its interval, such as `0.512 [0.498, 0.527]`.

    Args:
        values: Holds the number by its name, and the interval's ends as `{name}_low` and `{name}_high`, or as
            `low` and `high`.
        name: Of the number.
        form: How all three are written: a format, or a function.
    """
    low, high = (values[f"{name}_{end}" if f"{name}_{end}" in values else end] for end in ("low", "high"))
    number, low, high = (form(x) if callable(form) else format(x, form) for x in (values[name], low, high))
    return f"{number} [{low}, {high}]"


def columns(text: str) -> int:
    """How many columns of a terminal a text takes; a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def padded(text: str, width: int) -> str:
    """A text in so many columns, at their left."""
    return text + " " * (width - columns(text))


def wrapped(text: str, width: int) -> list[str]:
    """A text in lines of at most so many columns."""
    return textwrap.wrap(text, width) if columns(text) == len(text) else hanging(text, width, "")


def hanging(text: str, width: int, first: str) -> list[str]:
    """A text in lines of at most so many columns, those behind the first indented by what begins it."""
    lines, line, after = [], first, " " * len(first)
    for part in re.findall(r"[\u3000-\u9fff\uff00-\uffef]|[^ \n\u3000-\u9fff\uff00-\uffef]+|[ \n]+", text):
        closes = part in "，。、；：）！？”"
        if columns(line + part) > width and line != after and not closes and not part.isspace():
            lines.append(line.rstrip())
            line = after
        line += part if line != after else part.lstrip()
    return [*lines, line.rstrip()]


def _indented(cell: str) -> tuple[int, str]:
    text = terminal(cell)
    return len(text) - len(text.lstrip(" ")), text.lstrip(" ")


def _sides(align: str, columns: int) -> str:
    return ((align or "l") + (align or "l")[-1] * columns)[:columns]
