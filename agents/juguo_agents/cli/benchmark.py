"""`juguo benchmark`."""

from __future__ import annotations

import datetime
from pathlib import Path

from pydantic import Field

from juguo_agents.benchmark.card import NAME_PATTERN, Scorecard, card_text, score, text
from juguo_agents.benchmark.leaderboard import leaderboard, read_cards
from juguo_agents.benchmark.references import load_references
from juguo_agents.cli.options import command
from juguo_agents.cli.running import show, show_json
from juguo_agents.folders import check_file, check_new_file
from juguo_agents.progress import progress
from juguo_agents.report.texts import Lang, speaking
from juguo_envs.errors import UserError
from juguo_envs.files import write_text
from juguo_envs.names import slug
from juguo_envs.validation import Strict


class Benchmark(Strict):
    """Which entry is scored, or which scorecards make a page."""

    parts: tuple[str, ...] = Field(
        (),
        description="the entry: an allocator as for juguo evaluate; further ones act in the worlds that they "
        "were made for",
        json_schema_extra={"positional": True, "names": "allocator"},
    )
    name: str | None = Field(
        None, pattern=NAME_PATTERN, description="of the entry on the leaderboard; default: of its first part"
    )
    steps: int | None = Field(
        None, ge=0, description="environment steps that it was trained for, where its files do not tell"
    )
    leaderboard: Path | None = Field(
        None, description="make a page of the scorecards in this folder, instead of scoring"
    )
    out: Path | None = Field(None, description="file for the scorecard or the page; default: none is made")
    lang: Lang = Field("en", description="language of the scorecard's table; its file is in English")
    as_json: bool = Field(False, alias="json", description="print the scorecard, nothing else")


@command
def benchmark(asked: Benchmark) -> int:
    """Score an entry, or make the leaderboard."""
    if bool(asked.parts) == bool(asked.leaderboard):
        raise UserError("name an entry, for example experiment_diffusion, or --leaderboard FOLDER; not both")
    if asked.leaderboard and asked.lang != "en":
        raise UserError(f"--lang is {asked.lang!r}; a leaderboard is in English: leave it out")
    references = load_references()
    if asked.out:
        (check_file if asked.leaderboard else check_new_file)(asked.out)
    if asked.leaderboard:
        cards = read_cards(asked.leaderboard, references)
        day = datetime.datetime.now(datetime.UTC).date().isoformat()
        page = leaderboard(cards, day, f"juguo benchmark --leaderboard {asked.leaderboard.name}")
        if asked.out:
            write_text(asked.out, page)
        show(page if asked.out is None else f"{len(cards)} entries: {asked.out}")
        return 0
    name = asked.name or slug(Path(asked.parts[0].partition(":")[0]).stem + asked.parts[0].partition(":")[2])
    with progress(len(references.worlds), "playing", "world") as bar:
        card = score(name, asked.parts, references, asked.steps, lambda world: bar.update())
    if asked.out:
        write_text(asked.out, text(card))
    if asked.as_json:
        show_json(card)
    else:
        with speaking(asked.lang):
            show(card_text(Scorecard.model_validate(card)))
    return 0
