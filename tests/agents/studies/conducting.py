"""Studies conducted in this process."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from juguo_agents.report.figures import style
from juguo_agents.studies.executors import LocalExecutor
from juguo_agents.studies.study import Page, Study, conduct


def has_page(folder: Path, stem: str) -> bool:
    """Whether a page is there, and the figure that it shows."""
    page = (folder / f"{stem}.md").read_text(encoding="utf-8")
    figure = (folder / f"{stem}.png").read_bytes()
    return f"]({stem}.png)" in page and figure.startswith(b"\x89PNG") and len(figure) > 5_000


def english(page: str) -> list[str]:
    """Runs of three Latin words, which a page in Chinese has none of outside code, links and names."""
    prose = re.sub(r"`[^`\n]*`|\]\([^)]*\)|Van den Bulte", "|", page)
    return re.findall(r"[A-Za-z]+(?:[ ,;:]+[A-Za-z]+){2,}", prose)


def check_chinese(again: Callable[..., Page], folder: Path, stem: str, least: int = 40) -> None:
    """The page of a finished study is Chinese where that is asked for, its numbers stay as they are.

    Args:
        again: Conducts the study in a language, `lang`.
        folder: Of the study.
        stem: What the page is called without suffix.
        least: More Chinese characters than these are on it.
    """
    page, figures = folder / f"{stem}.md", sorted(folder.rglob("*.png"))
    before, data = page.read_bytes(), again(lang="en").data
    assert page.read_bytes() == before
    drawn = [figure.read_bytes() for figure in figures]
    chinese = again(lang="zh")
    text = page.read_text(encoding="utf-8")
    assert english(text) == english(chinese.console) == []
    assert len(re.findall("[一-鿿]", text)) > least
    assert chinese.data == data
    if style.chinese() is not None:
        assert all(figure.read_bytes() != was for figure, was in zip(figures, drawn, strict=True))


def conducted(
    kind: type[Study[Any, Any]], folder: Path, workers: int = 1, lang: str = "en", **values: Any
) -> Page:
    """A study with these settings, in a folder."""
    return conduct(kind(kind.settings_type.parse(values)), folder, LocalExecutor(workers), lang=lang)
