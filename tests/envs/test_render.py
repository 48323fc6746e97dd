"""The state as text, as a picture and in a window."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
import pytest
from gymnasium.utils.env_checker import check_env

from juguo_envs import ENV_ID, ExperimentDiffusionEnv, Scenario, picture
from juguo_envs.picture import HEIGHT, WIDTH, Place, picture_of
from tests.support import small, spend

WORLD = small({"adoption.p": 0.3, "adoption.d0": 0.15, "adoption.alpha_k": 0.0, "resilience.r0": 0.02})
COUNTIES = ("江城", "石桥", "柳河", "白水", "龙泉", "青山", "东港", "南坪", "西岭", "北原", "云岭", "大湖")
# A machine may lack a font with Chinese characters. What is drawn there is tested below.
pytestmark = pytest.mark.filterwarnings("ignore:.*no font shows:UserWarning")

PROVINCE = Scenario.parse({
    "name": "我的省",
    "society": {
        "persons": 240,
        "distant": 0.1,
        "communities": [
            {"name": name, "population": 1 + i % 3, "producers": 1, "capability": 0.3, "hub": i == 0,
             "neighbours": [COUNTIES[(i + 1) % 12]]}
            for i, name in enumerate(COUNTIES)
        ],
    },
})  # fmt: skip
WORLDS = {
    "3 places": WORLD,
    "8 places": Scenario.load("default"),
    "31 places": Scenario.load("china31"),
    "12 places with Chinese names": PROVINCE,
}


def shown(world: Any, quarters: int = 0, **arguments: Any) -> ExperimentDiffusionEnv:
    """An environment after some quarters with money on scenarios."""
    env = ExperimentDiffusionEnv(world, **arguments)
    env.reset(seed=0)
    for _ in range(quarters):
        env.step(spend(env.batch, {"scenarios": 1.0}, advance=True)[0])
    return env


def of_colour(pixels: npt.NDArray[np.uint8], colour: str) -> npt.NDArray[np.bool_]:
    """Where a picture has exactly that colour."""
    wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    found: npt.NDArray[np.bool_] = (pixels == wanted).all(-1)
    return found


def test_text_has_a_line_for_each_community_and_tells_the_quarter() -> None:
    env = ExperimentDiffusionEnv(WORLD, render_mode="ansi")
    env.reset(seed=0)
    for _ in range(4):
        env.step(spend(env.batch, {"scenarios": 1.0}, advance=True)[0])
    text = env.render()
    lines = text.splitlines()
    assert len(lines) == 2 + 3
    assert lines[0].startswith("quarter 4/12  diffusion (project 1, 0 given up)")
    for line, place in zip(lines[2:], WORLD.society.listed(), strict=True):
        assert place.name in line


def test_text_shows_what_info_tells() -> None:
    env = ExperimentDiffusionEnv(WORLD, render_mode="ansi")
    env.reset(seed=0)
    *_, info = env.step(env.action_space.sample())
    assert f"breadth {info['breadth']:.3f}" in env.render()
    assert f"excluded {info['excluded']:.1%}" in env.render()


# --- the picture -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WORLDS)
def test_a_picture_is_the_same_for_the_same_society_and_another_for_another(name: str) -> None:
    env = shown(WORLDS[name], render_mode="rgb_array")
    begin = env.render()
    assert (begin.dtype, begin.shape) == (np.uint8, (HEIGHT, WIDTH, 3))
    picture._laid_out.cache_clear()
    assert np.array_equal(shown(WORLDS[name], render_mode="rgb_array").render(), begin)
    env.step(env.action_space.sample())
    assert not np.array_equal(env.render(), begin)


@pytest.mark.parametrize("name", WORLDS)
def test_places_stand_apart_within_the_map_and_all_have_their_names(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    plain = picture._Sheet.words

    def noted(sheet: Any, at: Any, text: str, *others: Any, **more: Any) -> None:
        written.append(text)
        plain(sheet, at, text, *others, **more)

    monkeypatch.setattr(picture._Sheet, "words", noted)
    picture_of(shown(WORLDS[name]).batch)
    places, _ = picture._laid_out(WORLDS[name])
    for i, one in enumerate(places):
        assert any(text == one.name or text.startswith(f"{one.name} ") for text in written)
        assert one.radius <= one.at[0] <= WIDTH - one.radius
        assert one.at[1] - one.radius >= picture._TOP and one.at[1] + one.radius <= picture._BOTTOM
        for other in places[:i]:
            assert np.hypot(*np.subtract(one.at, other.at)) > one.radius + other.radius


def test_what_a_place_shows_grows_with_what_it_has() -> None:
    marks = {
        "adopted": picture._ADOPTED, "resilience": picture._RESILIENT, "crisis": picture._CRISIS,
        "money": picture._MONEY,
    }  # fmt: skip

    def drawn(**values: float) -> npt.NDArray[np.uint8]:
        sheet = picture._Sheet()
        sheet.place(Place("", (200.0, 200.0), 40.0), **{**dict.fromkeys(marks, 0.0), **values})
        return sheet.pixels()

    for name, colour in marks.items():
        areas = [of_colour(drawn(**{name: share}), colour).sum() for share in (0.0, 0.3, 0.7, 1.0)]
        assert areas == sorted(set(areas)) and areas[0] == 0
        assert not any(
            of_colour(drawn(**{name: 1.0}), other).any() for other in set(marks.values()) - {colour}
        )
    half = of_colour(drawn(adopted=0.5), picture._ADOPTED)
    rows = np.flatnonzero(half.any(1))
    assert rows.min() == pytest.approx(200, abs=2)  # like a glass that is half full
    assert half.sum() == pytest.approx(np.pi * 40.0**2 / 2.0, rel=0.1)


def test_a_crisis_changes_the_picture_around_its_place_alone() -> None:
    env = shown(WORLD)
    before = picture_of(env.batch).astype(int)
    env.batch.state.community["crisis"][0, 1] = 1.0
    changed = np.argwhere((picture_of(env.batch) != before).any(-1))
    place = picture._laid_out(WORLD)[0][1]
    assert len(changed) and (np.abs(changed - np.array(place.at)[::-1]) < 2.0 * place.radius).all()


def test_the_quarter_the_stage_and_a_title_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(picture._Sheet, "words", lambda sheet, at, text, *rest, **more: written.append(text))
    env = shown(WORLD, 4)
    picture_of(env.batch)
    assert {WORLD.name, "quarter 4 of 12", "production", "diffusion", "application"} <= set(written)
    info = env.core.info()
    assert f"{info['excluded'][0]:.1%}" in written
    picture_of(env.batch, title="mine")
    assert "mine" in written


def test_money_by_place_is_what_the_places_got() -> None:
    env = shown(WORLD)
    assert not picture._money_per_person(env.batch, 0).any()
    env.step(spend(env.batch, {"scenarios": 1.0}, communities=[1.0, 0.0, 0.0])[0])
    hub = env.batch.structure.share[0]
    assert picture._money_per_person(env.batch, 0) == pytest.approx([1.0 / hub, 0.0, 0.0])


def test_where_no_font_has_a_names_characters_one_is_named_that_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "_CJK", ())
    caches = (picture._fonts, picture._font, picture._laid_out, picture._tell_lack)
    for one in caches:
        one.cache_clear()
    with pytest.warns(UserWarning, match="fonts-noto-cjk"):
        picture_of(shown(PROVINCE).batch)
    places = [
        {**place.model_dump(), "label_en": f"county {i}"} for i, place in enumerate(PROVINCE.society.listed())
    ]
    labelled = Scenario.parse({"society": {"persons": 240, "communities": places}})
    assert [place.name for place in picture._laid_out(labelled)[0]][:2] == ["county 0", "county 1"]
    for one in caches:
        one.cache_clear()


@pytest.mark.parametrize("mode", ["ansi", "rgb_array"])
def test_rendering_changes_nothing(mode: str) -> None:
    shown, hidden = ExperimentDiffusionEnv(WORLD, render_mode=mode), ExperimentDiffusionEnv(WORLD)
    shown.reset(seed=0)
    hidden.reset(seed=0)
    for _ in range(3):
        shown.render()
        action = hidden.action_space.sample()
        assert np.array_equal(shown.step(action)[0], hidden.step(action)[0])


def test_without_a_render_mode_nothing_is_shown_and_a_warning_says_so() -> None:
    env = ExperimentDiffusionEnv(WORLD)
    env.reset(seed=0)
    with pytest.warns(UserWarning, match="render_mode"):
        assert env.render() is None


# --- the window --------------------------------------------------------------------------------------------


@pytest.fixture
def pygame(monkeypatch: pytest.MonkeyPatch) -> Any:
    """pygame without a screen."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    return pytest.importorskip("pygame", reason="pygame-ce opens the window")


def test_the_window_shows_the_picture_after_every_reset_and_step(
    pygame: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ExperimentDiffusionEnv.metadata, "render_fps", 1000)
    env = ExperimentDiffusionEnv(WORLD, render_mode="human")
    env.reset(seed=0)
    for _ in range(2):
        on_screen = pygame.surfarray.array3d(pygame.display.get_surface()).transpose(1, 0, 2)
        assert np.array_equal(on_screen, picture_of(env.batch))
        env.step(env.action_space.sample())
    assert env.render() is None
    env.close()
    assert not pygame.display.get_init()
    env.close()


def test_gymnasiums_checker_has_no_complaint_about_any_render_mode(pygame: Any) -> None:
    env = gym.make(f"juguo_envs:{ENV_ID}", scenario=WORLD, render_mode="rgb_array")
    assert env.metadata["render_modes"] == ["ansi", "rgb_array", "human"]
    check_env(env.unwrapped)


@pytest.mark.parametrize(
    ("mode", "module", "package"),
    [("rgb_array", "PIL", "Pillow"), ("human", "pygame", "pygame-ce")],
)
def test_a_missing_package_is_named_with_the_extra_that_brings_it(
    mode: str, module: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("juguo_envs.picture", "juguo_envs.window"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, module, None)
    env = ExperimentDiffusionEnv(WORLD, render_mode=mode)
    with pytest.raises(gym.error.DependencyNotInstalled, match=rf"{package}.*pip install 'juguo\[human\]'"):
        env.reset(seed=0)
        env.render()


def test_a_video_is_recorded(tmp_path: Path) -> None:
    pytest.importorskip("moviepy", reason="moviepy writes the videos")
    env = gym.wrappers.RecordVideo(
        gym.make(f"juguo_envs:{ENV_ID}", scenario=WORLD, render_mode="rgb_array"), str(tmp_path / "videos")
    )
    env.reset(seed=0)
    done = False
    while not done:
        *_, done, _, _ = env.step(env.action_space.sample())
    env.close()
    assert [path.stat().st_size > 1000 for path in (tmp_path / "videos").glob("*.mp4")] == [True]
