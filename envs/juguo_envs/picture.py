"""A society as a picture that needs no legend beside it, drawn by Pillow.

Pillow is one package without dependencies, with a font of its own, and a frame takes it about a tenth of a
second. matplotlib brings ten packages and takes some times as long.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageColor, ImageDraw, ImageFont

from juguo_envs.engine.batch import Batch
from juguo_envs.model.state import ACTORS, N_FUNCTIONS, N_SHARES, STAGES
from juguo_envs.worlds.scenario import Community, Scenario
from juguo_envs.worlds.society_map import society_map

WIDTH, HEIGHT = 720, 800
"""Pixels of a picture."""
_FINE = 2  # drawn so many times as large, and then reduced: edges are smooth
_MARGIN = 20
_TOP, _BOTTOM = 92, 628  # of the map
_NAMED = 80  # places up to which their names are written
_MOST_MONEY = 3.0  # money per person, as a multiple of the society's mean, at which a place's bar is full
# Okabe and Ito (2008), which the colour-blind can tell apart
_BLACK, _GREY, _PALE, _LINE, _WHITE = "#222222", "#6b6b6b", "#ececec", "#d4d4d4", "#ffffff"
_ADOPTED, _RESILIENT, _CRISIS, _EXCLUDED = "#0072B2", "#009E73", "#D55E00", "#8a3c00"
_RESILIENT_PALE = "#d9efe7"
_MONEY, _MONEY_PALE = "#E69F00", "#f6e3b8"
_ACTOR_COLOURS, _RESERVE_COLOUR = ("#b97f00", "#E69F00", "#f3c95f"), "#dddddd"
_DARK = (_BLACK, _GREY, _ADOPTED, _RESILIENT, _CRISIS, _EXCLUDED, _MONEY, _ACTOR_COLOURS[0])
COLOURS = tuple(
    dict.fromkeys(
        tuple(round(255 - share * (255 - part)) for part in ImageColor.getrgb(colour))
        for share, colours in (
            (1.0, (*_DARK, *_ACTOR_COLOURS, _PALE, _LINE, _WHITE, _RESILIENT_PALE, _MONEY_PALE,
                   _RESERVE_COLOUR)),
            (0.65, _DARK), (0.35, _DARK[:6]),
        )
        for colour in colours
    )
)  # fmt: skip
"""The colours of a picture, and what edges make of them on white; red, green and blue, 0 to 255."""
_CJK = (
    "NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "NotoSansSC-Regular.otf",
    "NotoSansSC-Regular.ttf",
    "SourceHanSans-Regular.ttc", "SourceHanSansSC-Regular.otf", "wqy-zenhei.ttc", "wqy-microhei.ttc",
    "PingFang.ttc", "msyh.ttc", "simhei.ttf",
)  # fmt: skip
"""Files of fonts with Chinese characters, which Pillow looks for where the system keeps fonts."""
_UNKNOWN = "\uffff"  # no font has it
Point = tuple[float, float]


@dataclass(frozen=True)
class Place:
    """A place of the map.

    Attributes:
        name: As it is written.
        at: Its middle, in pixels.
        radius: In pixels; the area goes by population, where that is no dot.
    """

    name: str
    at: Point
    radius: float


def picture_of(batch: Batch, b: int = 0, title: str | None = None) -> npt.NDArray[np.uint8]:
    """Society `b` as (HEIGHT, WIDTH, 3) uint8; the same society is always the same picture.

    Above: the quarter and the stage. On the map each place is a disc: its filling is the share that adopted,
    its ring the mean resilience, its spikes the crisis, the bar beside it the money per person, and lines are
    ties. Below: the society as a whole, and how the quarter's money was divided.

    Args:
        batch: Societies.
        b: Which.
        title: Above the picture; the world's name by default.
    """
    sheet = _Sheet()
    programme, society = batch.state.programme[b], batch.scenario.society
    sheet.words((_MARGIN, 30), title or batch.scenario.name, 25, "lm", bold=True, most=440)
    quarter = f"{batch.scenario.step} {programme['t']} of {batch.params['T'][b]}"
    sheet.words((WIDTH - _MARGIN, 30), quarter, 25, "rm")
    _stages(sheet, int(programme["stage"]), int(programme["project"]))
    places, links = _laid_out(batch.scenario)
    for one, two, width in links:
        sheet.line(places[one].at, places[two].at, _LINE, width)
    sizes = np.diff(batch.structure.start)
    community, adopters = batch.state.community[b], batch.state.adopters[b].sum(-1)
    money = _money_per_person(batch, b)
    for c, place in enumerate(places):
        sheet.place(
            place,
            adopted=adopters[c] / sizes[c],
            resilience=community["rho_sum"][c] / sizes[c],
            crisis=float(community["crisis"][c]),
            money=money[c],
        )
    if len(places) <= _NAMED:
        for place, share in zip(places, adopters / sizes, strict=True):
            sheet.name(place, float(share), _text_size(len(places)))
    _society(sheet, batch, b, adopters.sum() / society.persons)
    _key(sheet)
    return sheet.pixels()


def _money_per_person(batch: Batch, b: int) -> npt.NDArray[np.float64]:
    """(R,) money of the quarter for a place's person, as a multiple of the society's mean."""
    shares = batch.state.allocation[b, N_SHARES : N_SHARES + batch.communities]
    spent = float(batch.state.quarter["spent"][b])
    found: npt.NDArray[np.float64] = shares / batch.structure.share * (spent > 0.0)
    return found


def _stages(sheet: _Sheet, stage: int, project: int) -> None:
    """The three stages as a strip, the present one dark; and which technology, from the second on."""
    left, width = _MARGIN, (WIDTH - 2 * _MARGIN) / len(STAGES)
    for i, name in enumerate(STAGES):
        now, x = i == stage, left + i * width
        sheet.box((x, 54), (x + width - 4, 82), _BLACK if now else _PALE)
        text = f"{name}, technology {project + 1}" if now and project else name
        sheet.words((x + width / 2 - 2, 68), text, 17, "mm", _WHITE if now else _GREY)


def _society(sheet: _Sheet, batch: Batch, b: int, adoption: float) -> None:
    """The society's three figures, and the quarter's money."""
    quarter, programme = batch.state.quarter[b], batch.state.programme[b]
    rows = (
        ("adopted", adoption, f"{adoption:.0%}", _ADOPTED),
        ("resilience", float(quarter["resilience"]), f"{quarter['resilience']:.2f}", _RESILIENT),
        ("excluded", float(quarter["excluded"]), f"{quarter['excluded']:.1%}", _EXCLUDED),
    )
    for i, (name, share, text, colour) in enumerate(rows):
        y = 650 + 26 * i
        sheet.words((_MARGIN, y), name, 18, "lm")
        sheet.box((118, y - 8), (WIDTH - 92, y + 8), _PALE)
        sheet.box((118, y - 8), (118 + (WIDTH - 210) * min(share, 1.0), y + 8), colour)
        sheet.words((WIDTH - _MARGIN, y), text, 18, "rm", bold=True)
    shares = batch.state.allocation[b, :N_SHARES]
    y, total = 728, float(shares.sum())
    sheet.words((_MARGIN, y), "money", 18, "lm")
    sheet.words((WIDTH - _MARGIN, y), f"{quarter['spent']:,.0f}", 18, "rm", bold=True)
    left, width = 118.0, WIDTH - 210.0
    sheet.box((left, y - 11), (left + width, y + 11), _PALE)
    if total <= 0.0 or not float(quarter["budget"]) + float(quarter["spent"]):
        sheet.words((left + width / 2, y), "none yet" if not programme["t"] else "none", 15, "mm", _GREY)
        return
    parts = [*shares[:N_FUNCTIONS].reshape(len(ACTORS), -1).sum(1) / total, shares[N_FUNCTIONS] / total]
    for name, part, colour in zip(
        (*ACTORS, "reserve"), parts, (*_ACTOR_COLOURS, _RESERVE_COLOUR), strict=True
    ):
        sheet.box((left, y - 11), (left + width * part, y + 11), colour)
        sheet.words((left + width * part / 2, y), name, 15, "mm", most=width * part - 6)
        left += width * part


def _key(sheet: _Sheet) -> None:
    """What the marks of a place mean, beside an example of each."""
    y, size = 772, 15
    example = {"adopted": 0.0, "resilience": 0.0, "crisis": 0.0, "money": 0.0}
    marks = (
        ("adopted", {"adopted": 0.55}, 24), ("resilience", {"resilience": 0.7}, 146),
        ("crisis", {"crisis": 0.8}, 276),
    )  # fmt: skip
    for text, shown, x in marks:
        sheet.place(Place("", (x + 10, y), 11), bar=False, **{**example, **shown})
        sheet.words((x + 32, y), text, size, "lm", _GREY)
    sheet.bar((388, y), 11, 2.0)
    sheet.words((402, y), "money per person (mark: the mean)", size, "lm", _GREY)


@lru_cache(maxsize=16)
def _laid_out(scenario: Scenario) -> tuple[list[Place], list[tuple[int, int, float]]]:
    """The places of a society, and its ties as the numbers of two places and a width."""
    found = society_map(scenario)
    spots = np.array([[place["x"], place["y"]] for place in found["places"]], float)
    count = len(spots)
    width, height = WIDTH - 2 * _MARGIN, _BOTTOM - _TOP
    text = _text_size(count) if count <= _NAMED else 0
    if found["kind"] == "tiles":
        columns, rows = spots.max(0) - spots.min(0) + 1
        pitch = np.array([width / columns, height / rows])
        at = (spots - spots.min(0) + 0.5) * pitch + (_MARGIN, _TOP)
        at[:, 1] -= 0.5 * text
        middle = 0.26 * float(pitch.min())
        room = 0.5 * (float(pitch.min()) - text) - 3.0
    else:
        middle = min(52.0, 0.24 * math.sqrt(width * height / count))
        room = 1.5 * middle
        edge = np.array([max(room + 22, 60.0 if text else 0.0), room + 8])
        free = np.array([width, height - 1.6 * text]) - 2 * edge
        low, high = spots.min(0), spots.max(0)
        spots = np.where(high > low, (spots - low) / np.maximum(high - low, 1e-9), 0.5)
        at = spots * free + edge + (_MARGIN, _TOP)
    shares = np.array([place["share"] for place in found["places"]])
    radii = np.clip(middle * np.sqrt(shares * count), min(7.0, room), room)
    if found["kind"] != "tiles" and count <= _NAMED:
        at, radii = _apart(at, radii, text)
    places = [
        Place(_shown(place), (float(x), float(y)), float(radius))
        for place, (x, y), radius in zip(scenario.society.listed(), at, radii, strict=True)
    ]
    most = max((weight for *_, weight in found["links"]), default=1.0)
    links = [(int(i), int(j), 1.0 + 4.0 * weight / most) for i, j, weight in found["links"]]
    return places, links


def _shown(place: Community) -> str:
    """A place's name, or its English label where no font has the name's characters."""
    return place.label_en if place.label_en and _font_of(place.name, 20) is None else place.name


def _apart(
    at: npt.NDArray[np.float64], radii: npt.NDArray[np.float64], text: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Middles and radii of discs after those that lay over each other pushed each other away."""
    need = 1.16 * radii + 8.0 + 0.5 * text  # room for the ring, the bar and the name
    least = np.add.outer(need, need)
    np.fill_diagonal(least, 0.0)
    edge = np.stack([1.16 * radii + 18.0, 1.16 * radii + 4.0], 1)
    low = edge + np.array([_MARGIN, _TOP])
    high = np.array([WIDTH - _MARGIN, _BOTTOM - 1.4 * text]) - edge
    distance = least
    for _ in range(400):
        gap = at[:, None] - at[None]
        distance = np.maximum(np.linalg.norm(gap, axis=-1), 1e-6)
        push = 0.3 * np.maximum(least - distance, 0.0) / distance
        if not push.any():
            break
        at = np.clip(at + (gap * push[..., None]).sum(1), low, high)
    np.fill_diagonal(distance, np.inf)
    return at, radii * min(1.0, float((distance / np.maximum(least, 1e-9)).min()))


def _text_size(count: int) -> int:
    """Pixels of the names of so many places."""
    return 20 if count <= 14 else 13 if count <= 40 else 11


class _Sheet:
    """A sheet to draw on, in pixels of the picture."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", (WIDTH * _FINE, HEIGHT * _FINE), _WHITE)
        self.draw = ImageDraw.Draw(self.image)

    def pixels(self) -> npt.NDArray[np.uint8]:
        """(HEIGHT, WIDTH, 3) what was drawn."""
        return np.asarray(self.image.reduce(_FINE), np.uint8).copy()

    def line(self, start: Point, end: Point, colour: str, width: float) -> None:
        """A straight line."""
        self.draw.line([*self._fine(start), *self._fine(end)], colour, max(1, round(width * _FINE)))

    def box(self, corner: Point, other: Point, colour: str) -> None:
        """A filled rectangle; nothing where it has no area."""
        (left, top), (right, bottom) = self._fine(corner), self._fine(other)
        if right - left >= 1.0 and bottom - top >= 1.0:
            self.draw.rectangle((left, top, right - 1.0, bottom - 1.0), colour)

    def words(
        self, at: Point, text: str, size: int, anchor: str, colour: str = _BLACK, *, bold: bool = False,
        halo: bool = False, most: float = math.inf,
    ) -> None:  # fmt: skip
        """A text on one line; smaller, then shorter, then left out where it is wider than `most`."""
        font = _font(text, size * _FINE)
        while font.getlength(text) > most * _FINE:
            if size > 11:
                size -= 1
                font = _font(text, size * _FINE)
            elif len(text) > 6:
                text = text[:-2].rstrip() + "…"
            else:
                return
        stroke = 2 * _FINE if halo else _FINE // 2 if bold else 0
        self.draw.text(
            self._fine(at), text, colour, font, anchor,
            stroke_width=stroke, stroke_fill=_WHITE if halo else colour,
        )  # fmt: skip

    def place(
        self,
        place: Place,
        *,
        adopted: float,
        resilience: float,
        crisis: float,
        money: float,
        bar: bool = True,
    ) -> None:
        """The disc of a place with its marks; shares are in [0, 1]."""
        (x, y), r = place.at, place.radius
        ring = max(2.5, 0.16 * r)
        if crisis > 0.02:
            self._spikes(place.at, r, r + ring + (3.0 + 0.3 * r) * crisis)
        self._disc(place.at, r + ring + 1.0, _WHITE)
        self._disc(place.at, r + ring - 0.5, _RESILIENT_PALE)
        round_ = 360.0 * min(float(resilience), 1.0)
        self.draw.pieslice(self._round(place.at, r + ring - 0.5), -90.0, round_ - 90.0, _RESILIENT)
        self._disc(place.at, r, _PALE, _GREY)
        if adopted > 0.0:  # the filling rises like water in a glass
            half = math.acos(1.0 - 2.0 * min(float(adopted), 1.0))
            turn = np.linspace(-half, half, 2 + int(half * r))
            self._polygon(place.at, turn + np.pi, np.full(len(turn), r), _ADOPTED)
        if bar:
            self.bar((x - r - ring - 7.0, y), r, money)

    def bar(self, at: Point, r: float, money: float) -> None:
        """The bar of a place's money beside its disc."""
        (x, y), wide = at, max(3.0, 0.11 * r)
        self.box((x - wide, y - r), (x + wide, y + r), _MONEY_PALE)
        high = 2.0 * r * min(money / _MOST_MONEY, 1.0)
        if high > 0.3:
            self.box((x - wide, y + r - high), (x + wide, y + r), _MONEY)
        mean = y + r - 2.0 * r / _MOST_MONEY
        self.line((x - wide - 1.0, mean), (x + wide + 1.0, mean), _BLACK, 1.0)

    def name(self, place: Place, adopted: float, size: int) -> None:
        """The name under a place, with the share that adopted; that stands in the disc where it has room."""
        (x, y), r = place.at, place.radius
        name, share, under = place.name, f"{adopted:.0%}", y + r + max(2.5, 0.16 * r) + 2.0
        if r >= 1.35 * size:
            self.words((x, y), share, size, "mm", halo=True)
        else:
            name = f"{name} {share}"
        room = 2.0 * min(x, WIDTH - x) - 4.0
        self.words((x, under), name, size, "ma", halo=True, most=room)

    def _spikes(self, at: Point, inner: float, outer: float) -> None:
        far = np.where(np.arange(32) % 2 == 0, outer, 0.5 * (inner + outer))
        self._polygon(at, np.linspace(0.0, 2.0 * np.pi, 33)[:-1], far, _CRISIS)

    def _polygon(self, at: Point, turn: Any, far: Any, colour: str) -> None:
        """Corners by their turn from above, clockwise, and their distance."""
        x, y = at[0] + far * np.sin(turn), at[1] - far * np.cos(turn)
        self.draw.polygon((np.stack([x, y], 1) * _FINE).ravel().tolist(), colour)

    def _disc(self, at: Point, radius: float, colour: str, outline: str | None = None) -> None:
        self.draw.ellipse(self._round(at, radius), colour, outline, _FINE if outline else 0)

    def _round(self, at: Point, radius: float) -> tuple[float, float, float, float]:
        (x, y), r = self._fine(at), radius * _FINE
        return (x - r, y - r, x + r, y + r)

    def _fine(self, at: Point) -> Point:
        return at[0] * _FINE, at[1] * _FINE


@cache
def _fonts(size: int) -> list[Any]:
    """Pillow's own font, and one with Chinese characters where one is installed."""
    found: list[Any] = [ImageFont.load_default(size)]
    for file in _CJK:
        try:
            font = ImageFont.truetype(file, size)
        except OSError:
            continue
        for index in range(1, 12) if file.endswith(".ttc") else ():
            if " SC" in (font.getname()[0] or ""):
                break
            try:
                font = ImageFont.truetype(file, size, index)
            except OSError:
                break
        return [*found, font]
    return found


@lru_cache(maxsize=4096)
def _font(text: str, size: int) -> Any:
    """The first font that has all characters of a text; the last one where none has, which is told."""
    if (found := _font_of(text, size)) is None:
        _tell_lack()
        return _fonts(size)[-1]
    return found


def _font_of(text: str, size: int) -> Any | None:
    for font in _fonts(size):
        lacking = bytes(font.getmask(_UNKNOWN))
        if all(bytes(font.getmask(character)) != lacking for character in set(text) - {" "}):
            return font
    return None


@cache
def _tell_lack() -> None:
    gym.logger.warn(
        "names have characters that no font shows; install one with Chinese characters, such as "
        "fonts-noto-cjk, or google-noto-sans-cjk-fonts"
    )
