"""Returns by month and year: by hand, and those of pandas over daily marks."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from domain.analysis.calendar_returns import calendar_returns


def days(*dates: str) -> np.ndarray:
    return np.array([(date.fromisoformat(day) - date(1970, 1, 1)).days for day in dates])


JANUARY_TO_MARCH = days("2019-12-30", "2019-12-31", "2020-01-15", "2020-01-31", "2020-03-02")


def test_months_and_years_by_hand() -> None:
    marks = np.array([101.0, 110.0, 99.0, 121.0, 60.5])
    months = calendar_returns("month", JANUARY_TO_MARCH, marks, None, 100.0)
    assert months["month"].to_list() == ["2019-12", "2020-01", "2020-03"]
    assert months["return"].to_list() == pytest.approx([10.0, 10.0, -50.0])
    assert months.columns == ["month", "return"]
    years = calendar_returns("year", JANUARY_TO_MARCH, marks, None, 100.0)
    assert years["year"].to_list() == ["2019", "2020"]
    assert years["return"].to_list() == pytest.approx([10.0, -45.0])


def test_a_benchmark_counts_from_its_first_mark() -> None:
    benchmark = np.array([np.nan, np.nan, 100.0, 120.0, 90.0])
    marks = np.full(5, 100.0)
    months = calendar_returns("month", JANUARY_TO_MARCH, marks, benchmark, 100.0)
    assert months["benchmark_return"].to_list() == [None, pytest.approx(20), pytest.approx(-25)]


def test_after_all_is_lost_there_is_no_return() -> None:
    months = calendar_returns(
        "month", days("2020-01-31", "2020-02-28"), np.array([0.0, 5.0]), None, 100.0
    )
    assert months["return"].to_list() == [-100.0, None]


@pytest.mark.parametrize(("unit", "frequency"), [("month", "ME"), ("year", "YE")])
def test_they_are_those_of_pandas(unit: str, frequency: str) -> None:
    dates = pd.bdate_range("2015-03-11", "2019-11-05")
    marks = 100 * np.cumprod(1 + np.random.default_rng(2).normal(0, 0.01, len(dates)))
    numbers = (dates - pd.Timestamp(0)).days.to_numpy().astype(np.int64)
    found = calendar_returns(unit, numbers, marks, None, 100.0)  # type: ignore[arg-type]
    last = pd.Series(marks, dates).resample(frequency).last()
    expected = last / last.shift(fill_value=100.0) - 1
    np.testing.assert_allclose(found["return"].to_numpy(), 100 * expected, rtol=1e-9, atol=1e-12)
