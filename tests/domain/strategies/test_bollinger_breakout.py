"""Bollinger breakout, nine bars by hand."""

import re
from typing import Any

import numpy as np
import pytest

from domain.errors import InvalidRequest
from domain.strategies import registry
from domain.strategies.bollinger_breakout import BollingerBreakout
from tests.domain.engine.building import assert_account, assert_fills, bars, run

OPENS = [10, 10, 10, 10, 12, 15, 14, 12, 11]
CLOSES = [10, 10, 13, 13, 14, 12, 12, 12, 15]


def test_bands_over_three_bars() -> None:
    # Two equal closes and a higher third stand √2 = 1.41 deviations above their mean, whatever the
    # distance. From bar 2 on: 1.41 (in), 0.71, 1.41 (in), -1.22 (below the mean: out),
    # -0.71, no deviation, 1.41 (in, too late to fill).
    outcome = run(
        [bars("A", OPENS, CLOSES)], "bollinger_breakout", {"period": 3, "deviations": 1.4}
    )
    # Bar 2: 1000 / 13 shares, at bar 3's open of 10. Bar 5 sells, at bar 6's open of 14.
    quantity = 1000 / 13
    cash = 1000 - quantity * 10
    assert_fills(outcome, (3, "A", "buy", quantity, 10, 0), (6, "A", "sell", quantity, 14, 0))
    assert_account(
        outcome,
        *[(1000, 0)] * 3,
        (cash, quantity * 13),
        (cash, quantity * 14),
        (cash, quantity * 12),
        *[(cash + quantity * 14, 0)] * 3,
    )


def test_nothing_is_said_until_warm_and_between_band_and_mean() -> None:
    strategy = BollingerBreakout(period=3, deviations=1.4, position_size=0.5)
    hold = np.nan
    expected = [hold, hold, 0.25, hold, 0.25, 0, 0, hold, 0.25]
    np.testing.assert_array_equal(strategy.targets(bars("A", OPENS, CLOSES), 2), expected)


def test_prices_that_stand_still_break_out_of_nothing() -> None:
    still = [0.1 + 0.2] * 40
    assert np.isnan(BollingerBreakout().targets(bars("A", still, still), 1)).all()


@pytest.mark.parametrize(
    ("params", "farthest"),
    [({"period": 5}, 2.0), ({"period": 2, "deviations": 1.0}, 1.0), ({"deviations": 4.4}, 4.359)],
)
def test_a_band_that_no_close_can_reach_is_refused(params: dict[str, Any], farthest: float) -> None:
    with pytest.raises(InvalidRequest, match=re.escape(f"must be below {farthest:.4g}")):
        registry.create("bollinger_breakout", params)


@pytest.mark.parametrize("period", [3, 20, 100])
def test_the_bound_is_where_the_farthest_close_stands(period: int) -> None:
    closes = [10.0] * (period - 1) + [11.0]
    farthest = (period - 1) ** 0.5
    for deviations, weight in ((farthest - 1e-6, 1.0), (farthest - 1e-12, np.nan)):
        strategy = BollingerBreakout(period=period, deviations=deviations)
        weights = strategy.targets(bars("A", closes, closes), 1)
        np.testing.assert_array_equal(weights, [np.nan] * (period - 1) + [weight])
