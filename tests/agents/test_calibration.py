"""Calibration: the data it refuses, the likelihood it maximises, and the world it makes.

Error rates are stated where a test is statistical; seeds are fixed, so a run that passed passes again.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import chi2

from juguo_agents.calibration.data import DataError, Diffusion, read_diffusion
from juguo_agents.calibration.fit import Fit, fit, interval, maximise, profile
from juguo_agents.calibration.hindcast import Bass, Hindcast, fit_bass, hindcast, plausible, simulate
from juguo_agents.calibration.likelihood import Coefficients, exposure
from juguo_agents.calibration.results import Calibration, as_json, calibrate, console_table
from juguo_agents.calibration.scenario_file import mutual_ties, scenario_file
from juguo_agents.command_line import guarded
from juguo_envs import Batch, Scenario, ScenarioError
from juguo_envs.model.equations import adoption
from juguo_envs.scenario import parse_yaml
from tests.support import seeds, spend, ties

Array = npt.NDArray[Any]

ROOT = Path(__file__).resolve().parents[2]
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


# --- the data ----------------------------------------------------------------------------------------------

PERSONS = ["id,community,time_of_adoption,adopted,note"] + [
    f"{i},{'east' if i < 6 else 'west'},{i if i < 9 else ''},{int(i < 9)}," for i in range(1, 13)
]
EDGES = ["ego,alter", "1,2", "2,3", "12,1"]


def read(folder: Path, persons: list[str] = PERSONS, edges: list[str] = EDGES, **options: Any) -> Diffusion:
    (folder / "p.csv").write_text("\n".join(persons) + "\n", encoding="utf-8")
    (folder / "e.csv").write_text("\n".join(edges) + "\n", encoding="utf-8")
    return read_diffusion(folder / "p.csv", folder / "e.csv", **options)


def test_files_are_read_as_they_stand(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert found.ids == tuple(str(i) for i in range(1, 13))
    assert found.places == ("east", "west")
    assert found.community.tolist() == [0] * 5 + [1] * 7
    assert found.time.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0]
    assert found.periods == 8
    assert list(zip(found.ego.tolist(), found.alter.tolist(), strict=True)) == [(0, 1), (1, 2), (11, 0)]
    assert found.adopters().tolist()[3] == [3, 0]


def test_spaces_blank_lines_a_byte_order_mark_and_further_columns_do_not_matter(tmp_path: Path) -> None:
    spaced = ["\ufeff" + PERSONS[0].replace(",", " , ")] + [f" {line}" for line in PERSONS[1:]]
    found = read(tmp_path, [*spaced[:4], "", *spaced[4:], " , , , ,"], ["alter,times_named,ego", "2,5,1"])
    assert found.time.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0]
    assert (found.ego.tolist(), found.alter.tolist()) == ([0], [1])


def test_communities_that_are_numbers_stand_in_their_order(tmp_path: Path) -> None:
    renamed = [PERSONS[0]] + [
        line.replace("east", "10").replace("west", "9") if i < 8 else line
        for i, line in enumerate(PERSONS[1:])
    ]
    assert read(tmp_path, renamed).places == ("9", "10", "west")


def test_persons_named_but_not_surveyed_are_no_peers(tmp_path: Path) -> None:
    plain, more = read(tmp_path), read(tmp_path, edges=[*EDGES, "1,stranger", "5,stranger"])
    assert more.unsurveyed == 2
    assert (more.ego == plain.ego).all()
    at = Coefficients(0.1, 0.4, 0.2)
    assert exposure(more).log_likelihood(at) == exposure(plain).log_likelihood(at)


def test_a_pair_that_is_named_again_counts_once(tmp_path: Path) -> None:
    found = read(tmp_path, edges=[*EDGES, "1,2", "2,1"])
    assert found.repeated == 1
    assert len(found.ego) == 4


def test_a_longer_window_keeps_the_censored_at_risk(tmp_path: Path) -> None:
    longer = exposure(read(tmp_path, periods=10))
    assert longer.waited.sum() == exposure(read(tmp_path)).waited.sum() + 2 * 4


def person(number: int, line: str) -> Callable[[list[str], list[str]], None]:
    def change(persons: list[str], edges: list[str]) -> None:
        persons[number - 1] = line

    return change


def edge(number: int, line: str) -> Callable[[list[str], list[str]], None]:
    def change(persons: list[str], edges: list[str]) -> None:
        edges[number - 1] = line

    return change


def files(persons: list[str] | None = None, edges: list[str] | None = None) -> Any:
    def change(old_persons: list[str], old_edges: list[str]) -> None:
        old_persons[:] = persons if persons is not None else old_persons
        old_edges[:] = edges if edges is not None else old_edges

    return change


NEVER = [PERSONS[0]] + [f"{i},east,,0," for i in range(1, 13)]
AT_ONCE = [PERSONS[0]] + [f"{i},east,1,1," for i in range(1, 13)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (person(4, "3,east,1.5,1,"), "p.csv, line 4, column time_of_adoption: '1.5'; allowed are whole"),
        (person(4, "3,east,0,1,"), "line 4, column time_of_adoption: '0'; allowed are whole numbers"),
        (person(4, "3,east,-2,1,"), "line 4, column time_of_adoption: '-2'; allowed"),
        (person(4, "3,east,1948,1,"), "'1948'; allowed are whole numbers from 1 to 1000, counted in"),
        (person(4, "3,east,NA,1,"), "'NA'; allowed are whole numbers from 1 to 1000"),
        (person(4, f"3,east,{'9' * 5000},1,"), "line 4, column time_of_adoption"),
        (person(4, "3,east,3,0,"), "line 4, column adopted: '0'; allowed is 1 where time_of_adoption"),
        (person(12, "11,west,,1,"), "line 12, column adopted: '1'; allowed"),
        (person(12, "11,west,,maybe,"), "line 12, column adopted: 'maybe'; allowed"),
        (person(5, "2,east,4,1,"), "line 5, column id: '2'; a person has one line, and '2' has line 3"),
        (person(5, ",east,4,1,"), "line 5, column id: ''; allowed is a name or number"),
        (person(5, "4,,4,1,"), "line 5, column community: ''; allowed is a name of at most 40"),
        (person(5, f"4,{'x' * 41},4,1,"), "column community"),
        (person(5, "4,east,4"), "p.csv, line 5: 3 values; allowed are 5, one for each column"),
        (person(5, '4,"east,4,1,'), "p.csv: cannot be read as CSV"),
        (person(1, "id,community,toa,adopted,note"), "line 1: column 'time_of_adoption' is missing; needed"),
        (person(1, "id,community,time_of_adoption,id,note"), "p.csv, line 1: column 'id' is there twice"),
        (files(persons=[]), "p.csv, line 1: column 'id' is missing"),
        (files(persons=PERSONS[:8]), "p.csv: 7 persons; allowed are 10 or more"),
        (files(persons=NEVER), "p.csv, column time_of_adoption: nobody adopted; allowed is one"),
        (files(persons=AT_ONCE), "column time_of_adoption: nobody adopted after period 1; allowed"),
        (edge(2, "99,2"), "e.csv, line 2, column ego: '99'; allowed is an id of"),
        (edge(2, "2,2"), "e.csv, line 2, column alter: '2'; allowed is another person than ego"),
        (edge(2, ",2"), "e.csv, line 2, column ego: ''; allowed is the id of the person"),
        (edge(2, "1,"), "e.csv, line 2, column alter: ''; allowed is the id"),
        (edge(2, "1,2,3"), "e.csv, line 2: 3 values; allowed are 2"),
        (edge(1, "from,to"), "e.csv, line 1: column 'ego' is missing; needed are ego, alter"),
        (files(edges=EDGES[:1]), "e.csv: no line joins two persons of"),
        (files(edges=["ego,alter", "1,stranger"]), "e.csv: no line joins two persons of"),
    ],
)  # fmt: skip
def test_data_that_cannot_be_used_are_refused_in_one_clear_line(
    tmp_path: Path, change: Callable[[list[str], list[str]], None], words: str
) -> None:
    persons, edges = list(PERSONS), list(EDGES)
    change(persons, edges)
    with pytest.raises(DataError) as refusal:
        read(tmp_path, persons, edges)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_files_that_are_not_there_or_no_text_are_refused(tmp_path: Path) -> None:
    persons, edges = write(tmp_path, SMALL)
    with pytest.raises(DataError, match=r"nowhere\.csv: cannot be read"):
        read_diffusion(tmp_path / "nowhere.csv", edges)
    edges.write_bytes(b"ego,alter\n\xff\xfe,2\n")
    with pytest.raises(DataError, match=r"edges\.csv: cannot be read as CSV in UTF-8"):
        read_diffusion(persons, edges)


@pytest.mark.parametrize(
    ("periods", "words"), [(1, "--periods is 1; allowed"), (7, "'8'; allowed .* 1 to 7 with")]
)
def test_a_window_that_does_not_hold_the_data_is_refused(tmp_path: Path, periods: int, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read(tmp_path, periods=periods)


# --- the likelihood and its maximum ------------------------------------------------------------------------


def test_the_likelihood_is_that_of_the_models_step_person_by_person() -> None:
    d, at = SMALL, Coefficients(0.04, 0.3, 0.2)
    total = 0.0
    for i in range(len(d)):
        peers = d.alter[d.ego == i]
        here = np.flatnonzero(d.community == d.community[i])
        for t in range(1, (d.time[i] or d.periods) + 1):
            before = (d.time > 0) & (d.time < t)
            share = before[peers].mean() if len(peers) else 0.0
            s = (at.q_peers * share + at.q_community * before[here].mean()) / (at.q_peers + at.q_community)
            h = adoption.py_func(at.p, at.q_peers + at.q_community, s)
            total += math.log(h if d.time[i] == t else 1.0 - h)
    assert exposure(d).log_likelihood(at) == pytest.approx(total, rel=1e-12)


def test_isolates_have_a_share_of_zero_and_stay_in_the_likelihood() -> None:
    d = SMALL
    alone = np.setdiff1d(np.arange(len(d)), d.ego)
    assert len(alone) > 0
    without = replace(d, time=np.where(np.isin(np.arange(len(d)), alone), 0, d.time))
    at = Coefficients(0.04, 0.3, 0.0)
    assert exposure(d).log_likelihood(at) != exposure(without).log_likelihood(at)
    seen = exposure(d)
    assert seen.adopted.sum() == (d.time > 0).sum()
    assert (seen.adopted + seen.waited).sum() == np.where(d.time > 0, d.time, d.periods).sum()


def test_no_coefficients_near_the_estimate_fit_better() -> None:
    seen = exposure(SMALL)
    best = maximise(seen)
    rng = np.random.default_rng(0)
    for size in (1e-3, 1e-2, 0.1, 1.0):
        for _ in range(200):
            there = Coefficients(*np.abs(np.array(best.coefficients) + rng.normal(size=3) * size * 0.1))
            assert seen.log_likelihood(there) <= best.log_likelihood + 1e-7


def test_p_alone_has_the_closed_form_of_a_constant_hazard() -> None:
    seen = exposure(SMALL)
    adopted, waited = seen.adopted.sum(), seen.waited.sum()
    found = fit(seen).external
    assert found.coefficients.p == pytest.approx(-math.log(waited / (adopted + waited)), rel=1e-5)


def test_ends_of_an_interval_lose_as_much_fit_as_chi_square_allows() -> None:
    seen = exposure(spread(PEOPLE, TRUE, 20, seed=1))
    best = maximise(seen)
    for j in range(3):
        for end in interval(seen, best, j):
            if end > 0.0:
                loss = 2.0 * (best.log_likelihood - profile(seen, best, j, end))
                assert loss == pytest.approx(chi2.ppf(0.95, 1), abs=1e-3)


def test_standard_errors_and_intervals_agree_where_the_likelihood_is_nearly_a_parabola() -> None:
    found = fit(exposure(spread(society(1500, 6), TRUE, 20, seed=1)))
    for error, (low, high) in zip(found.errors, found.intervals, strict=True):
        assert error is not None
        assert (high - low) / (2 * 1.96 * error) == pytest.approx(1.0, abs=0.1)


def test_a_coefficient_at_zero_has_no_standard_error_and_an_interval_from_zero() -> None:
    several = (fit(exposure(spread(PEOPLE, Coefficients(0.05, 0.0, 0.1), 15, s))) for s in range(50))
    found = next(f for f in several if f.errors[1] is None)
    assert found.full.coefficients.q_peers == 0.0
    assert found.intervals[1][0] == 0.0 < found.intervals[1][1]
    assert found.errors[0] is not None
    assert found.tests["peers"].statistic == 0.0
    assert found.tests["peers"].p_value == 1.0


def test_weights_of_the_tests_sum_to_one_and_halve_the_probability_of_one_term() -> None:
    found = fit(exposure(spread(PEOPLE, TRUE, 20, seed=1)))
    for test in found.tests.values():
        assert sum(test.weights) == pytest.approx(1.0)
        assert test.weights[1] == 0.5
    one = found.tests["peers"]
    assert one.p_value == pytest.approx(0.5 * chi2.sf(one.statistic, 1))
    assert 0.0 < found.tests["both"].weights[2] < 0.5


@needs_data
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("brfarmers", (-2106.37, -1895.86, -1820.30, -1804.96)),
        ("medInnovations", (-342.20, -341.96, -341.77, -341.77)),
    ],
)
def test_log_likelihoods_of_the_reference_data(name: str, expected: tuple[float, ...]) -> None:
    found = fit(exposure(reference(name)))
    models = (found.external, found.peers, found.community, found.full)
    assert [m.log_likelihood for m in models] == pytest.approx(list(expected), abs=0.01)


@needs_data
def test_farmers_follow_peers_and_village_and_physicians_neither() -> None:
    farmers, physicians = fit(exposure(reference("brfarmers"))), fit(exposure(reference("medInnovations")))
    for name in ("peers", "community"):
        assert farmers.tests[name].p_value < 1e-6
        assert physicians.tests[name].statistic < 1.0
        assert physicians.tests[name].p_value > 0.2
    assert farmers.tests["peers"].statistic == pytest.approx(30.7, abs=0.1)
    assert farmers.tests["community"].statistic == pytest.approx(181.8, abs=0.1)
    assert physicians.tests["both"].p_value > 0.2


# --- coverage ----------------------------------------------------------------------------------------------


def fits(true: Coefficients, runs: int) -> list[Fit]:
    return [fit(exposure(spread(PEOPLE, true, 20, 1000 + seed))) for seed in range(runs)]


def covered(found: list[Fit], true: Coefficients) -> list[float]:
    """Share of the runs whose interval holds the truth, of each coefficient."""
    return [
        float(np.mean([f.intervals[j][0] <= true[j] <= f.intervals[j][1] for f in found])) for j in range(3)
    ]


def test_intervals_cover_known_coefficients() -> None:
    # 20 runs at a coverage of 95 %: fewer than 15 covered with probability 3e-4 a coefficient
    found = fits(TRUE, 20)
    assert min(covered(found, TRUE)) >= 0.75
    for j in range(3):
        estimates = np.array([f.full.coefficients[j] for f in found])
        assert abs(estimates.mean() - TRUE[j]) < 4.0 * estimates.std(ddof=1) / math.sqrt(len(found))


@pytest.mark.slow
@pytest.mark.parametrize(
    "true",
    [TRUE, Coefficients(0.02, 0.4, 0.0), Coefficients(0.02, 0.0, 0.4), Coefficients(0.08, 0.0, 0.0)],
    ids=["both", "peers only", "community only", "neither"],
)
def test_intervals_cover_known_coefficients_in_90_to_99_of_100_runs(true: Coefficients) -> None:
    # 200 runs at 95 %: outside 90 to 99 % with probability 4e-3 a coefficient. Of a coefficient that is 0 the
    # interval may cover more often: it is one-sided there, so that 97.5 % is right.
    found = fits(true, 200)
    shares = covered(found, true)
    print(f"\n{true}: covered {shares}")
    for j in range(3):
        assert 0.90 <= shares[j] <= (0.99 if true[j] > 0.0 else 1.0)
    for j, name in ((1, "peers"), (2, "community")):
        if true[j] == 0.0:  # 5 % by chance: above 10 % with probability 2e-3
            false = np.mean([f.tests[name].p_value < 0.05 for f in found])
            print(f"{name}: found significant in {false:.1%} of the runs without it")
            assert false <= 0.10


# --- simulation and hindcast -------------------------------------------------------------------------------


def test_simulation_follows_the_equation_written_person_by_person() -> None:
    # means of 400 and 60 runs at 11 period ends, two-sided z-tests: refused with probability below 1e-3
    empty = society(60, 3)
    start = np.zeros(60, bool)
    ours = simulate(empty, np.tile(TRUE, (400, 1)), start, 12, np.random.default_rng(0)).sum(axis=2)
    theirs = np.array([spread(empty, TRUE, 12, s).adopters().sum(axis=1) for s in range(60)])
    assert ours[:, 0].max() == 0
    error = np.sqrt(ours.var(axis=0) / 400 + theirs.var(axis=0) / 60)[1:]
    assert (np.abs(ours.mean(axis=0) - theirs.mean(axis=0))[1:] < 4.1 * error).all()


def test_simulation_starts_where_it_is_told_and_nobody_leaves() -> None:
    start = SMALL.adopted_by(5)
    found = simulate(SMALL, np.tile(TRUE, (7, 1)), start, 4, np.random.default_rng(0))
    assert found.shape == (7, 5, 3)
    assert (found[:, 0] == SMALL.adopters()[5]).all()
    assert (np.diff(found, axis=1) >= 0).all()


def test_a_bass_curve_is_found_again() -> None:
    true = Bass(p=0.02, q=0.4, potential=0.7)
    new = np.diff(true.shares(15)) * 20_000
    time = np.repeat(np.arange(1, 16), np.round(new).astype(int))
    n = 20_000
    everyone = Diffusion(
        ("",) * n, ("all",), np.zeros(n, int), np.append(time, np.zeros(n - len(time), int)), 15,
        np.zeros(0, int), np.zeros(0, int),
    )  # fmt: skip
    found = fit_bass(everyone)
    assert (found.p, found.q, found.potential) == pytest.approx((0.02, 0.4, 0.7), rel=0.02)


def test_a_bass_curve_has_the_closed_form() -> None:
    p, q = 0.03, 0.5
    t = np.arange(21)
    e = np.exp(-(p + q) * t)
    assert Bass(p, q, 0.8).shares(20) == pytest.approx(0.8 * (1 - e) / (1 + q / p * e))


def test_plausible_coefficients_spread_like_the_likelihood() -> None:
    seen = exposure(spread(society(1500, 6), TRUE, 20, seed=1))
    found = fit(seen)
    drawn = plausible(seen, found, 2000, np.random.default_rng(0))
    assert (drawn > 0.0).all()
    for j in range(3):
        error = found.errors[j]
        assert error is not None
        assert drawn[:, j].std() == pytest.approx(error, rel=0.25)
        assert abs(drawn[:, j].mean() - found.full.coefficients[j]) < 0.5 * error


def test_a_hindcast_knows_the_first_half_alone() -> None:
    whole = spread(PEOPLE, TRUE, 15, seed=2)
    half = whole.periods // 2
    other = replace(whole, time=np.where(whole.time > half, 0, whole.time))
    told, same = hindcast(whole, seed=4), hindcast(other, seed=4)
    assert isinstance(told, Hindcast)
    assert isinstance(same, Hindcast)
    assert told.half == 7
    assert (told.predicted == same.predicted).all()
    assert (told.bass_predicted == same.bass_predicted).all()
    assert told.observed[-1] > same.observed[-1]


def test_a_hindcast_of_the_models_own_diffusion_is_inside_its_band() -> None:
    # the last of 9 predicted ends, 20 diffusions, 90 %: fewer than 13 inside with probability 3e-3
    inside, better = 0, 0
    for s in range(20):
        told = hindcast(spread(PEOPLE, TRUE, 18, 50 + s), seed=0, runs=200)
        assert isinstance(told, Hindcast)
        assert (told.low <= told.high).all()
        inside += bool(told.low[-1] <= told.observed[-1] <= told.high[-1])
        better += told.error < told.bass_error
    assert inside >= 13
    assert better >= 10


def test_a_first_half_without_a_diffusion_leaves_the_hindcast_out_and_says_why() -> None:
    late = replace(SMALL, time=np.where(SMALL.time > 0, SMALL.time + 12, 0), periods=24)
    found = calibrate(late, "late")
    assert found.hindcast == "nobody adopted after period 1 in the first half, which ends with period 12"
    assert "note: no hindcast" in console_table(found)
    assert as_json(found, {})["hindcast"] == {"left_out": found.hindcast}


# --- the world ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def calibrated() -> Calibration:
    return calibrate(SMALL, "small")


WITHOUT_PROGRAMME = {
    "society.producers": 1.0,  # producers may adopt in every stage
    "adoption.gamma": 0.0,
    "adoption.p_tr": 0.0,
    "defect.h0": 0.0,
    "crisis.shock_rate": 0.0,
    "resilience.floor": 0.0,
    "programme.T": 12,
}


def world_of(found: Calibration) -> Scenario:
    return Scenario.parse(parse_yaml(scenario_file(found), "made"))


def test_the_world_has_the_datas_persons_communities_and_ties(calibrated: Calibration) -> None:
    world = world_of(calibrated)
    batch = Batch(world, 2)
    batch.reset(seeds(2))
    assert world.society.persons == 60
    assert np.diff(batch.world.start).tolist() == np.bincount(SMALL.community).tolist()
    joined = {(i, j) for i, j in zip(SMALL.ego.tolist(), SMALL.alter.tolist(), strict=True)}
    both_ways = joined | {(j, i) for i, j in joined}
    for b in range(2):  # the communities of SMALL stand in their order, so persons keep their numbers
        ends, others = ties(batch.state, b)
        assert set(zip(ends.tolist(), others.tolist(), strict=True)) == both_ways


def test_persons_are_counted_by_community() -> None:
    community, named = np.array([1, 0] * 5), np.array([[0, 1], [1, 0], [1, 3]])
    mixed = Diffusion(tuple("abcdefghij"), ("x", "y"), community, np.arange(10), 9, *named.T)
    assert mutual_ties(mixed) == [[0, 1], [0, 5]]


def test_a_saved_world_is_the_same_world(calibrated: Calibration, tmp_path: Path) -> None:
    world = world_of(calibrated)
    world.save(tmp_path / "again.yaml")
    again = Scenario.load(tmp_path / "again.yaml")
    assert again == world
    assert again.digest() == world.digest()
    fewer = world.override({"society.ties": world.model_dump()["society"]["ties"][1:]})
    assert fewer.digest() != world.digest()


def test_without_a_programme_the_world_spreads_by_the_fitted_hazards(calibrated: Calibration) -> None:
    # means of 400 and 400 runs at 12 period ends, two-sided z-tests: refused with probability below 1e-3
    world = world_of(calibrated).override(WITHOUT_PROGRAMME)
    batch = Batch(world, 400)
    batch.reset(seeds(400))
    nothing = spend(batch)
    adopted = np.zeros((400, 13))
    for t in range(12):
        batch.step(nothing)
        adopted[:, t + 1] = batch.state.adopted.sum(axis=1)
    both = np.concatenate([np.c_[SMALL.ego, SMALL.alter], np.c_[SMALL.alter, SMALL.ego]])
    ego, alter = np.unique(both, axis=0).T
    mutual = Diffusion(SMALL.ids, SMALL.places, SMALL.community, SMALL.time, 12, ego, alter)
    at = Coefficients(calibrated.fit.full.coefficients.p, calibrated.q, 0.0)
    ours = simulate(mutual, np.tile(at, (400, 1)), np.zeros(60, bool), 12, np.random.default_rng(0)).sum(
        axis=2
    )
    error = np.sqrt((ours.var(axis=0) + adopted.var(axis=0)) / 400)[1:]
    assert (np.abs(ours.mean(axis=0) - adopted.mean(axis=0))[1:] < 4.1 * error).all()
    assert adopted.mean(axis=0)[-1] > 20


def test_money_and_decisions_still_matter_in_the_world(calibrated: Calibration) -> None:
    batch = Batch(world_of(calibrated), 100)
    returns = []
    for functions in ({}, {"scenarios": 1.0, "governance": 1.0, "enablement": 1.0, "resilience": 1.0}):
        batch.reset(seeds(100))
        total = np.zeros(100)
        for _ in range(60):
            batch.step(spend(batch, functions, advance=True))
            total += batch.state.quarter["reward"]
        returns.append(total.mean())
    assert returns[1] > returns[0] + 0.1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"society.ties": [[0, 1], [1, 0]]}, r"ties\[1\] is \[1, 0\], which is listed before"),
        ({"society.ties": [[3, 3]]}, r"ties\[0\] is \[3, 3\]; a tie joins two persons"),
        ({"society.ties": [[0, 60]]}, r"ties\[0\] is \[0, 60\]; allowed are persons 0 to 59"),
        ({"society.ties": [[-1, 2]]}, r"ties\[0\] is \[-1, 2\]; allowed are persons 0 to 59"),
        ({"society.persons": 61}, "must be whole numbers of persons that sum to persons; they sum to 60"),
        ({"society.network": "planted"}, "ties are listed but network is 'planted'"),
        ({"society.ties": [[0, 1.5]]}, r"society.ties.0.1 is 1.5"),
    ],
)
def test_a_listed_network_that_cannot_be_is_refused(
    calibrated: Calibration, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ScenarioError, match=words):
        world_of(calibrated).override(changes)


@needs_data
def test_the_farmers_villages_become_a_world() -> None:
    found = calibrate(reference("brfarmers"), "brfarmers")
    world = world_of(found)
    assert world.society.persons == 692
    assert len(world.society.listed()) == 11
    assert len(world.society.ties) == 1717
    assert world.adoption.q == pytest.approx(0.0693 + 0.2236, abs=1e-3)
    batch = Batch(world, 2)
    low, high = batch.layout.bounds()
    for observation in (batch.reset(seeds(2)), batch.step(spend(batch, {"governance": 1.0}))):
        assert ((observation >= low) & (observation <= high)).all()
    degree = np.diff(batch.state.offsets[0])
    assert degree.sum() == 2 * 1717
    assert (degree == 0).sum() == 36


# --- the script --------------------------------------------------------------------------------------------


def script(name: str, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / name), *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("calibrate", ROOT / "scripts" / "calibrate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with data and what the script made of them, and what it printed."""
    folder = tmp_path_factory.mktemp("calibrate")
    persons, edges = write(folder, SMALL)
    done = script("calibrate.py", "--persons", persons, "--edges", edges, "--name", "small", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_the_script_prints_a_table_and_leaves_every_file(made: tuple[Path, str]) -> None:
    folder, printed = made
    for words in (
        "q_community",
        "likelihood-ratio test",
        "hindcast",
        "Bass curve",
        "calibrations/small/scenario.yaml",
    ):
        assert words in printed
    assert max(map(len, printed.splitlines())) <= 110
    left = {path.name for path in (folder / "calibrations" / "small").iterdir()}
    assert left == {"calibration.json", "scenario.yaml", "hindcast.png", "profiles.png", "communities.png"}


def test_json_prints_the_content_of_the_file_and_a_name_that_is_taken_gets_a_number(
    made: tuple[Path, str],
) -> None:
    folder, _ = made
    files = ("--persons", "persons.csv", "--edges", "edges.csv")
    done = script("calibrate.py", *files, "--name", "small", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    written = (folder / "calibrations" / "small-2" / "calibration.json").read_text()
    assert done.stdout == written
    assert written == (folder / "calibrations" / "small" / "calibration.json").read_text()
    found = json.loads(written)
    for name in ("log_likelihood", "p", "q_peers", "q_community", "lr_peers", "lr_community"):
        assert isinstance(found[name], float)
    assert found["log_likelihood"] == found["models"]["full"]["log_likelihood"]
    assert found["lr_peers"] == found["tests"]["peers"]["likelihood_ratio"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--out", "."), "exists already"),
        (("--persons", "nowhere.csv"), "nowhere.csv: cannot be read"),
        (("--periods", "3"), "allowed are whole numbers from 1 to 3 with --periods"),
        (("--name", "a/b"), "--name is 'a/b'; allowed"),
        (("--seed", "-1"), "--seed is -1; allowed"),
    ],
)
def test_the_script_refuses_in_one_line_with_exit_status_2(
    made: tuple[Path, str],
    arguments: tuple[str, str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, _ = made
    before = sorted(p.name for p in folder.iterdir())
    monkeypatch.chdir(folder)
    files = ("--persons", "persons.csv", "--edges", "edges.csv")
    monkeypatch.setattr(sys, "argv", ["calibrate.py", *files, *arguments])
    module = load_script()
    try:
        status = guarded(module.main)
    except SystemExit as left:  # argparse leaves by itself
        assert isinstance(left.code, int)
        status = left.code
    assert status == 2
    said = capsys.readouterr()
    assert words in said.err.strip().splitlines()[-1]
    assert said.out == ""
    assert sorted(p.name for p in folder.iterdir()) == before


def test_training_takes_the_scenario_that_the_script_made(made: tuple[Path, str]) -> None:
    folder, _ = made
    done = script(
        "train.py", "--config", ROOT / "configs" / "smoke.yaml", "--out", "run",
        "scenario=calibrations/small/scenario.yaml", "training.seeds=[0]", "training.steps=400",
        "training.selections=1", "training.selection_episodes=2", "training.ppo.envs=8",
        "comparison.allocators=[flat]", "comparison.episodes=2", cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    saved = Scenario.load(folder / "run" / "scenario.yaml")
    assert saved == Scenario.load(folder / "calibrations" / "small" / "scenario.yaml")


@needs_data
@pytest.mark.slow
def test_the_smoke_experiment_runs_in_the_farmers_villages(tmp_path: Path) -> None:
    files = ("--persons", DATA / "brfarmers" / "persons.csv", "--edges", DATA / "brfarmers" / "edges.csv")
    done = script("calibrate.py", *files, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    config = ("--config", ROOT / "configs" / "smoke.yaml")
    world = "scenario=calibrations/brfarmers/scenario.yaml"
    done = script("train.py", *config, "--out", "run", world, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
