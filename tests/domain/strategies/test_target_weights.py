"""Fixed weights by hand, each constraint with its line in the log."""

from typing import Any

import pytest

from domain.errors import InvalidRequest, StrategyFailed
from domain.runs.events import Logged
from tests.domain.engine.building import (
    Outcome,
    assert_account,
    assert_fills,
    bars,
    request_for,
    run,
)

# Monday to Sunday, and Monday again.
FLAT = [10.0] * 8
WEEK = [bars("A", FLAT, FLAT), bars("B", FLAT, FLAT)]


def weighted(**params: Any) -> Outcome:
    return run(WEEK, "target_weights", params)


def said(outcome: Outcome) -> list[str]:
    return [event.message for event in outcome.decoded if isinstance(event, Logged)]


def recorded(outcome: Outcome, name: str) -> list[tuple[int, Any]]:
    table = outcome.table("recorded")
    rows = zip(outcome.rows_of(table), table.select("name", "value").rows(), strict=True)
    return [(bar, pytest.approx(value)) for bar, (series, value) in rows if series == name]


def test_without_weights_all_symbols_are_equal() -> None:
    assert_fills(weighted(), (1, "A", "buy", 50, 10, 0), (1, "B", "buy", 50, 10, 0))


def test_given_weights_are_bought_and_the_rest_stays_in_cash() -> None:
    outcome = weighted(weights={"B": 0.3}, position_size=0.5)
    assert_fills(outcome, (1, "B", "buy", 15, 10, 0))
    assert outcome.table("fills")["reasoning"].to_list() == ["weight 0.1500"]


def test_drifted_weights_are_brought_back_at_the_first_bar_of_a_week() -> None:
    # A doubles on Tuesday: 1000 + 500. On Monday half of 1500 each: 12.5 of A are too many.
    doubled = [10.0, 10, 20, 20, 20, 20, 20, 20, 20]
    data = [bars("A", doubled, doubled), bars("B", [10.0] * 9, [10.0] * 9)]
    outcome = run(data, "target_weights", {"rebalance": "weekly"})
    assert_fills(
        outcome,
        (1, "A", "buy", 50, 10, 0),
        (1, "B", "buy", 50, 10, 0),
        (8, "A", "sell", 12.5, 20, 0),
        (8, "B", "buy", 25, 10, 0),
    )
    assert_account(outcome, (1000, 0), (0, 1000), *[(0, 1500)] * 7)
    assert recorded(outcome, "drift") == [(0, 0.5), (7, 1 / 6)]
    assert recorded(outcome, "turnover") == [(0, 1.0), (7, 1 / 3)]


@pytest.mark.parametrize(("rebalance", "looks"), [("daily", 40), ("weekly", 6), ("monthly", 2)])
def test_how_often_the_weights_are_looked_at(rebalance: str, looks: int) -> None:
    data = [bars("A", [10.0] * 40, [10.0] * 40)]
    outcome = run(data, "target_weights", {"rebalance": rebalance})
    assert len(recorded(outcome, "drift")) == looks


def test_a_drift_within_the_threshold_is_left_alone_and_said() -> None:
    doubled = [10.0, 10, 20, 20, 20, 20, 20, 20, 20]
    data = [bars("A", doubled, doubled), bars("B", [10.0] * 9, [10.0] * 9)]
    outcome = run(data, "target_weights", {"rebalance": "weekly", "drift_threshold": 0.2})
    assert len(outcome.fills) == 2
    assert said(outcome) == ["drift_threshold: 0.1667 off, within 0.2000"]
    assert recorded(outcome, "turnover") == [(0, 1.0), (7, 0.0)]


def test_no_symbol_gets_more_than_the_largest_weight() -> None:
    outcome = weighted(weights={"A": 0.7, "B": 0.2}, max_weight=0.5)
    assert_fills(outcome, (1, "A", "buy", 50, 10, 0), (1, "B", "buy", 20, 10, 0))
    assert said(outcome) == ["max_weight: A 0.7000 cut to 0.5000"]


def test_a_cash_floor_scales_all_weights() -> None:
    outcome = weighted(weights={"A": 0.6, "B": 0.4}, cash_floor=0.5)
    assert_fills(outcome, (1, "A", "buy", 30, 10, 0), (1, "B", "buy", 20, 10, 0))
    assert said(outcome) == ["cash_floor: 1.0000 invested scaled to 0.5000"]


def test_turnover_beyond_the_most_is_cut_evenly_and_the_rest_follows_later() -> None:
    outcome = weighted(weights={"A": 0.6, "B": 0.2}, max_turnover=0.4, rebalance="daily")
    assert_fills(
        outcome,
        (1, "A", "buy", 30, 10, 0),
        (1, "B", "buy", 10, 10, 0),
        (2, "A", "buy", 30, 10, 0),
        (2, "B", "buy", 10, 10, 0),
    )
    assert said(outcome) == ["max_turnover: 0.8000 cut to 0.4000"]


def test_a_symbol_that_starts_late_is_bought_at_the_next_look() -> None:
    late = bars("B", [5.0] * 5, [5.0] * 5, at=[3, 4, 5, 6, 7])
    outcome = run([WEEK[0], late], "target_weights", {"rebalance": "weekly"})
    assert [fill[:3] for fill in outcome.fills] == [(1, "A", "buy")]
    longer = [bars("A", [10.0] * 9, [10.0] * 9), bars("B", [5.0] * 6, [5.0] * 6, at=range(3, 9))]
    outcome = run(longer, "target_weights", {"rebalance": "weekly"})
    assert_fills(outcome, (1, "A", "buy", 50, 10, 0), (8, "B", "buy", 100, 5, 0))


def test_for_a_symbol_that_has_ended_no_order_is_sent_and_the_others_share_the_rest() -> None:
    # B doubles on its last day, Wednesday: two thirds of the account stay in it.
    data = [WEEK[0], bars("B", [10.0] * 3, [10.0, 10, 20])]
    outcome = run(data, "target_weights", {"rebalance": "weekly"})
    assert [order[:4] for order in outcome.orders] == [
        (0, 1, "buy", "submitted"),
        (0, 2, "buy", "submitted"),
        (1, 1, "buy", "filled"),
        (1, 2, "buy", "filled"),
    ]
    left = "silent: B has no bar since 2024-01-03T00:00:00+00:00, left alone at 0.6667"
    assert said(outcome) == [left]
    assert recorded(outcome, "turnover") == [(0, 1.0), (7, 0.0)]


def test_beside_a_symbol_that_has_ended_the_others_are_kept_in_balance() -> None:
    # On Monday A is worth 2,000, C 250 and B, since Wednesday, 500; 875 are free for A and C.
    prices = [10.0] * 3 + [20.0] * 6, [10.0] * 3 + [5.0] * 6
    data = [bars(name, each, each) for name, each in zip("AC", prices, strict=True)]
    data.append(bars("B", [10.0] * 3, [10.0] * 3))
    params = {"rebalance": "weekly", "weights": {"A": 0.5, "B": 0.25, "C": 0.25}}
    outcome = run(data, "target_weights", params, capital=2_000)
    assert_fills(
        outcome,
        (1, "A", "buy", 100, 10, 0),
        (1, "C", "buy", 50, 10, 0),
        (1, "B", "buy", 50, 10, 0),
        (8, "A", "sell", 31.25, 20, 0),
        (8, "C", "buy", 87.5, 5, 0),
    )


def test_a_symbol_that_comes_back_is_balanced_again() -> None:
    # B doubles on day 2 and is away until day 6: what day 2 wanted is called back on day 3.
    data = [WEEK[0], bars("B", [10.0, 10, 10, 20, 20], [10.0, 10, 20, 20, 20], at=[0, 1, 2, 6, 7])]
    outcome = run(data, "target_weights", {"rebalance": "daily"})
    assert [(bar, side, status) for bar, _, side, status, *_ in outcome.orders if bar > 1] == [
        (2, "buy", "submitted"),
        (2, "sell", "submitted"),
        (3, "buy", "rejected"),
        (3, "sell", "cancelled"),
        (6, "buy", "submitted"),
        (6, "sell", "submitted"),
        (7, "sell", "filled"),
        (7, "buy", "filled"),
    ]


def test_less_than_a_lot_is_not_ordered() -> None:
    outcome = run(WEEK, "target_weights", {"rebalance": "weekly"}, lot_size=30)
    assert_fills(outcome, (1, "A", "buy", 30, 10, 0), (1, "B", "buy", 30, 10, 0))
    assert len(outcome.orders) == 4
    assert said(outcome) == ["lot_size: A, B off by less than a lot"]
    assert recorded(outcome, "turnover") == [(0, 1.0), (7, 0.0)]


def test_an_order_that_is_on_its_way_is_waited_for() -> None:
    # Sent on day 0, there on day 2; called back on day 1, which is heard on day 3.
    thin = [bars("A", FLAT, FLAT, volume=[100] * 8)]
    outcome = run(
        thin,
        "target_weights",
        {"rebalance": "daily"},
        latency_ms=1,
        max_volume_participation=0.1,
    )
    assert outcome.orders[:4] == [
        (0, 1, "buy", "submitted", 100, None),
        (2, 1, "buy", "partially_filled", 10, None),
        (3, 1, "buy", "cancelled", 90, "requested"),
        (3, 2, "buy", "submitted", pytest.approx(90), None),
    ]


def test_an_account_that_owes_more_than_it_has_is_left_as_it_is() -> None:
    # Sized at 10 and filled at 20, half of it with borrowed cash; half is sold, too late, at 1.
    prices = [10.0, 20.0, 1.0, 1.0]
    outcome = run(
        [bars("A", prices, prices)], "target_weights", {"rebalance": "daily"}, max_leverage=2
    )
    assert_fills(outcome, (1, "A", "buy", 100, 20, 0), (2, "A", "sell", 50, 1, 0))
    assert outcome.account[1:] == [(-1000, 2000), (-950, 50), (-950, 50)]


def test_weights_that_cannot_be() -> None:
    with pytest.raises(InvalidRequest, match=r"weights add up to 1\.2; right would be at most 1"):
        request_for(["A", "B"], "target_weights", {"weights": {"A": 0.6, "B": 0.6}})
    with pytest.raises(InvalidRequest):
        request_for(["A", "B"], "target_weights", {"weights": {"A": -0.1}})
    with pytest.raises(StrategyFailed, match="unknown symbol 'X'; this run has A, B"):
        weighted(weights={"X": 0.5})
