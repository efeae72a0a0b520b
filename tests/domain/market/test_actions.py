"""Corporate actions: which rows they fall on, and what they make of a share."""

import numpy as np
import polars as pl
import pytest

from domain.market.actions import Actions
from domain.market.bars import Bars, Times
from domain.market.dividend_check import excessive_dividends
from domain.market.resolution import MICROSECONDS_PER_DAY, Resolution
from domain.market.sessions import session_days
from domain.market.split_check import unseen_splits
from domain.market.validation import InvalidActions, validate_actions

# On day 2 two for one with half a dividend, on day 5 a dividend, on day 9 three for one.
ACTIONS = Actions(
    "AAPL",
    np.array([2, 5, 9]) * MICROSECONDS_PER_DAY,
    np.array([2.0, 1.0, 3.0]),
    np.array([0.5, 1.0, 0.0]),
)


def days(*numbers: int) -> Times:
    return np.array(numbers, dtype=np.int64)


def bars_with(opens: list[float], closes: list[float]) -> Bars:
    first, last = np.array(opens), np.array(closes)
    high, low = np.maximum(first, last), np.minimum(first, last)
    timestamp = np.arange(len(opens)) * MICROSECONDS_PER_DAY
    return Bars("AAPL", timestamp, first, high, low, last, np.ones(len(opens)))


def test_an_action_falls_on_the_first_row_of_its_ex_date_or_later() -> None:
    assert ACTIONS.rows(days(0, 1, 3, 3, 5, 5, 6)).tolist() == [2, 4, 7]


def test_intraday_an_ex_date_begins_at_local_midnight() -> None:
    split = Actions("AAPL", np.array([18_505 * MICROSECONDS_PER_DAY]), np.array([4.0]), np.zeros(1))
    moments = ["2020-08-28T19:59", "2020-08-31T00:30", "2020-08-31T08:00", "2020-08-31T13:30"]
    timestamp = np.array(moments, dtype="M8[us]").astype(np.int64)
    sessions = session_days(timestamp, Resolution.MINUTE, "America/New_York")
    # 00:30 UTC is still the evening of the 30th in New York.
    assert split.rows(sessions).tolist() == [2]
    assert split.shares(sessions).tolist() == [1.0, 1.0, 4.0, 4.0]


def test_only_what_finds_something_held_and_something_to_come_is_effective() -> None:
    assert len(ACTIONS.effective(days(1, 9))) == 3
    assert ACTIONS.effective(days(2, 8)).timestamp.tolist() == [5 * MICROSECONDS_PER_DAY]
    assert len(ACTIONS.effective(days(20, 30))) == 0


def test_shares_are_the_product_of_the_splits_so_far() -> None:
    assert ACTIONS.shares(days(0, 1, 2, 5, 8, 9, 10)).tolist() == [1, 1, 2, 2, 2, 6, 6]
    assert Actions.none("AAPL").shares(days(0, 1)).tolist() == [1, 1]


def test_no_row_depends_on_a_split_after_it() -> None:
    upto = Actions("AAPL", ACTIONS.timestamp[:1], ACTIONS.split[:1], ACTIONS.dividend[:1])
    early = days(0, 1, 2, 4)
    assert upto.shares(early).tolist() == ACTIONS.shares(early).tolist()


def test_a_share_held_is_worth_its_splits_and_its_dividends() -> None:
    close = np.array([10.0, 5.0, 6.0, 6.0, 2.0])
    # 0.5 on one share before the split of day 2, 1.0 on each of two shares on day 5.
    expected = [10.0, 2 * 5 + 0.5, 2 * 6 + 2.5, 2 * 6 + 2.5, 6 * 2 + 2.5]
    assert ACTIONS.value(days(1, 2, 5, 6, 9), close).tolist() == expected


def test_a_frame_and_back_is_the_same() -> None:
    again = Actions.from_frame("AAPL", ACTIONS.frame())
    assert again.sha256() == ACTIONS.sha256()
    assert ACTIONS.frame().schema["timestamp"] == pl.Datetime("us", "UTC")


@pytest.mark.parametrize("name", ["timestamp", "split", "dividend"])
def test_the_fingerprint_changes_with_any_column_and_none_can_be_written(name: str) -> None:
    changed = {each: getattr(ACTIONS, each).copy() for each in ("timestamp", "split", "dividend")}
    changed[name][1] += 1
    assert Actions("AAPL", **changed).sha256() != ACTIONS.sha256()
    with pytest.raises(ValueError, match="read-only"):
        getattr(ACTIONS, name)[0] = 1


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("split", np.nan, "row 2: split must be finite; found split nan"),
        ("dividend", np.inf, "row 2: dividend must be finite; found dividend inf"),
        ("split", 0.0, "row 2: split must be above 0; found split 0.0"),
        ("split", 1e9, "row 2: split must be from 1/1,000,000 to 1,000,000; found split 1"),
        ("dividend", -0.1, "row 2: dividend must be at least 0; found dividend -0.1"),
        ("dividend", 2e9, "row 2: dividend must be at most 1,000,000,000; found dividend 2"),
        ("timestamp", 1, "row 2: dates must be midnight UTC; found 1970-01-01"),
        ("timestamp", 2 * MICROSECONDS_PER_DAY,
         "row 2: dates must increase, a row for each; found 1970-01-03"),
    ],
)  # fmt: skip
def test_a_broken_rule_is_named(column: str, value: float, message: str) -> None:
    columns = {each: getattr(ACTIONS, each).copy() for each in ("timestamp", "split", "dividend")}
    columns[column][1] = value
    with pytest.raises(InvalidActions, match=message):
        validate_actions(Actions("AAPL", **columns))


def test_no_actions_are_not_valid_actions() -> None:
    validate_actions(ACTIONS)
    with pytest.raises(InvalidActions, match="at least one action"):
        validate_actions(Actions.none("AAPL"))


def test_a_split_that_the_prices_do_not_show_is_found() -> None:
    split = Actions("AAPL", np.array([2]) * MICROSECONDS_PER_DAY, np.array([2.0]), np.array([0.0]))
    sessions = days(0, 1, 2, 3)
    raw = bars_with([100.0, 102.0, 50.0, 51.0], [101.0, 100.0, 51.0, 52.0])
    adjusted = bars_with([50.0, 51.0, 50.0, 51.0], [50.5, 50.0, 51.0, 52.0])
    crash = bars_with([50.0, 51.0, 30.0, 31.0], [50.5, 50.0, 30.0, 31.0])
    assert list(unseen_splits(split, raw, sessions)) == []
    assert list(unseen_splits(split, adjusted, sessions)) == [0]
    assert list(unseen_splits(split, crash, sessions)) == [], "nearer to half than to whole"


def test_small_splits_and_dividends_are_not_judged() -> None:
    small = Actions("AAPL", ACTIONS.timestamp[:1], np.array([1.1]), np.array([0.0]))
    flat = bars_with([50.0] * 4, [50.0] * 4)
    assert list(unseen_splits(small, flat, days(0, 1, 2, 3))) == []


@pytest.mark.parametrize(("dividend", "found"), [(99.0, []), (100.0, []), (100.5, [0])])
def test_a_dividend_of_more_than_the_close_before_it_is_found(
    dividend: float, found: list[int]
) -> None:
    paid = Actions("AAPL", np.array([2]) * MICROSECONDS_PER_DAY, np.ones(1), np.array([dividend]))
    bars = bars_with([100.0] * 4, [101.0, 100.0, 500.0, 500.0])
    assert list(excessive_dividends(paid, bars, days(0, 1, 2, 3))) == found


@pytest.mark.parametrize(("dividend", "found"), [(49.0, []), (51.0, [1])])
def test_a_split_since_that_close_counts(dividend: float, found: list[int]) -> None:
    # No bar on day 2, when 100 became 50.
    midnights = np.array([2, 3]) * MICROSECONDS_PER_DAY
    both = Actions("AAPL", midnights, np.array([2.0, 1.0]), np.array([0.0, dividend]))
    bars = bars_with([100.0] * 3, [100.0] * 3)
    assert list(excessive_dividends(both, bars, days(0, 1, 3))) == found
