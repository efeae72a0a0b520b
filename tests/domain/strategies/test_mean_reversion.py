"""Mean reversion, ten bars by hand."""

from tests.domain.engine.building import assert_account, assert_fills, bars, run

OPENS = [10, 10, 10, 8, 7, 10, 9, 6, 5, 10]
CLOSES = [10, 10, 7, 7, 9, 9, 6, 5, 8, 8]


def test_scores_over_three_bars() -> None:
    # Two equal closes and a lower third: z = -2 / √3 = -1.15, whatever the distance.
    # From bar 2 on: -1.15 (in), -0.58, 1.15 (out), 0.58, -1.15 (in), -0.80, 1.09 (out), 0.58.
    outcome = run(
        [bars("A", OPENS, CLOSES)], "mean_reversion", {"period": 3, "entry_z": 1.1, "exit_z": 0}
    )
    # Bar 2: 1000 / 7 shares, but bar 3 opens at 8 and cash pays for 125. Bar 4 sells, at 10.
    # Bar 6: 1250 / 6 shares, at bar 7's open of 6. Bar 8 sells, at 10.
    second = 1250 / 6
    assert_fills(
        outcome,
        (3, "A", "buy", 125, 8, 0),
        (5, "A", "sell", 125, 10, 0),
        (7, "A", "buy", second, 6, 0),
        (9, "A", "sell", second, 10, 0),
    )
    assert_account(
        outcome,
        (1000, 0),
        (1000, 0),
        (1000, 0),
        (0, 125 * 7),
        (0, 125 * 9),
        (1250, 0),
        (1250, 0),
        (0, second * 5),
        (0, second * 8),
        (second * 10, 0),
    )
