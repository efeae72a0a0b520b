"""Relative strength, ten bars by hand."""

from tests.domain.engine.building import assert_account, assert_fills, assert_orders, bars, run

OPENS = [10, 10, 11, 10, 8, 8, 11, 12, 13, 11]
CLOSES = [10, 11, 10, 9, 8, 10, 12, 13, 11, 10]


def test_an_index_over_two_bars() -> None:
    # Average gain and loss: (0.5, 0.5) at bar 2; then half the old plus half the change:
    # bar 3 (0.25, 0.75) RSI 25 (in), bar 4 12.5, bar 5 (1.0625, 0.4375) RSI 70.8 (out), bar 6 87.5,
    # bar 7 92, bar 8 37.5, bar 9 23.5 (in, too late to fill).
    outcome = run([bars("A", OPENS, CLOSES)], "rsi", {"period": 2})
    # Bar 3: 1000 / 9 shares, at bar 4's open of 8. Bar 5 sells, at bar 6's open of 11.
    quantity = 1000 / 9
    cash = 1000 - quantity * 8
    richer = cash + quantity * 11
    assert_fills(outcome, (4, "A", "buy", quantity, 8, 0), (6, "A", "sell", quantity, 11, 0))
    assert_account(
        outcome,
        (1000, 0),
        (1000, 0),
        (1000, 0),
        (1000, 0),
        (cash, quantity * 8),
        (cash, quantity * 10),
        (richer, 0),
        (richer, 0),
        (richer, 0),
        (richer, 0),
    )
    assert_orders(
        outcome,
        (3, 1, "buy", "submitted", quantity, None),
        (4, 1, "buy", "filled", quantity, None),
        (5, 2, "sell", "submitted", quantity, None),
        (6, 2, "sell", "filled", quantity, None),
        (9, 3, "buy", "submitted", richer / 10, None),
        (9, 3, "buy", "expired", richer / 10, "end_of_data"),
    )
