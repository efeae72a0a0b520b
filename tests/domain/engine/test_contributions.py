"""What each symbol has earned: by hand, and together always the whole profit of the account."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given

from domain.engine import simulate
from tests.domain.engine.building import Outcome, actions, bars, run_script
from tests.domain.engine.cases import CAPITAL, Case, eventful_cases


def last_of(outcome: Outcome) -> dict[str | None, float]:
    """What each symbol has earned by the end of the run."""
    return dict(outcome.table("contributions").select("symbol", "profit").rows())


def test_bought_and_sold_and_bought_and_held() -> None:
    sold = bars("SOLD", [10, 10, 12, 12], [10, 10, 12, 12])
    held = bars("HELD", [20, 20, 20, 20], [20, 20, 20, 15])
    weights = [[0.5, 0, None, None], [0.4, None, None, None]]
    outcome = run_script([sold, held], weights, commission_per_share=0.1)
    assert last_of(outcome) == {
        "SOLD": pytest.approx(50 * 2 - 2 * 5.0),
        "HELD": pytest.approx(20 * -5 - 2.0),
    }


def test_a_symbol_that_was_never_traded_is_not_there() -> None:
    flat = [10.0, 10.0]
    outcome = run_script([bars("A", flat, flat), bars("B", flat, flat)], [[1, None], [None, None]])
    assert set(last_of(outcome)) == {"A"}


def test_a_dividend_is_the_symbols_and_a_split_is_nobodys() -> None:
    prices = [10.0, 10.0, 5.0, 5.0]
    given = actions("A", (2, 2.0, 0.3))
    outcome = run_script([bars("A", prices, prices)], [[0.5, None, None, None]], actions=[given])
    assert last_of(outcome) == {"A": pytest.approx(50 * 0.3)}


def test_what_borrowed_cash_costs_belongs_to_no_symbol() -> None:
    prices = [10.0] * 3
    outcome = run_script(
        [bars("A", prices, prices)], [[2, None, None]], max_leverage=2, borrow_bps=3_650
    )
    assert last_of(outcome) == {"A": pytest.approx(0.0, abs=1e-9), None: pytest.approx(-1.0)}


@given(eventful_cases())
def test_together_they_are_the_profit_of_the_account_at_every_tick(case: Case) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulate, "BARS_PER_TICK", 7)
        outcome = case.run()
    equity = outcome.table("equity").select(
        pl.col("timestamp").cast(pl.Int64), value=pl.col("cash") + pl.col("positions")
    )
    marks = dict(equity.rows())
    earned = (
        outcome.table("contributions")
        .group_by(pl.col("timestamp").cast(pl.Int64))
        .agg(pl.col("profit").sum())
    )
    size = 1e-9 * max(CAPITAL, *map(abs, marks.values()))
    for moment, profit in earned.rows():
        np.testing.assert_allclose(profit, marks[moment] - CAPITAL, 0, size)


@given(eventful_cases())
def test_of_what_is_closed_they_are_the_round_trips_and_the_cash_events(case: Case) -> None:
    outcome = case.run()
    moment = outcome.table("equity")["timestamp"].max()
    held = outcome.table("exposures").filter(pl.col("timestamp") == moment)
    trips, events = outcome.table("round_trips"), outcome.table("cash_events")
    for symbol, profit in last_of(outcome).items():
        if symbol is None or symbol in held["symbol"]:
            continue
        closed = sum(trips.filter(pl.col("symbol") == symbol)["profit"])
        paid = sum(events.filter(pl.col("symbol") == symbol)["amount"])
        np.testing.assert_allclose(profit, closed + paid, 1e-9, 1e-6)
