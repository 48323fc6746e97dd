"""Where the places of a society stand on a map: by its tiles where they are known, else by their ties."""

from __future__ import annotations

from typing import Any

import numpy as np

from juguo_envs.model.state import Array
from juguo_envs.worlds.scenario import Scenario
from juguo_envs.worlds.society import build_structure

CHINA = {
    "Heilongjiang": (8, 0),
    "Inner Mongolia": (5, 1), "Liaoning": (7, 1), "Jilin": (8, 1),
    "Xinjiang": (1, 2), "Gansu": (3, 2), "Ningxia": (4, 2), "Hebei": (5, 2), "Beijing": (6, 2),
    "Tianjin": (7, 2),
    "Qinghai": (2, 3), "Shaanxi": (4, 3), "Shanxi": (5, 3), "Shandong": (6, 3),
    "Tibet": (1, 4), "Sichuan": (3, 4), "Hubei": (4, 4), "Henan": (5, 4), "Anhui": (6, 4), "Jiangsu": (7, 4),
    "Yunnan": (2, 5), "Chongqing": (3, 5), "Hunan": (4, 5), "Jiangxi": (5, 5), "Zhejiang": (6, 5),
    "Shanghai": (7, 5),
    "Guizhou": (3, 6), "Guangxi": (4, 6), "Guangdong": (5, 6), "Fujian": (6, 6),
    "Hainan": (5, 7),
}  # fmt: skip
"""Column and row of each province's tile."""
_MOST_LINKS = 3  # drawn for each place, on average
_MANY = 24  # places from which rings are a spiral, and ties without a pattern are not drawn
_SPRUNG = 200  # places up to which springs are reckoned


def society_map(scenario: Scenario) -> dict[str, Any]:
    """The map of a scenario's society, as plain values.

    Returns:
        `kind`, "tiles" or "ties"; `places`, each with `name`, `share` of the population, whether a `hub`,
        its mean `capability` at the start, and `x` and `y` (columns and rows of tiles, or within the unit
        square); `links`, each the numbers of two places and the share of all ties between places that joins
        them.
    """
    listed, structure = scenario.society.listed(), build_structure(scenario)
    joined = ties_between(scenario)
    tiles, near = all(place.name in CHINA for place in listed), _some_are_nearer(scenario)
    spots: Array = np.array([CHINA[p.name] for p in listed]) if tiles else _spots(scenario, joined, near)
    places = [
        {
            "name": place.name,
            "share": float(share),
            "hub": place.hub,
            "capability": place.capability,
            "x": round(float(x), 4),
            "y": round(float(y), 4),
        }
        for place, share, (x, y) in zip(listed, structure.share, spots, strict=True)
    ]
    return {
        "kind": "tiles" if tiles else "ties",
        "places": places,
        "links": _strongest(joined) if near or len(listed) <= _MANY else [],
    }


def ties_between(scenario: Scenario) -> Array:
    """(R, R) share of the ties between places that joins two of them, as expected, or as listed."""
    structure, society = build_structure(scenario), scenario.society
    count = len(structure.share)
    if society.network == "listed":
        home = np.repeat(np.arange(count), np.diff(structure.start))
        ends = home[np.array(society.ties, "i8").reshape(-1, 2)]
        joined = np.zeros((count, count))
        np.add.at(joined, (ends[:, 0], ends[:, 1]), 1.0)
    elif society.network == "complete":
        joined = np.outer(structure.share, structure.share)
    else:
        joined = structure.share[:, None] * np.diff(structure.mixing, axis=1, prepend=0.0)
    joined = joined + joined.T
    np.fill_diagonal(joined, 0.0)
    total = joined.sum() / 2.0
    found: Array = joined / total if total > 0.0 else joined
    return found


def _strongest(joined: Array) -> list[list[float]]:
    first, second = np.triu_indices(len(joined), 1)
    weights = joined[first, second]
    order = np.argsort(-weights, kind="stable")[: max(_MOST_LINKS * len(joined), 36)]
    return [[int(first[i]), int(second[i]), round(float(weights[i]), 6)] for i in order if weights[i] > 0.0]


def _some_are_nearer(scenario: Scenario) -> bool:
    """Whether ties tell some places from others; else they only tell how large places are."""
    society = scenario.society
    return society.network == "listed" or any(place.neighbours for place in society.listed())


def _spots(scenario: Scenario, joined: Array, near: bool) -> Array:
    """(R, 2) within the unit square: by springs where some places are nearer than others, else on rings."""
    listed = scenario.society.listed()
    hubs = [i for i, place in enumerate(listed) if place.hub]
    spots = _rings(len(listed), hubs)
    if near and 2 < len(listed) <= _SPRUNG:
        spots = _springs(spots, joined)
    return spots


def _rings(count: int, hubs: list[int]) -> Array:
    """Hubs in the middle, the others around them; of many, in the spiral of a sunflower's seeds."""
    others = [i for i in range(count) if i not in set(hubs)]
    spots = np.full((count, 2), 0.5)
    if count > _MANY or not others:
        order = np.array([*hubs, *others])
        turn = np.arange(count) * np.pi * (3.0 - np.sqrt(5.0))
        far = 0.48 * np.sqrt((np.arange(count) + 0.5) / count)
        spots[order] += far[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
        return spots
    for ring, radius, start in ((hubs, 0.16 if len(hubs) > 1 else 0.0, np.pi), (others, 0.46, np.pi / 2.0)):
        turn = 2.0 * np.pi * np.arange(len(ring)) / max(len(ring), 1) - start
        spots[ring] += radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return spots


def _springs(spots: Array, joined: Array) -> Array:
    """Spots after springs pulled together what is tied and all pushed each other away (Fruchterman 1991)."""
    count = len(spots)
    pull = joined / joined.max()
    spots = spots + 1e-3 * np.random.default_rng(0).normal(size=spots.shape)
    ideal = 1.0 / np.sqrt(count)
    for heat in np.linspace(0.1, 0.002, 300):
        apart = spots[:, None] - spots[None]
        distance = np.maximum(np.linalg.norm(apart, axis=-1), 1e-6)
        force = ideal**2 / distance**2 - pull * distance / ideal
        np.fill_diagonal(force, 0.0)
        move = (apart * force[..., None]).sum(1) - 0.5 * (spots - 0.5)
        length = np.maximum(np.linalg.norm(move, axis=1, keepdims=True), 1e-9)
        spots = spots + move / length * np.minimum(length, heat)
    low, high = spots.min(0), spots.max(0)
    found: Array = 0.06 + 0.88 * (spots - low) / np.maximum(high - low, 1e-9)
    return found
