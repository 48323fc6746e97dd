"""docs/model.md says what the code does: its equations, parameters, scenarios and names."""

import ast
import importlib.util
import inspect
import re
from pathlib import Path
from types import ModuleType

import pytest

from juguo_agents.allocators import rule_names
from juguo_envs.model import draws, equations
from juguo_envs.model.state import FUNCTIONS, INDICATORS
from juguo_envs.observation import PER_COMMUNITY, SCALARS
from juguo_envs.scenario import scenario_names

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "model.md"
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
    spec = importlib.util.spec_from_file_location("parameter_table", ROOT / "scripts" / "parameter_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_has_the_seven_elements_of_odd_in_order() -> None:
    assert re.findall(r"^## \d\. (.+)$", TEXT, re.MULTILINE) == list(ODD)


def test_every_equation_is_described_in_the_order_of_the_code() -> None:
    tree = ast.parse(inspect.getsource(equations))
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert re.findall(r"^- `(\w+)` — ", SUBMODELS, re.MULTILINE) == functions


def test_the_tables_of_parameters_are_those_of_the_code(script: ModuleType) -> None:
    assert script.updated(TEXT) == TEXT, "run scripts/parameter_table.py --write"


@pytest.mark.parametrize("names", [PER_COMMUNITY, SCALARS], ids=["per community", "programme"])
def test_the_observation_is_described_in_the_order_of_the_vector(names: tuple[str, ...]) -> None:
    section = SUBMODELS[SUBMODELS.index("### 7.9") : SUBMODELS.index("### 7.10")]
    head = "| per community |" if names is PER_COMMUNITY else "| of the programme |"
    table = section[section.index(head) :].split("\n\n")[0]
    first_cells = "".join(line.split("|")[1] for line in table.splitlines())
    assert re.findall(r"`(\w+)`", first_cells) == list(names)


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
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "model.md"
    row = next(line for line in TEXT.splitlines() if line.startswith("| `B` | `B` |"))
    page.write_text(TEXT.replace(row, row.replace("`B` |", "`B` | 9", 1)), encoding="utf-8")
    assert script.main(["--check", "--page", str(page)]) == 1
    assert "--write" in capsys.readouterr().err
    assert script.main(["--write", "--page", str(page)]) == 0
    assert script.main(["--check", "--page", str(page)]) == 0
    assert page.read_text(encoding="utf-8") == TEXT


def test_a_page_without_markers_is_refused_and_left_as_it_is(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "model.md"
    page.write_text("no tables here\n", encoding="utf-8")
    assert script.main(["--write", "--page", str(page)]) == 1
    assert "must hold" in capsys.readouterr().err
    assert page.read_text(encoding="utf-8") == "no tables here\n"
