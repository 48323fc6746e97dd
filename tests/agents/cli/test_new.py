"""`juguo new`: a commented scenario to begin with."""

from __future__ import annotations

from pathlib import Path

from juguo_envs import Scenario
from tests.running import juguo, refused, succeeded


def test_the_template_is_a_scenario_whose_numbers_are_the_defaults(tmp_path: Path) -> None:
    assert "mine.yaml: edit it" in succeeded(juguo("new", "mine.yaml", cwd=tmp_path))
    made, default = Scenario.load(tmp_path / "mine.yaml"), Scenario.load("default")
    own = {"name", "description", "society"}
    assert made.model_dump(exclude=own) == default.model_dump(exclude=own)
    for name in ("producers", "inside", "mean_degree", "interactors", "capability_spread"):
        assert getattr(made.society, name) == getattr(default.society, name)


def test_it_is_a_province_of_twelve_counties_with_chinese_names(tmp_path: Path) -> None:
    succeeded(juguo("new", "mine.yaml", cwd=tmp_path))
    places = Scenario.load(tmp_path / "mine.yaml").society.listed()
    assert len(places) == 12
    assert sum(place.hub for place in places) == 2
    assert all("\u4e00" <= letter <= "\u9fff" for place in places for letter in place.name)
    for place in places:  # a border has two sides
        for other in place.neighbours:
            assert place.name in next(p for p in places if p.name == other).neighbours, (place.name, other)


def test_every_field_of_the_template_has_a_comment_in_both_languages(tmp_path: Path) -> None:
    succeeded(juguo("new", "mine.yaml", cwd=tmp_path))
    lines = (tmp_path / "mine.yaml").read_text(encoding="utf-8").splitlines()
    fields = [
        line for line in lines if line and not line.lstrip().startswith(("#", "-")) and "    " not in line
    ]
    for line in fields:
        if line.endswith(":"):  # a group
            continue
        words = line.partition("#")[2]
        assert words.isascii() is False and any(letter.isascii() and letter.isalpha() for letter in words), (
            line
        )


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("name: mine\n", encoding="utf-8")
    refused(juguo("new", "mine.yaml", cwd=tmp_path), "mine.yaml exists already")
    assert (tmp_path / "mine.yaml").read_text(encoding="utf-8") == "name: mine\n"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    refused(juguo("new", "no/mine.yaml", cwd=tmp_path), "no is no folder")
