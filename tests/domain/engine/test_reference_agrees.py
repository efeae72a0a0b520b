"""The compiled kernel and the naive simulator say the same of any case."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given

from domain.market.resolution import MICROSECONDS_PER_DAY
from tests.domain.engine.building import MONDAY
from tests.domain.engine.cases import CAPITAL, Case, cases, eventful_cases
from tests.domain.engine.reference import Action, Bar, Reference


def monday_of(time: int) -> int:
    return (time - MONDAY) // (7 * MICROSECONDS_PER_DAY)


def month_of(time: int) -> int:
    date = datetime.fromtimestamp(time / 1e6, UTC)
    return 12 * date.year + date.month


PERIODS = {
    "on_change": lambda time: 0,
    "daily": lambda time: time // MICROSECONDS_PER_DAY,
    "weekly": monday_of,
    "monthly": month_of,
}


def reference(case: Case) -> Reference:
    market = {
        each.symbol: {
            int(time): Bar(float(opened), float(closed), float(volume), target)
            for time, opened, closed, volume, target in zip(
                each.timestamp, each.open, each.close, each.volume, weights, strict=True
            )
        }
        for each, weights in zip(case.data, case.weights, strict=True)
    }
    period_of = PERIODS[case.rebalance]
    due = [
        Action(int(at), each.symbol, float(split), float(dividend))
        for each in case.actions
        for at, split, dividend in zip(each.timestamp, each.split, each.dividend, strict=True)
    ]
    return Reference(market, CAPITAL, case.settings, MICROSECONDS_PER_DAY, period_of, due)


def assert_agreed(case: Case, tolerance: float) -> None:
    expected, outcome = reference(case), case.run()
    assert [row[0] for row in expected.rows] == outcome.moments
    assert [(outcome.moments[bar], symbol, side) for bar, symbol, side, *_ in outcome.fills] == [
        (fill.at, fill.symbol, "buy" if fill.quantity > 0 else "sell") for fill in expected.fills
    ]
    for fill, right in zip(outcome.fills, expected.fills, strict=True):
        numbers = (abs(right.quantity), right.price, right.commission)
        assert fill[3:] == pytest.approx(numbers, rel=tolerance)
    rows = [row[1:] for row in expected.rows]
    np.testing.assert_allclose(outcome.account, rows, rtol=tolerance, atol=tolerance * CAPITAL)


@given(cases())
def test_fills_and_equity_of_a_cash_account_agree_to_1e_12(case: Case) -> None:
    assert_agreed(case, 1e-12)


@given(eventful_cases())
def test_any_account_with_splits_and_dividends_agrees_to_1e_9(case: Case) -> None:
    assert_agreed(case, 1e-9)
