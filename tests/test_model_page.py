"""docs/reference/model.md says what the code does: its equations, parameters, rules, scenarios and names.

So do the other tables of the reference.
"""

import ast
import inspect
import re
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from juguo_agents.allocators import rule_names
from juguo_agents.allocators.declared import numbers_of, shares_of
from juguo_agents.allocators.described import filled
from juguo_agents.allocators.registry import RULES
from juguo_agents.allocators.rule import Rule
from juguo_agents.allocators.rules import Concentrated, Flat, Tiered
from juguo_envs.model import equations
from juguo_envs.model import random as draws
from juguo_envs.model.state import FUNCTIONS, INDICATORS
from juguo_envs.worlds.scenario import scenario_names
from tests.running import load_script

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "model.md"
TEXT = PAGE.read_text(encoding="utf-8")
SUBMODELS = TEXT[TEXT.index("## 7. Submodels") : TEXT.index("## Readings")]
ODD = (
    "Purpose and patterns",
    "Entities, state variables and scales",
    "Process overview and scheduling",
    "Design concepts",
    "Initialization",
    "Input data",
    "Submodels",
)


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_script("tables.py")


@pytest.fixture
def pages(script: ModuleType, tmp_path: Path) -> Path:
    """A folder with copies of the pages that hold tables."""
    for page in script.PAGES:
        (tmp_path / page).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / page, tmp_path / page)
    return tmp_path


def check(script: ModuleType, pages: Path) -> int:
    return int(script.main(["--check", "--root", str(pages)]))


def test_the_page_has_the_seven_elements_of_odd_in_order() -> None:
    assert re.findall(r"^## \d\. (.+)$", TEXT, re.MULTILINE) == list(ODD)


def test_every_equation_is_described_in_the_order_of_the_code() -> None:
    tree = ast.parse(inspect.getsource(equations))
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert re.findall(r"^- `(\w+)` — ", SUBMODELS, re.MULTILINE) == functions


@pytest.mark.parametrize("page", ["model", "rules", "seeds", "configuration", "commands"])
def test_the_tables_on_a_page_are_those_of_the_code(script: ModuleType, page: str) -> None:
    assert current(script, page), "run tools/tables.py --write"


def current(script: ModuleType, name: str) -> bool:
    """Whether the tables on a page of the reference are those of the code."""
    page = f"docs/reference/{name}.md"
    text = (ROOT / page).read_text(encoding="utf-8")
    return bool(script.updated(page, text) == text)


@pytest.mark.parametrize(
    ("rule", "number"), [(Concentrated, "K"), (Tiered, "openness"), (Rule, "exit_use"), (Rule, "lean_crisis")]
)
@pytest.mark.parametrize("field", ["value", "high"])
def test_a_page_differs_once_a_number_of_a_rule_is_another(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, rule: type[Rule], number: str, field: str
) -> None:
    declared = numbers_of(rule)[number]
    monkeypatch.setattr(declared, field, getattr(declared, field) + 0.01)
    assert not all(current(script, page) for page in ("model", "rules"))


def test_a_page_differs_once_a_share_of_a_rule_is_another(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = shares_of(Flat)
    assert shares is not None
    monkeypatch.setattr(shares, "values", shares.values + (shares.values.cumsum() == 1.0))
    assert not all(current(script, page) for page in ("model", "rules"))


def test_the_check_fails_once_an_idea_of_a_rule_is_another(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Flat, "idea", "another idea")
    assert check(script, ROOT) == 1


def test_the_prose_about_rules_states_none_of_their_numbers() -> None:
    section = TEXT[TEXT.index("### 7.12") : TEXT.index("## Readings")]
    prose = [line for line in section.splitlines() if not line.startswith(("|", "#", "<!--"))]
    readings = TEXT[TEXT.index("\nRules\n") : TEXT.index("## Parameters")]
    told = "\n".join([*prose, readings])
    assert re.findall(r"\d*\.\d+", re.sub(r"\b7\.\d+", "", told)) == []


def test_a_rule_that_names_a_number_it_lacks_is_refused() -> None:
    assert filled(Concentrated, "K ≥ {K}") == f"K ≥ {Concentrated.K.value:g}"
    with pytest.raises(ValueError, match=r"'concentrated' names the number 'F'.*declares .*openness, K"):
        filled(Concentrated, "F ≥ {F}")


def test_every_rule_tells_its_idea() -> None:
    assert [rule.base_name for rule in RULES if not rule.idea] == []


def test_every_purpose_of_a_draw_is_listed_with_its_number() -> None:
    for purpose in draws.Purpose:
        assert re.search(rf"[a-z] \({purpose.value}\)", SUBMODELS), purpose


@pytest.mark.parametrize(
    "names",
    [FUNCTIONS, tuple(scenario_names()), tuple(rule_names())],
    ids=["functions", "scenarios", "rules"],
)
def test_every_name_is_on_the_page(names: tuple[str, ...]) -> None:
    assert [name for name in names if f"`{name}`" not in TEXT] == []


def test_every_indicator_is_on_the_page() -> None:
    assert [name for name in INDICATORS if f"| {name} |" not in TEXT] == []


def test_check_fails_on_a_page_that_differs_and_write_mends_it(
    script: ModuleType, pages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = pages / "docs" / "reference" / "model.md"
    row = next(line for line in TEXT.splitlines() if line.startswith("| `B` | `B` |"))
    page.write_text(TEXT.replace(row, row.replace("`B` |", "`B` | 9", 1)), encoding="utf-8")
    assert check(script, pages) == 1
    assert "docs/reference/model.md differs" in capsys.readouterr().err
    assert script.main(["--write", "--root", str(pages)]) == 0
    assert check(script, pages) == 0
    assert page.read_text(encoding="utf-8") == TEXT


def test_a_page_without_markers_is_refused_and_all_are_left_as_they_are(
    script: ModuleType, pages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (pages / "docs/reference/rules.md").write_text("no tables here\n", encoding="utf-8")
    (pages / "docs" / "reference" / "model.md").write_text(
        stale := TEXT.replace("| `B` | `B` |", "| `B` | B |"), "utf-8"
    )
    assert script.main(["--write", "--root", str(pages)]) == 1
    assert "docs/reference/rules.md: the page must hold" in capsys.readouterr().err
    assert (pages / "docs/reference/rules.md").read_text(encoding="utf-8") == "no tables here\n"
    assert (pages / "docs" / "reference" / "model.md").read_text(encoding="utf-8") == stale
