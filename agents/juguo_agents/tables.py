"""Tables as text: for the terminal, and in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from juguo_envs.names import terminal

WIDTH = 110
"""Columns of a terminal that a table may take."""
_RULE = "    \n    \n -- \n    \n    \n    \n    \n    \n"  # a line below the head alone


def terminal_table(head: Sequence[str], rows: Iterable[Sequence[str]], align: str = "") -> str:
    """A plain table of at most `WIDTH` columns; what is too long goes on in the next line.

    Args:
        head: Heads of the columns.
        rows: Cells.
        align: `l` or `r` for each column; the last letter holds for those that follow. Default: all left.
    """
    from rich.box import Box  # with the command; Markdown does without
    from rich.console import Console
    from rich.table import Table

    table = Table(box=Box(_RULE), show_edge=False, padding=(0, 1, 0, 0))
    console = Console(width=WIDTH, color_system=None, markup=False, emoji=False, highlight=False)
    for title, side in zip(head, _sides(align, len(head)), strict=True):
        table.add_column(terminal(title), justify="right" if side == "r" else "left")
    for row in rows:
        table.add_row(*map(terminal, row))
    wide = console.measure(table, options=console.options.update_width(2 * WIDTH)).maximum
    if WIDTH < wide <= WIDTH + len(head):
        table.padding = 0  # closer together no cell is folded
    with console.capture() as captured:
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


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


def _sides(align: str, columns: int) -> str:
    return ((align or "l") + (align or "l")[-1] * columns)[:columns]
