"""Societies and diffusions that the tests of calibration share."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from juguo_agents.calibration.data import Diffusion
from juguo_agents.calibration.form import Form
from juguo_agents.calibration.likelihood import Coefficients
from juguo_agents.calibration.survey import read_diffusion
from juguo_envs.model.equations import adoption

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("JUGUO_REFERENCE_DATA", ROOT / ".." / "shared" / "data"))
needs_data = pytest.mark.skipif(
    not (DATA / "brfarmers").is_dir(), reason="no reference data; JUGUO_REFERENCE_DATA names their folder"
)
TRUE = Coefficients(p=0.02, q_peers=0.15, q_community=0.2)


def society(persons: int = 300, places: int = 6, named: int = 4, seed: int = 0) -> Diffusion:
    """People who name up to `named` others, mostly of their own community; nobody has adopted yet."""
    rng = np.random.default_rng(seed)
    community = np.sort(rng.integers(places, size=persons))
    community[:places] = np.arange(places)
    community.sort()
    pairs = set()
    for i in range(persons):
        near = np.flatnonzero(community == community[i])
        for _ in range(int(rng.integers(named + 1))):
            j = int(rng.choice(near if rng.random() < 0.8 else persons))
            if j != i:
                pairs.add((i, j))
    ego, alter = np.array(sorted(pairs)).T
    ids = tuple(f"i{i}" for i in range(persons))
    names = tuple(f"place {c}" for c in range(places))
    return Diffusion(ids, names, community, np.zeros(persons, int), 0, ego, alter)


def spread(empty: Diffusion, true: Coefficients, periods: int, seed: int) -> Diffusion:
    """The same with adoption by the model's equation, person by person; written apart from the package."""
    rng = np.random.default_rng(seed)
    peers = [empty.alter[empty.ego == i] for i in range(len(empty))]
    members = [np.flatnonzero(empty.community == c) for c in range(len(empty.places))]
    time = np.zeros(len(empty), int)
    q = true.q_peers + true.q_community
    for t in range(1, periods + 1):
        before = time > 0
        local = [before[m].mean() for m in members]
        for i in np.flatnonzero(~before):
            share = before[peers[i]].mean() if len(peers[i]) else 0.0
            s = (true.q_peers * share + true.q_community * local[empty.community[i]]) / q if q > 0.0 else 0.0
            if rng.random() < adoption(true.p, q, s):
                time[i] = t
    return replace(empty, time=time, periods=periods)


PEOPLE = society()
SMALL = spread(society(60, 3), Coefficients(0.05, 0.2, 0.1), 12, seed=3)


def write(folder: Path, diffusion: Diffusion) -> tuple[Path, Path]:
    """The two files of a diffusion."""
    persons, edges = folder / "persons.csv", folder / "edges.csv"
    rows = ["id,community,time_of_adoption,adopted"]
    for name, c, t in zip(diffusion.ids, diffusion.community, diffusion.time, strict=True):
        rows.append(f"{name},{diffusion.places[c]},{t or ''},{int(t > 0)}")
    persons.write_text("\n".join(rows) + "\n", encoding="utf-8")
    pairs = [
        f"{diffusion.ids[i]},{diffusion.ids[j]}" for i, j in zip(diffusion.ego, diffusion.alter, strict=True)
    ]
    edges.write_text("\n".join(["ego,alter", *pairs]) + "\n", encoding="utf-8")
    return persons, edges


def reference(name: str) -> Diffusion:
    return read_diffusion(DATA / name / "persons.csv", DATA / name / "edges.csv")


PERSONS = ["id,community,time_of_adoption,adopted,note"] + [
    f"{i},{'east' if i < 6 else 'west'},{i if i < 9 else ''},{int(i < 9)}," for i in range(1, 13)
]
EDGES = ["ego,alter", "1,2", "2,3", "12,1"]


def read(folder: Path, persons: list[str] = PERSONS, edges: list[str] = EDGES, **options: Any) -> Diffusion:
    (folder / "p.csv").write_text("\n".join(persons) + "\n", encoding="utf-8")
    (folder / "e.csv").write_text("\n".join(edges) + "\n", encoding="utf-8")
    return read_diffusion(folder / "p.csv", folder / "e.csv", Form(**options))
