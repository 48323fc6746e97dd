"""What the README and the guide show works as it stands there: code, commands, links, worlds.

A tutorial is run as a reader runs it: files are saved, commands and code are run, from top to bottom.
"""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclopts.exceptions import MissingArgumentError

from juguo_agents.allocators import rules
from juguo_agents.cli.main import make_app
from juguo_agents.cli.pages import ELSEWHERE, FORMER
from juguo_agents.cli.pages import PAGES as MADE
from juguo_agents.cli.reproduce import whole_of
from juguo_agents.report.texts import say
from juguo_agents.studies import STUDIES
from juguo_envs import Scenario
from juguo_envs.documents import load_yaml
from juguo_envs.worlds.scenario import scenario_names
from tests.running import juguo, succeeded

HOME = Path(__file__).resolve().parents[1]
PAGES = [*sorted(HOME.glob("*.md")), *sorted((HOME / "docs").rglob("*.md"))]
FOR_OTHERS = ("coming-from-", "record-a-data-set")
"""Beginnings of pages for users of libraries that may be missing; `make test-integrations` has them."""
GENERATED = HOME / "docs" / "reference" / "commands.md"
TUTORIALS = sorted((HOME / "docs" / "tutorials").glob("*.md"))
CHINESE = sorted((HOME / "docs" / "zh").glob("*.md"))
FOLLOWED = (*TUTORIALS, *CHINESE)
"""Pages whose code is run step by step; the Chinese ones have the code of the English ones."""
MEASURED = [
    *sorted((HOME / "docs" / "results").rglob("*.md")),
    *(page for page in sorted((HOME / "docs").rglob("questions/*.md")) if page.name != "index.md"),
]
"""Pages of results and of questions."""
NOTEBOOKS = sorted((HOME / "docs" / "notebooks").glob("*.ipynb"))
FENCED = re.compile(r"^```([\w{}-]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_the_page_on_studies_has_a_line_for_each_of_them() -> None:
    page = (HOME / "docs" / "how-to" / "run-a-study.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| `([\w-]+)` \|", page, re.MULTILINE)) == sorted(STUDIES)


def name_of(page: Path) -> str:
    return page.relative_to(HOME).as_posix()


def blocks(page: Path, language: str) -> list[str]:
    """A page's blocks of code in a language."""
    return [code for told, code in FENCED.findall(page.read_text(encoding="utf-8")) if told == language]


def steps(page: Path) -> Iterator[tuple[str, str]]:
    """What a reader of a page does, in turn: ("code", ...), ("command", ...), ("save NAME", ...)."""
    text = page.read_text(encoding="utf-8")
    for found in FENCED.finditer(text):
        language, code = found.groups()
        before = text[: found.start()].rstrip().rsplit("\n\n", 1)[-1]
        saved = re.search(r"(?:[Ss]ave this as|存为) `([\w.]+)`[:：]$", before)
        if saved:
            yield f"save {saved[1]}", code
        elif language == "python":
            yield "code", code
        elif language == "":
            for line in code.splitlines():
                yield "command", line.partition("  #")[0].strip()


def shortened(command: str) -> str | None:
    """A command of a tutorial, without what would take many minutes."""
    if command == "juguo train":
        return None
    return f"{command} --smoke" if command.startswith("juguo study") else command


def follow(page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, every_command: bool) -> None:
    """Do what a tutorial says, in a folder; without `every_command` only what takes a moment."""
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    names: dict[str, object] = {}
    for what, text in steps(page):
        if what == "code":
            exec(text, names)
        elif what != "command":
            (folder / what.removeprefix("save ")).write_text(text, encoding="utf-8")
        elif (every_command or text.startswith("juguo new")) and (short := shortened(text)):
            succeeded(juguo(*shlex.split(short)[1:], cwd=folder))


@pytest.mark.parametrize("page", TUTORIALS, ids=name_of)
def test_the_files_and_the_code_of_a_tutorial_work(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow(page, tmp_path, monkeypatch, every_command=False)


@pytest.mark.slow
@pytest.mark.parametrize("page", TUTORIALS, ids=name_of)
def test_a_tutorial_works_from_top_to_bottom(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow(page, tmp_path, monkeypatch, every_command=True)


def without_comments(code: str) -> str:
    """Code without what only people read."""
    return re.sub(r"\s+#.*", "", code)


def test_a_chinese_tutorial_shows_the_code_of_the_english_one() -> None:
    pairs = [(page, page.parents[1] / "tutorials" / page.name) for page in CHINESE if page.name != "index.md"]
    assert [english for _, english in pairs] == TUTORIALS
    for chinese, english in pairs:
        for language in ("python", "yaml", ""):
            mine, its = ([*map(without_comments, blocks(page, language))] for page in (chinese, english))
            assert mine == its, chinese.name


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_a_notebook_runs(path: Path, tmp_path: Path) -> None:
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the machinery's own
        notebook = nbformat.read(path, as_version=4)
        nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": tmp_path}}).execute()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_a_notebook_is_small_and_holds_no_results(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert path.stat().st_size < 10_000
    assert [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")] == []


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "python") and p not in FOLLOWED], ids=name_of)
def test_the_code_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    names = dict(vars(rules)) if page.name == "extend.md" else {}
    with warnings.catch_warnings():
        if page.name.startswith(FOR_OTHERS):
            warnings.simplefilter("ignore")  # a library's are its own business
        try:
            for code in blocks(page, "python"):
                exec(code, names)
        except ImportError as error:
            if not page.name.startswith(FOR_OTHERS):
                raise
            pytest.skip(str(error))


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "yaml") and p not in FOLLOWED], ids=name_of)
def test_the_worlds_of_a_page_are_scenarios(page: Path) -> None:
    for text in blocks(page, "yaml"):
        Scenario.parse(load_yaml(text, page.name))


def commands(page: Path) -> list[str]:
    """Every command line of the page, in blocks and in the text."""
    text = page.read_text(encoding="utf-8")
    lines = [line for code in (*blocks(page, ""), *blocks(page, "bash")) for line in code.splitlines()]
    lines += re.findall(r"`(juguo [^`]+)`", text)
    joined = "\n".join(lines).replace("\\\n", " ")
    found = re.findall(r"(?:^|; |do )(juguo [a-z][^;#|\n]*)", joined, re.MULTILINE)
    return [line.split(" ...")[0].strip() for line in found]


def parse(line: str) -> None:
    """Parse a command line; raises where a command or an option does not exist."""
    words = [re.sub(r"^\[|\]$", "", word) for word in shlex.split(line.replace("$seed", "0"))[1:]]
    if any(word in ("NAME", "COMMAND", "X") for word in words[:2]):
        return  # a place for a name
    with contextlib.suppress(MissingArgumentError):  # a command that is only named
        make_app().parse_args(words, exit_on_error=False, print_error=False)


@pytest.mark.parametrize("page", [p for p in PAGES if p != GENERATED and commands(p)], ids=name_of)
def test_every_command_of_a_page_exists(page: Path) -> None:
    for line in commands(page):
        parse(line)


@pytest.mark.parametrize("line", ["juguo trian", "juguo search --no-such-option 3", "juguo study no-such"])
def test_a_command_that_does_not_exist_is_found(line: str) -> None:
    with pytest.raises(Exception, match=r"(?i)unknown|no-such|trian"):
        parse(line)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    gone = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert gone == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_names_no_script_and_no_module_that_does_not_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"\b((?:scripts|tools|tests|agents|envs|benchmarks|configs)/[\w/.-]+\.\w+)", text)
    assert [path for path in named if not (HOME / path).exists()] == []


def test_the_guide_leads_to_every_page() -> None:
    """From its index; from that of the questions in a language; or from what people read in it."""
    shown = [p for p in (*PAGES, *NOTEBOOKS) if HOME / "docs" in p.parents[1:]]
    lost = []
    for page in shown:
        of_questions = page.parent.name == "questions" and page.name != "index.md"
        index = (page.parent if of_questions else HOME / "docs") / "index.md"
        if page.parent.name == "measured":
            index = page.parents[1] / f"{page.stem.partition('-')[0]}.md"
        if f"]({page.relative_to(index.parent).as_posix()})" not in index.read_text(encoding="utf-8"):
            lost.append(page)
    assert lost == []


def test_the_readmes_are_short_and_show_the_same_code() -> None:
    english, chinese = HOME / "README.md", HOME / "README.zh-CN.md"
    for page in (english, chinese):
        assert len(page.read_text(encoding="utf-8").splitlines()) <= 120
    for language in ("python", "yaml", ""):
        code = [
            [re.sub(r" *#.*", "", block) for block in blocks(page, language)] for page in (english, chinese)
        ]
        assert code[0] == code[1]  # comments are in the page's own language


@pytest.mark.parametrize("page", MEASURED, ids=name_of)
def test_results_name_day_command_versions_and_the_world_as_it_ships(page: Path) -> None:
    head = page.read_text(encoding="utf-8").split("\n\n")[1]
    lang = "zh" if "zh" in page.parts else "en"
    measured, command, versions = (say(f"made.{key}", lang) for key in ("measured", "command", "versions"))
    assert re.search(rf"\| {measured} \| \d{{4}}-\d\d-\d\d \|", head)
    assert re.search(rf"\| {command} \| .*`(juguo|make) ", head)
    assert f"| {versions} | juguo " in head
    worlds = re.findall(r"`(\w+)` ([0-9a-f]{16})", head)
    assert worlds or "| machine |" in head or "| data |" in head
    for name, digest in worlds:
        assert name in scenario_names()
        assert (Scenario.load(name).digest() == digest) != (page.stem in FORMER), digest
    assert ("| former world |" in head) == (page.stem in FORMER)


def test_every_page_of_results_is_made_by_reproduce_or_tells_by_what_else() -> None:
    pages = {page.stem for page in (HOME / "docs" / "results").glob("*.md")}
    assert pages - {*map(whole_of, MADE), *ELSEWHERE} == set()
    assert set(FORMER) <= pages


def test_an_example_is_short() -> None:
    single = HOME / "examples" / "ppo_single_file.py"
    examples = [path for path in (HOME / "examples").iterdir() if path.is_file() and path != single]
    assert [p.name for p in examples if len(p.read_text(encoding="utf-8").splitlines()) > 40] == []
