"""Momentum, ten bars by hand."""

from tests.domain.engine.building import assert_account, assert_fills, bars, run

OPENS = [10, 10, 10, 11, 10, 12, 14, 13, 16, 14]
CLOSES = [10, 10, 10, 12, 12, 13, 13, 15, 14, 14]


def test_a_return_of_more_than_ten_percent_over_two_bars() -> None:
    # Returns from bar 2 on, percent: 0, 20 (in), 20, 8.3 (out), 8.3, 15.4 (in), 7.7 (out), -6.7.
    outcome = run([bars("A", OPENS, CLOSES)], "momentum", {"lookback": 2, "threshold": 0.1})
    # Bar 3: 1000 / 12 shares, at bar 4's open of 10. Bar 5 sells, at bar 6's open of 14.
    first = 1000 / 12
    cash = 1000 - first * 10
    richer = cash + first * 14
    # Bar 7: richer / 15 shares, but bar 8 opens at 16: as many as the cash pays for.
    second = richer / 16
    assert_fills(
        outcome,
        (4, "A", "buy", first, 10, 0),
        (6, "A", "sell", first, 14, 0),
        (8, "A", "buy", second, 16, 0),
        (9, "A", "sell", second, 14, 0),
    )
    assert_account(
        outcome,
        (1000, 0),
        (1000, 0),
        (1000, 0),
        (1000, 0),
        (cash, first * 12),
        (cash, first * 13),
        (richer, 0),
        (richer, 0),
        (0, second * 14),
        (second * 14, 0),
    )


def test_a_return_of_exactly_the_threshold_is_not_above_it() -> None:
    assert 1.0 + (3.45 / 3.0 - 1.0) > 1.15  # by rounding alone
    outcome = run([bars("A", [3, 3.45], [3, 3.45])], "momentum", {"lookback": 1, "threshold": 0.15})
    assert outcome.orders == []
