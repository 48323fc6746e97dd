"""`juguo reproduce`."""

from __future__ import annotations

import datetime
import re
import shlex
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import ClassVar

import llvmlite.binding as llvm
from pydantic import Field

from juguo_agents.artifacts.identity import Record, read_record, record_of, text_of
from juguo_agents.benchmark.leaderboard import leaderboard, read_cards
from juguo_agents.benchmark.references import load_references
from juguo_agents.cli.main import run
from juguo_agents.cli.options import command
from juguo_agents.cli.pages import ELSEWHERE, PAGES, ResultsPage, Step
from juguo_agents.cli.running import one_job, show
from juguo_agents.folders import check_destination, is_vacant, working_in
from juguo_agents.processes import cores
from juguo_agents.progress import say as tell
from juguo_agents.provenance import MODEL, versions
from juguo_agents.report.formatting import in_a_row
from juguo_agents.report.texts import languages, say
from juguo_agents.tables import terminal_table
from juguo_envs.errors import UserError, unknown
from juguo_envs.files import write_bytes, write_text
from juguo_envs.validation import Strict
from juguo_envs.worlds.scenario import Scenario

MEASURED = "measured"
"""The folder, beside the pages of results that people wrote, of what commands said."""
CARDS = "results"
"""The folder, beside the guide, of scorecards."""
RECORD = "reproduced.json"
"""What a folder remembers of what was asked."""
_NAME = re.compile(r"\{([\w/]+)\}")


class Reproduce(Strict):
    """Which pages are made anew, and where."""

    quick: bool = Field(False, description="tiny numbers: only to see that everything runs")
    only: tuple[str, ...] = Field(
        (),
        description=f"pages: {', '.join(PAGES)}; "
        "training and benchmark stand for all of their parts; default: all",
    )
    out: Path = Field(
        Path("reproduced"), description="folder of what the commands make, gone on with where it exists"
    )
    docs: Path | None = Field(
        None,
        description="folder of the guide: docs. What commands said is written to results/measured there, and "
        "pages that people wrote are left alone; scorecards go to results/ beside it; default: --out/pages",
    )


class ReproducedRecord(Record):
    """What a folder of commands' results remembers.

    Attributes:
        quick: Whether they have tiny numbers.
    """

    KIND: ClassVar[str] = "juguo_reproduced"
    FORMAT: ClassVar[int] = 1
    WHAT: ClassVar[str] = "what a folder of juguo reproduce remembers"
    AGAIN: ClassVar[str] = "restore the file as it was written, or name another --out"

    quick: bool


@command
def reproduce(asked: Reproduce) -> int:
    """Run every study that the pages of results hold, in order, and write the pages."""
    names = {*PAGES, *map(whole_of, PAGES)}
    for name in asked.only:
        if name not in names:
            why = f"; {name} {ELSEWHERE[name]}" if name in ELSEWHERE else ""
            raise UserError(f"--only: {unknown('page', name, sorted(names))}{why}")
    if asked.quick and asked.docs:
        raise UserError("--docs is for real numbers, and --quick makes none; leave one out")
    chosen = {
        name: page for name, page in PAGES.items() if not asked.only or {name, whole_of(name)} & {*asked.only}
    }
    check_needs(chosen, asked.out)
    check_destination(asked.out)
    with working_in(asked.out, partial(claim, asked) if is_vacant(asked.out) else None):
        claim(asked, asked.out)
        for line in estimate(chosen, asked).splitlines():
            tell(line)
        with one_job(asked.out):
            return _make(chosen, asked)


def claim(asked: Reproduce, folder: Path) -> None:
    """Remember in an empty folder what is asked, or check that it is what the folder was begun with.

    Raises:
        UserError: If the folder holds something else.
    """
    path = folder / RECORD
    if path.exists():
        held = read_record(path, ReproducedRecord)[1]
        if held.model != MODEL:
            why = "was begun with another version of the model (its source differs)"
        elif held.quick != asked.quick:
            why = f"was begun {'with' if held.quick else 'without'} --quick"
        else:
            return
        raise UserError(f"{folder} {why}; name another --out")
    if not is_vacant(folder):
        raise UserError(f"{folder} is not empty and was not made by juguo reproduce; name another --out")
    write_text(path, text_of(record_of(ReproducedRecord, {"quick": asked.quick}, None)))


def _make(pages: Mapping[str, ResultsPage], asked: Reproduce) -> int:
    """Run what is not done yet, and write the pages; returns the exit status."""
    docs = asked.docs or asked.out / "pages"
    written: list[Path] = []
    for name, page in pages.items():
        for step in page.steps:
            if done(step, home_of(name, asked.out)):
                continue
            words = words_of(name, step, asked)
            place(step, home_of(name, asked.out)).parent.mkdir(parents=True, exist_ok=True)
            tell(f"{name}: juguo {shlex.join(words)}")
            try:
                if status := run(words):
                    return status
            except UserError:  # what ends a command otherwise says how to go on
                tell(f"{name}: the same juguo reproduce goes on; what is done is kept")
                raise
        written += write_pages(name, page, asked, docs)
    if any(page.cards for page in pages.values()):
        written.append(write_leaderboard(docs))
    show("\n".join(map(str, written)))
    return 0


def write_pages(name: str, page: ResultsPage, asked: Reproduce, docs: Path) -> list[Path]:
    """Write a page among the results; or the pages of each language, those in English at the top.

    What commands say goes beside the pages that people wrote of it, and replaces none of them. Scorecards go
    to their folder beside the guide, each in the place of one of its name. `write_leaderboard` makes a page.

    Returns:
        The page, or the indexes of the languages, or nothing for scorecards.
    """
    if page.cards:
        cards = docs.parent / CARDS
        cards.mkdir(parents=True, exist_ok=True)
        for step in page.cards:
            made = place(step, home_of(name, asked.out))
            write_bytes(cards / made.name, made.read_bytes())
        return []
    results = docs / "results"
    if not page.folders:
        path = results / MEASURED / f"{name.replace('/', '-')}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = page_text(name, page, asked)
        if path.exists() and _numbers(path.read_text(encoding="utf-8")) != _numbers(text):
            tell(f"{path}: says something else than before; read {results / whole_of(name)}.md again")
        write_text(path, text)
        return [path]
    homes = {lang: docs / name if lang == "en" else docs / lang / name for lang in languages()}
    for lang, home in homes.items():
        home.mkdir(parents=True, exist_ok=True)
        for made in sorted((place(page.steps[-1], home_of(name, asked.out)) / lang).iterdir()):
            if made.suffix == ".md":
                write_text(home / made.name, dated(made.read_text(encoding="utf-8"), lang, asked.quick))
            else:
                write_bytes(home / made.name, made.read_bytes())
    return [home / "index.md" for home in homes.values()]


def write_leaderboard(docs: Path) -> Path:
    """Write the page of all scorecards in the folder beside the guide.

    Raises:
        UserError: If one of them cannot be used.
    """
    cards = read_cards(docs.parent / CARDS, load_references())
    path = docs / "results" / "benchmark.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, leaderboard(cards, _today(), f"juguo benchmark --leaderboard {CARDS}"))
    return path


def whole_of(name: str) -> str:
    """The page of which a page is a part; itself, where it is none."""
    return name.partition("/")[0]


def home_of(name: str, out: Path) -> Path:
    """The folder of what the commands of a page make: that of the whole, for a part."""
    return out / whole_of(name)


def place(step: Step, folder: Path) -> Path:
    """Where what a step makes is, in the folder of its page."""
    return folder / step.name


def done(step: Step, folder: Path) -> bool:
    """Whether what a step makes is there."""
    there = place(step, folder)
    return (there if step.made is None else there / step.made).is_file()


def words_of(name: str, step: Step, asked: Reproduce) -> list[str]:
    """The command of a step in the folder of its page."""

    home = home_of(name, asked.out)

    def filled(found: re.Match[str]) -> str:
        return str(asked.out / found[1] if "/" in found[1] else home / found[1])

    whole = step.quick.startswith(step.command.partition(" ")[0] + " ")
    quick = step.quick if whole else f"{step.command} {step.quick}"
    words = shlex.split(quick if asked.quick else step.command)
    return [*(_NAME.sub(filled, word) for word in words), "--out", str(place(step, home))]


def check_needs(pages: Mapping[str, ResultsPage], out: Path) -> None:
    """Refuse a page that needs what another makes, where that is neither there nor made before.

    Raises:
        UserError: Naming both.
    """
    made: set[str] = set()
    for name, page in pages.items():
        needed = {found for step in page.steps for found in _NAME.findall(step.command) if "/" in found}
        for other in sorted(needed):
            if other not in made and not (out / other).is_dir():
                raise UserError(f"--only {name}: needs {out / other}, of the page {other}; make both")
        made.add(name)


def estimate(pages: Mapping[str, ResultsPage], asked: Reproduce) -> str:
    """What will be run, and for how long."""
    left = {
        name: sum(step.minutes for step in page.steps if not done(step, home_of(name, asked.out)))
        for name, page in pages.items()
    }
    rows = [
        (name, str(len(page.steps)), "a few" if asked.quick else f"{left[name]:.0f}")
        for name, page in pages.items()
    ]
    total = "some minutes" if asked.quick else f"about {sum(left.values()):.0f} minutes on two cores"
    table = terminal_table(("page", "commands", "minutes left"), rows, "lrr")
    others: Iterable[str] = () if asked.only else (f"{name} {why}" for name, why in ELSEWHERE.items())
    return "\n".join([table, f"{total}; this machine has {cores()}", *(f"not made: {one}" for one in others)])


def _numbers(page: str) -> str:
    """A page without the table at its head, which has the day."""
    return page.partition("|---|---|")[2].partition("\n\n")[2]


def page_text(name: str, page: ResultsPage, asked: Reproduce) -> str:
    """A page of what was run, and of what each command says."""
    folder = home_of(name, asked.out)
    head = {
        "measured": _today(),
        "command": f"`juguo reproduce --only {name}`",
        "versions": in_a_row(versions()),
        # of what is trained, the digits depend on the kind of processor
        "machine": f"{cores()} cores, {llvm.get_host_cpu_name()}",
        "world": ", ".join(f"`{world}` {Scenario.load(world).digest()}" for world in page.worlds),
    }
    parts = [
        f"# As measured: {page.title}",
        "\n".join(["| | |", "|---|---|", *(f"| {key} | {value} |" for key, value in head.items())]),
        "`juguo reproduce` writes this page. "
        f"[What is measured, and how](../../explanation/{page.about}.md); "
        f"[what people read in it](../{whole_of(name)}.md).",
    ]
    if asked.quick:
        parts.append(say("made.quick", "en"))
    for step in page.steps:
        parts.append(f"## {step.name}\n\n```\njuguo {step.command}\n```")
        if step.told and step.made:
            parts.append(lowered((place(step, folder) / step.made).read_text(encoding="utf-8")))
    return "\n\n".join(parts) + "\n"


def dated(text: str, lang: str, quick: bool) -> str:
    """A page with the day in the table at its head, where it has one; of tiny numbers it is said."""
    day = f"| | |\n|---|---|\n| {say('made.measured', lang)} | {_today()} |"
    text = text.replace("| | |\n|---|---|", day, 1)
    title, _, rest = text.partition("\n\n")
    return "\n\n".join([title, *([say("made.quick", lang)] if quick else []), rest])


def _today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def lowered(text: str) -> str:
    """A page as a part of another: headings two levels lower.

    Figures stay behind, with their captions; so do the sections of figures and of words.
    """
    sections = [say(part, "en") for part in ("part.figures", "page.words.title")]
    kept: list[str] = []
    code = captioned = False
    left_out = 0
    for line in text.splitlines():
        code ^= line.startswith("```")
        marks, _, title = line.partition(" ")
        if not code and marks and set(marks) == {"#"} and (not left_out or len(marks) <= left_out):
            left_out = len(marks) if title in sections else 0
            line = f"##{line}"
        figure = not code and line.startswith("![")
        caption = captioned and re.fullmatch(r"\*[^*].*\*", line)
        captioned = figure or (captioned and not line)
        again = not code and not line and not "".join(kept[-1:])
        if not (left_out or figure or caption or again):
            kept.append(line)
    return "\n".join(kept).strip()
