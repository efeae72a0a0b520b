"""Buy and hold, ten bars by hand."""

import pytest

from tests.domain.engine.building import assert_account, assert_fills, bars, run

OPENS = [10, 11, 12, 13, 12, 11, 10, 12, 14, 15]
CLOSES = [10, 12, 11, 14, 12, 10, 11, 13, 15, 16]


def test_half_the_account_with_slippage_and_commission() -> None:
    # Bar 0 closes at 10: half of 1000 is 50 shares. They fill at bar 1's open, 11, moved up by
    # 100 bps to 11.11, for a commission of 50 bps.
    outcome = run(
        [bars("A", OPENS, CLOSES)],
        "buy_and_hold",
        {"position_size": 0.5},
        slippage_bps=100,
        commission_bps=50,
    )
    paid = 50 * 11.11
    commission = 0.005 * paid
    assert commission == pytest.approx(2.7775)
    assert_fills(outcome, (1, "A", "buy", 50, 11.11, commission))
    cash = 1000 - 555.5 - 2.7775
    assert_account(
        outcome,
        (1000, 0),
        (cash, 50 * 12),
        (cash, 50 * 11),
        (cash, 50 * 14),
        (cash, 50 * 12),
        (cash, 50 * 10),
        (cash, 50 * 11),
        (cash, 50 * 13),
        (cash, 50 * 15),
        (cash, 50 * 16),
    )
    assert outcome.table("fills")["slippage"].to_list() == [pytest.approx(50 * 0.11)]


def test_two_symbols_get_half_each_at_their_own_second_bar() -> None:
    # A: 500 / 10 = 50 shares at 11. B starts two bars later: equity at bar 2 is 1000 - 550 + 550,
    # so 500 / 5 = 100 shares, but cash is 450 and they open at 5: 90 shares.
    late = bars("B", [4, 5, 6], [5, 5, 7], at=[2, 3, 4])
    outcome = run([bars("A", OPENS[:5], CLOSES[:5]), late], "buy_and_hold")
    assert_fills(outcome, (1, "A", "buy", 50, 11, 0), (3, "B", "buy", 90, 5, 0))
    assert_account(
        outcome,
        (1000, 0),
        (450, 50 * 12),
        (450, 50 * 11),
        (0, 50 * 14 + 90 * 5),
        (0, 50 * 12 + 90 * 7),
    )
