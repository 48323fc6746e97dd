"""Calibration on files as people have them, and on inputs that were tried on it, where they are at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from juguo_agents.calibration.data import Diffusion
from juguo_agents.calibration.fit import fit
from juguo_agents.calibration.form import Form, read_columns
from juguo_agents.calibration.likelihood import exposure
from juguo_agents.calibration.people import LATE, LEFT_OUT
from juguo_agents.calibration.survey import read_diffusion
from juguo_agents.calibration.ties import AGAIN, ELSEWHERE, UNSURVEYED
from juguo_envs.errors import UserError
from tests.agents.calibration.support import DATA, needs_data, reference

WIDE = DATA / "wide"
CASES = DATA.parent / "cases"
CITIES = {"columns": read_columns("community=city,time=toa"), "periods": 17}
REFUSED = {
    "NA-comm", "NA-id", "all-1", "alter-case", "alter-nbsp", "alter-zwsp", "comm-41",
    "comm-innerspace", "comment", "edges-all-unsurveyed", "edges-unknown-ego", "empty",
    "header-twice", "id-dup", "id-dup-zero", "id-dup-zwsp", "ls-comm", "newline-in-id", "no-header",
    "nobody", "nul", "quote-open", "ragged", "ragged-more", "time-+3", "time-1001", "time-1e2",
    "time-3.5", "time-fullwidth", "time-huge", "time-inf", "time-neg",
}  # fmt: skip
"""Cases that are refused by what stands in the files; the others are read."""


def city(**options: Any) -> Diffusion:
    return read_diffusion(
        WIDE / "medInnovations_wide.csv", None, Form(wide="net1_1..net3_3", **CITIES, **options)
    )


@needs_data
def test_a_survey_as_it_was_exported_has_the_likelihood_of_its_tidy_files() -> None:
    found, tidy = city(), reference("medInnovations")
    assert [
        f"{c}{int(i):03}" for i, c in zip(found.ids, np.take(found.places, found.community), strict=True)
    ] == [*tidy.ids]
    for name in ("community", "time"):
        assert np.array_equal(getattr(found, name), getattr(tidy, name))
    assert sorted(zip(found.ego, found.alter, strict=True)) == sorted(zip(tidy.ego, tidy.alter, strict=True))
    assert found.reasons() == {LATE: 16, UNSURVEYED: 252, AGAIN: 156, ELSEWHERE: 210}
    estimated, same = fit(exposure(found)), fit(exposure(tidy))
    likelihoods = [
        getattr(estimated, name).log_likelihood for name in ("external", "peers", "community", "full")
    ]
    assert likelihoods == pytest.approx([-342.20, -341.96, -341.77, -341.77], abs=0.005)
    assert estimated.full.log_likelihood == pytest.approx(same.full.log_likelihood, abs=1e-9)


@needs_data
def test_a_matrix_of_one_city_has_the_ties_of_the_survey() -> None:
    form = Form(**CITIES, only=("1",))
    matrix = read_diffusion(
        WIDE / "medInnovations_wide.csv", WIDE / "medInnovations_city1_adjacency.csv", form
    )
    wide = city(only=("1.0",))
    assert matrix.ids == wide.ids
    assert sorted(zip(matrix.ego, matrix.alter, strict=True)) == sorted(
        zip(wide.ego, wide.alter, strict=True)
    )
    assert matrix.reasons()[LEFT_OUT] == wide.reasons()[LEFT_OUT] == 63


@needs_data
def test_each_odd_row_of_the_made_up_survey_is_told() -> None:
    columns = read_columns("community=group,time=toa")
    found = read_diffusion(WIDE / "fakesurvey.csv", None, Form(columns=columns, wide="net1..net3"))
    assert (len(found), len(found.ego), int((found.time == 0).sum())) == (9, 10, 1)
    assert [d[1:] for d in found.dropped] == [
        (5, "net1", "6", UNSURVEYED),
        (6, "net2", "4", AGAIN),
        (7, "net1", "3", ELSEWHERE),
        (7, "net2", "4", ELSEWHERE),
        (7, "net3", "8", UNSURVEYED),
        (8, "net1", "3", ELSEWHERE),
    ]
    assert "ids unique within a community only" in found.sources[0].holds


@needs_data
def test_years_of_the_farmers_are_their_periods() -> None:
    form = Form(columns={"time": "toa_raw"}, start="1946", periods=19)
    years = read_diffusion(DATA / "brfarmers" / "persons.csv", DATA / "brfarmers" / "edges.csv", form)
    tidy = reference("brfarmers")
    assert np.array_equal(years.time, tidy.time)
    assert (years.step, years.start, years.periods) == ("year", "1946", tidy.periods)
    assert years.reasons() == {LATE: 152}


@pytest.mark.skipif(not CASES.is_dir(), reason=f"no cases in {CASES}")
def test_every_case_is_read_or_refused_in_one_line() -> None:
    odd = {}
    for persons in sorted(CASES.glob("csv-*-persons.csv")):
        name = persons.name.removeprefix("csv-").removesuffix("-persons.csv")
        try:
            read_diffusion(persons, Path(str(persons).replace("-persons.csv", "-edges.csv")))
            said = ""
        except UserError as error:
            said = str(error)
            assert "\n" not in said
        if bool(said) != (name in REFUSED):
            odd[name] = said
    assert odd == {}
