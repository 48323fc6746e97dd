"""`juguo report`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from juguo_agents.artifacts.load import POLICY, TREE, digest_of
from juguo_agents.artifacts.policy_file import load_policy
from juguo_agents.artifacts.tree_file import StoredTree, load_tree
from juguo_agents.cli.options import LANG, command
from juguo_agents.cli.running import show
from juguo_agents.folders import check_file, check_new_file
from juguo_agents.progress import progress
from juguo_agents.report import COMPARISON
from juguo_agents.report.page import PAGE, load_source, report_page
from juguo_agents.report.texts import Lang, speaking
from juguo_agents.report.tree_rules import tree_lines
from juguo_envs.errors import UserError
from juguo_envs.files import write_text
from juguo_envs.validation import Strict


class Report(Strict):
    """What is shown, and where."""

    folders: tuple[Path, ...] = Field(
        (),
        description="folders of finished runs, of comparisons (juguo evaluate --out) and of explanations",
        json_schema_extra={"positional": "FOLDER"},
    )
    out: Path | None = Field(
        None,
        description=f"file of the page, which must be new; default: {PAGE} in the one comparison's folder",
    )
    lang: Lang = LANG


@command
def report(asked: Report) -> int:
    """Make the page."""
    if not asked.folders:
        raise UserError("name the folder of a finished run or of a comparison")
    trees = {folder: [load_tree(file) for file in TREE.files_in(folder)] for folder in asked.folders}
    compared = [folder for folder in asked.folders if not trees[folder] or (folder / COMPARISON).is_file()]
    if not compared:
        raise UserError(f"{asked.folders[0]} is an explanation; name its run or a comparison beside it")
    if asked.out is None and len(compared) > 1:
        raise UserError(f"{len(compared)} comparisons are named; say by --out FILE where their page goes")
    path = asked.out or compared[0] / PAGE
    if asked.out:
        check_new_file(asked.out)
    with progress(2 * len(compared), "reporting", "part") as bar:
        sources = []
        for folder in compared:
            sources.append(load_source(folder))
            bar.update()
        check_file(path)
        rules: dict[str, list[tuple[str, list[str]]]] = {}
        for folder, found in trees.items():
            for tree in found:
                _check_source(tree, folder, compared)
                with speaking(asked.lang, sources[0].scenario.step):
                    lines = tree_lines(tree.tree)
                for name in (tree.name, str(tree.data["source"]["name"])):
                    rules.setdefault(name, []).append((tree.name, lines))
        write_text(path, report_page(sources, asked.lang, rules, bar.update))
    show(str(path))
    return 0


def _check_source(tree: StoredTree, folder: Path, compared: list[Path]) -> None:
    """Refuse a tree that was distilled from another policy than that of its name in a run."""
    told = tree.data["source"]
    for run in compared:
        for file in POLICY.files_in(run):
            if load_policy(file).name == told["name"] and digest_of(str(file)) != told.get("sha256"):
                raise UserError(f"{folder} explains another {told['name']} than that of {run}; leave one out")
