"""`juguo animate`: allocators side by side in one episode, and how it refuses."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from juguo_agents.allocators import Setting
from juguo_agents.artifacts.load import find_allocator
from juguo_agents.evaluation import seeds
from juguo_agents.report.animation import films, gif
from juguo_envs import ExperimentDiffusionEnv, Scenario
from juguo_envs.picture import COLOURS, picture_of
from tests.running import TINY_WORLD, juguo, refused, succeeded


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tiny.yaml").write_text(TINY_WORLD)
    return tmp_path


def test_it_writes_a_picture_every_so_many_quarters_of_all_beside_each_other(folder: Path) -> None:
    words = ("animate", "concentrated", "flat", "--scenario", "tiny.yaml", "--every", "3")
    assert succeeded(juguo(*words, "--out", "two.gif", cwd=folder)) == "two.gif\n"
    with Image.open(folder / "two.gif") as made:
        assert (made.n_frames, made.size) == (3, (1000, 556))  # quarters 3, 6 and, as the last, 8
        assert made.info["loop"] == 0
        shown = np.asarray(made.convert("RGB")).reshape(-1, 3)
    known = np.array(COLOURS)
    assert all((known == colour).all(1).any() for colour in np.unique(shown, axis=0))
    succeeded(juguo(*words, "--out", "again.gif", cwd=folder))
    assert (folder / "again.gif").read_bytes() == (folder / "two.gif").read_bytes()


def test_an_allocators_film_is_what_the_environment_shows() -> None:
    world, seed = Scenario.parse({"base": "poor", "society": {"persons": 60}, "programme": {"T": 6}}), 5
    (film,) = films([find_allocator("flat", "it")], world, seeds.test(seed, 1))
    env = ExperimentDiffusionEnv(world)
    env.reset(seed=int(seeds.test(seed, 1)[0]))
    rule = find_allocator("flat", "it")
    rule.start(Setting.of(world), seeds.test(seed, 1))
    for picture in film:
        env.step(rule.act(env.core.rows)[0])
        assert np.array_equal(picture, picture_of(env.batch, 0, "flat"))
    assert len(film) == 6


def test_a_gif_is_no_wider_than_a_page_and_one_alone_is_as_it_is() -> None:
    frame = np.full((800, 720, 3), 255, np.uint8)
    for count, size in ((1, (720, 800)), (4, (1000, 278))):
        with Image.open(io.BytesIO(gif([[frame, frame // 2]] * count))) as made:
            assert made.size == size


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), ("0 allocators are named", "1 to 4")),
        (("flat",) * 5, ("5 allocators are named",)),
        (("flat", "--out", "film.mp4"), ("film.mp4", ".gif")),
        (("flat", "--out", "there.gif"), ("there.gif exists already",)),
        (("flat", "--out", "nowhere/film.gif"), ("nowhere is no folder",)),
        (("all",), ("'all'", "name one")),
        (("flatt",), ("flatt", "did you mean 'flat'")),
    ],
)
def test_what_cannot_be_shown_is_refused_before_anything_is_drawn(
    words: tuple[str, ...], told: tuple[str, ...], folder: Path
) -> None:
    (folder / "there.gif").write_text("")
    before = sorted(folder.iterdir())
    refused(juguo("animate", *words, cwd=folder), *told)
    assert sorted(folder.iterdir()) == before
