"""Many searches under one bar of progress, which can be ended between any two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from tqdm import tqdm

from juguo_agents.artifacts.searched import SearchResult
from juguo_agents.search.checkpoint import Settings as SearchSettings
from juguo_agents.search.conduct import conduct


def conduct_under_bar(
    searches: Mapping[str, SearchSettings],
    folder: Path,
    workers: int,
    what: str,
    stop: Callable[[], bool],
    after: Mapping[str, str] | None = None,
) -> dict[str, SearchResult]:
    """What searches found, by name; see `conduct`.

    Raises:
        KeyboardInterrupt: If `stop`, which is asked after every search, says so.
    """
    with tqdm(total=len(searches), desc=what, unit="search") as bar:

        def progress(name: str, mean: float) -> None:
            bar.set_postfix_str(f"{name} {mean:.3f}", refresh=False)
            tick(bar, stop)

        return conduct(searches, folder, workers, progress, after)


def tick(bar: tqdm, stop: Callable[[], bool]) -> None:
    """One more is done.

    Raises:
        KeyboardInterrupt: If `stop` says so.
    """
    bar.update()
    if stop():
        raise KeyboardInterrupt
