"""Options of a model's fields: their names, types, help and ranges, and how values are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from cyclopts import App
from pydantic import BaseModel, ConfigDict, Field

from juguo_agents.cli.options import command
from juguo_agents.studies.settings import NamedScenario
from juguo_envs.errors import UserError
from juguo_envs.validation import Strict
from juguo_envs.worlds.scenario import Scenario

found: list[BaseModel] = []


class Asked(Strict):
    """Settings of every kind."""

    run: str = Field(description="a run", json_schema_extra={"positional": True})
    rest: tuple[Path, ...] = Field((), description="more runs", json_schema_extra={"positional": "OTHER"})
    first_seed: int = Field(3, ge=0, le=127, description="a seed")
    share: float = Field(0.5, gt=0.0, lt=1.0, description="a share")
    leaves: tuple[int, ...] = Field((8, 16), description="sizes")
    observe: Literal["noisy", "true"] | None = Field(None, description="noise")
    deep: bool = Field(False, description="whether")
    wide: bool = Field(True, description="whether not")
    world: NamedScenario = Field(default_factory=lambda: Scenario.load("poor"), description="a world")
    worlds: tuple[NamedScenario, ...] = Field((), description="worlds")


class How(Strict):
    """How it runs."""

    model_config = ConfigDict(title="Running")

    workers: int | None = Field(None, ge=1, description="processes")
    as_json: bool = Field(False, alias="json", description="as JSON")


@command
def run(asked: Asked, how: How) -> int:
    """Keep what was asked."""
    found[:] = [asked, how]
    return 0


def parsed(*words: str) -> tuple[Asked, How]:
    app = App(name="test", default_command=run, result_action="return_value")
    assert app(words, exit_on_error=False, print_error=False) == 0
    asked, how = found
    assert isinstance(asked, Asked) and isinstance(how, How)
    return asked, how


def test_what_is_not_said_has_the_defaults_of_the_models() -> None:
    assert parsed("a") == (Asked(run="a"), How())


def test_every_kind_of_field_is_read() -> None:
    words = "a b --first-seed 07 c --share .25 --leaves 1 2 3 --observe true --deep --no-wide --workers 2e0"
    worlds = ("--world", "sound", "--worlds", "sound", "poor")
    sound, poor = Scenario.load("sound"), Scenario.load("poor")
    assert parsed(*words.split(), "--json", *worlds) == (
        Asked(
            run="a", rest=(Path("b"), Path("c")), first_seed=7, share=0.25, leaves=(1, 2, 3), observe="true",
            deep=True, wide=False, world=sound, worlds=(sound, poor),
        ),
        How(workers=2, json=True),  # type: ignore[call-arg]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--first-seed", "128"], "--first-seed is 128; allowed is 0 to 127"),
        (["--first-seed", "-1"], "--first-seed is -1; allowed is 0 to 127"),
        (["--share", "1"], "--share is 1; allowed is above 0 to below 1"),
        (
            ["--first-seed", "10**2"],
            "--first-seed is '10**2': input should be a valid integer; write the number",
        ),
        (["--first-seed", "yes"], "--first-seed is 'yes': input should be a valid integer; write a number"),
        (["--share", "5e-1x", "--first-seed", "-1"], "2 faults: (1) --first-seed is -1; allowed is 0 to 127"),
        (["--workers", "0"], "--workers is 0; allowed is 1 or more"),
        (["--world", "pour"], "--world: unknown scenario 'pour' (did you mean 'poor'?)"),
        (["--worlds", "poor", "soundd"], "--worlds: unknown scenario 'soundd' (did you mean 'sound'?)"),
        (["--world", "absent.yaml"], "--world: scenario file absent.yaml: cannot be read"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_by_its_option(words: list[str], told: str) -> None:
    with pytest.raises(UserError) as refused:
        parsed("a", *words)
    assert str(refused.value).startswith(told)


def test_help_tells_descriptions_ranges_defaults_and_groups(capsys: pytest.CaptureFixture[str]) -> None:
    app = App(name="test", default_command=run)
    app.help_print([])
    page = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for words in (
        "RUN a run [required] OTHER more runs",
        "a seed; 0 to 127 [default: 3]", "above 0 to below 1 [default: 0.5]",
        "sizes [default: 8 16]", "[choices: noisy, true]", "a world [default: poor]",
        "processes; 1 or more",
    ):  # fmt: skip
        assert words in page
    assert page.index("Settings") < page.index("Running")
