"""`juguo evaluate`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field

from juguo_agents.allocators import BASELINE, NOTHING, rule_names
from juguo_agents.artifacts.load import (
    find_allocators,
    in_tables,
    named_one_by_one,
    of_other_models,
    world_for,
)
from juguo_agents.cli.options import LANG, SCENARIO, command
from juguo_agents.cli.running import show, show_json
from juguo_agents.evaluation import seeds
from juguo_agents.evaluation.rollout import MOST_HIGHLIGHTED, compare
from juguo_agents.folders import check_new, new_folder
from juguo_agents.progress import progress, say, told
from juguo_agents.provenance import versions
from juguo_agents.report import (
    check_figures,
    comparison_data,
    console_page,
    summarise,
    write_report,
    written_in,
)
from juguo_agents.report.texts import Lang, speaking
from juguo_agents.report.tidy import Format
from juguo_agents.report.tree_rules import rules_of
from juguo_envs.errors import UserError
from juguo_envs.validation import Strict


class Evaluate(Strict):
    """What is compared, and on which episodes."""

    names: tuple[str, ...] = Field(
        (),
        description="a rule, 'all' for all rules, your own as FILE.py:CLASS, or a run, search, explanation "
        "or front by folder or file",
        json_schema_extra={"positional": True, "names": "allocator"},
    )
    scenario: str | None = SCENARIO
    episodes: int = Field(200, ge=1, le=seeds.TEST_END, description="test episodes")
    seed: int = Field(0, ge=0, description="seed of the first test episode")
    observe: Literal["noisy", "true"] = Field("noisy", description="noise on what is seen")
    out: Path | None = Field(None, description="new folder for tables and figures; default: none are made")
    highlight: tuple[str, ...] = Field(
        (), description=f"allocators that figures single out, at most {MOST_HIGHLIGHTED}; default: those "
        "that are named one by one"
    )  # fmt: skip
    tables: Format = Field("csv", description="format of the tidy tables that --out writes")
    lang: Lang = LANG
    as_json: bool = Field(
        False, alias="json", description="print the content of comparison.json, nothing else"
    )


@command
def evaluate(asked: Evaluate) -> int:
    """Compare allocators."""
    if not asked.names:
        raise UserError(
            f"name at least one allocator, for example {rule_names()[-1]} {BASELINE}; juguo list names them"
        )
    if asked.out:
        check_new(asked.out)
        check_figures()
    world = world_for(asked.names, asked.scenario)
    allocators = find_allocators(asked.names)
    for file in of_other_models(asked.names):
        say(f"  {file} was made with another version of the model; it is measured in this one")
    one_by_one = named_one_by_one(asked.names, allocators)
    if asked.out and not asked.highlight and (count := len(one_by_one)) > MOST_HIGHLIGHTED:
        say(f"  figures single out the first {MOST_HIGHLIGHTED} of {count}; choose by --highlight")
    everyone = {BASELINE, NOTHING, *(allocator.name for allocator in allocators)}
    with progress(len(everyone), "comparing", "allocator") as bar:
        comparison = compare(
            allocators,
            world,
            episodes=asked.episodes,
            first_seed=asked.seed,
            observe=asked.observe,
            threads=os.cpu_count() or 1,
            progress=lambda name: bar.update(),
            highlight=[in_tables(name) for name in asked.highlight] or one_by_one,
        )
    summary = summarise(comparison, versions())
    where = ""
    try:
        if asked.out:
            say(told("figures"))
            with speaking(asked.lang, comparison.scenario.step):
                rules = rules_of(allocators)
            with new_folder(asked.out) as folder:
                write_report(
                    comparison, folder, versions(), summary, tables=asked.tables, rules=rules, lang=asked.lang
                )
            where = f"\n\n{written_in(asked.out, asked.lang)}"
    finally:  # a disk that is full takes no result away
        if asked.as_json:
            show_json(comparison_data(summary))
        else:
            show(f"{console_page(summary, asked.lang)}{where}")
    return 0
