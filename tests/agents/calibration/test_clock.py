"""Periods of a diffusion, from numbers and from times of the calendar."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from juguo_agents.calibration.clock import Clock
from juguo_agents.calibration.table import DataError
from juguo_envs.worlds.scenario import STEPS_A_YEAR

DAYS = st.dates(date(1500, 1, 1), date(2500, 1, 1))


@pytest.mark.parametrize(
    ("start", "step", "named", "times"),
    [
        (None, None, "period", {"1": 1, "12": 12, "3.0": 3, "0": 0, "007": 7}),
        (None, "month", "month", {"1": 1, "17": 17}),
        ("0", None, "period", {"0": 1, "4.00": 5}),
        ("101", "week", "week", {"101": 1, "110": 10}),
        (
            "1946",
            None,
            "year",
            {"1946": 1, "1948.0": 3, "1945": 0, "1950-12-31": 5, "1947-Q3": 2, "1947-01": 2},
        ),
        ("1946-07-01", "year", "year", {"1946": 1, "1947-01-01": 2}),
        (
            "1953-Q4",
            None,
            "quarter",
            {"1953Q4": 1, "1954 q1": 2, "1953-12-31": 1, "1954-02": 2, "1953-09": 0},
        ),
        ("1953-11", None, "month", {"1953-11": 1, "1954/1": 3, "1954-1-31": 3, "1953-10-31": 0}),
        ("1953-11-02", "month", "month", {"1953-11-01": 1, "1953.12.24": 2, "1953-12-24 10:30:00": 2}),
        ("1953-11-02", "week", "week", {"1953-11-08": 1, "1953-11-09": 2, "1953-W46": 2, "1953-11-01": 0}),
        ("1953-W45", None, "week", {"1953-11-02": 1, "1953W46": 2, "1953-11-08T23:59:59Z": 1}),
    ],
)
def test_times_become_periods(start: str | None, step: Any, named: str, times: dict[str, int]) -> None:
    clock = Clock(start, step)
    assert clock.step == named
    assert {text: clock.period(text) for text in times} == times


@pytest.mark.parametrize(
    ("start", "step", "texts"),
    [
        (None, None, ["", "-1", "1.5", "1e3", "+3", "３", "inf", "1948-05", "NA", "9" * 30]),
        ("1946", None, ["3", "46", "1946.5", "1946-13", "1946-02-30", "03/04/1946", "19460503", "1946-W10"]),
        ("1953-Q4", None, ["1953", "1953-Q5", "4", "1953-W45"]),
        ("1953-11", None, ["1953", "1953-Q4", "11", "Nov 1953", "1953.11"]),
        ("1953-W45", None, ["1953-11", "1953", "1953-W60", "45"]),
    ],
)
def test_what_is_no_such_time_has_no_period(start: str | None, step: Any, texts: list[str]) -> None:
    clock = Clock(start, step)
    assert [text for text in texts if clock.period(text) is not None] == []
    assert clock.allowed.startswith("allowed are ")


@pytest.mark.parametrize(
    ("start", "step", "words"),
    [
        ("yesterday", None, "--start is 'yesterday'; allowed are a number and times such as 1946"),
        ("1946-02-30", None, "--start is '1946-02-30'; allowed"),
        ("1953-11-02", None, "a date; say too how long a period is: --step year|quarter|month|week"),
        ("1946", "month", "--start is 1946 and --step month; allowed are starts such as 1953-11"),
        ("1953-11", "week", "--start is 1953-11 and --step week; allowed are starts such as 1953-11-02"),
        ("1953-W45", "month", "allowed are starts such as 1953-11"),
    ],
)
def test_a_start_that_does_not_tell_the_first_period_is_refused(start: str, step: Any, words: str) -> None:
    with pytest.raises(DataError) as refusal:
        Clock(start, step)
    assert words in str(refusal.value)


@given(start=DAYS, day=DAYS, step=st.sampled_from([*STEPS_A_YEAR]))
def test_every_day_lies_in_one_period_and_periods_follow_each_other(
    start: date, day: date, step: Any
) -> None:
    clock = Clock(start.isoformat(), step)
    assert clock.period(start.isoformat()) == 1
    period, next_day = clock.period(day.isoformat()), clock.period((day + timedelta(days=1)).isoformat())
    assert period is not None
    assert next_day in (period, period + 1)
    days = (day - start).days
    length = {"year": 366, "quarter": 92, "month": 31, "week": 7}[step]
    assert days / length - 1 <= period - 1 <= days / (length * 0.9) + 2 or days < 0
