"""Random orders of every kind, in any account: the tape adds up, and every fill keeps its rule."""

from typing import Any

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.strategies.event import Context
from tests.domain.engine.acting import act
from tests.domain.engine.building import Outcome
from tests.domain.engine.cases import CAPITAL, Case, eventful_cases
from tests.domain.engine.test_reconciliation import Books

FINAL = {"filled", "cancelled", "rejected", "expired"}
AT_THE_OPEN = {"open", "limit_gap", "stop_gap"}


class AtRandom:
    """Orders, amends and cancels without rhyme or reason, but from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)

    def on_bar(self, context: Context) -> None:
        for symbol in context.symbols:
            if len(context.bars(symbol)) and self.random.random() < 0.7:
                self.order(context, symbol)
        for order in context.orders:
            dice = self.random.random()
            if dice < 0.1:
                context.cancel(order)
            elif dice < 0.2:
                context.amend(order, quantity=abs(order.quantity) * self.random.uniform(0.1, 2))
            elif dice < 0.3 and order.limit:
                context.amend(order, limit=order.limit * self.random.uniform(0.9, 1.1))

    def order(self, context: Context, symbol: str) -> None:
        price = context.price(symbol)
        near = self.random.uniform(0.9, 1.1, 2) * price
        limit, stop = (float(each) if self.random.random() < 0.5 else None for each in near)
        context.order(
            symbol,
            self.random.uniform(-1, 1) * CAPITAL / price,
            limit=limit,
            stop=stop,
            time_in_force=self.random.choice(["gtc", "day", "ioc", "fok"]),
        )


def run_at_random(case: Case, seed: int) -> Outcome:
    execution = case.settings._asdict()
    return act(case.data, AtRandom(seed).on_bar, capital=CAPITAL, actions=case.actions, **execution)


def rows(table: pl.DataFrame) -> list[dict[str, Any]]:
    return table.with_columns(pl.col("timestamp").cast(pl.Int64)).to_dicts()


def assert_account_adds_up(case: Case, outcome: Outcome) -> None:
    books = Books(case, outcome)
    for moment, (cash, positions) in zip(outcome.moments, outcome.account, strict=True):
        books.pass_to(moment)
        size = 1e-9 * max(CAPITAL, abs(cash), abs(positions))
        np.testing.assert_allclose((cash, positions), (books.cash, books.positions), 0, size)
        if not case.settings.allow_short:
            assert min(books.held.values()) >= -1e-9
            assert case.settings.max_leverage > 1.0 or cash >= 0.0


def assert_fills_keep_their_rules(case: Case, outcome: Outcome) -> None:
    quoted = {
        (each.symbol, int(time)): (opened, high, low)
        for each in case.data
        for time, opened, high, low in zip(
            each.timestamp, each.open, each.high, each.low, strict=True
        )
    }
    terms = {row["order_id"]: row for row in rows(outcome.table("orders"))}
    for fill in rows(outcome.table("fills")):
        opened, high, low = quoted[fill["symbol"], fill["timestamp"]]
        side = 1 if fill["side"] == "buy" else -1
        reference = fill["price"] - side * fill["slippage"] / fill["quantity"]
        if fill["rule"] in AT_THE_OPEN:
            np.testing.assert_allclose(reference, opened, 1e-9)
        assert low * (1 - 1e-9) <= reference <= high * (1 + 1e-9)
        order = terms[fill["order_id"]]
        if order["type"] in ("limit", "stop_limit"):
            assert fill["slippage"] == 0.0


def assert_orders_live_once(outcome: Outcome) -> None:
    for _, life in outcome.table("orders").group_by("order_id", maintain_order=True):
        statuses = life["status"].to_list()
        assert statuses[0] == "submitted"
        assert [status for status in statuses if status in FINAL] == [statuses[-1]]
    filled = outcome.table("orders").filter(pl.col("status").is_in(["filled", "partially_filled"]))
    amounts = filled["quantity"].to_list()
    assert amounts == [fill[3] for fill in outcome.fills]


@settings(max_examples=80)
@given(eventful_cases(), st.integers(0, 2**32))
def test_any_orders(case: Case, seed: int) -> None:
    outcome = run_at_random(case, seed)
    assert_account_adds_up(case, outcome)
    assert_fills_keep_their_rules(case, outcome)
    assert_orders_live_once(outcome)


def test_the_random_orders_do_meet_every_rule_and_every_end() -> None:
    # Else the test above would show nothing.
    seen: set[tuple[str, str | None]] = set()
    rules: set[str] = set()

    @settings(max_examples=150, database=None, derandomize=True)
    @given(eventful_cases(), st.integers(0, 2**32))
    def look(case: Case, seed: int) -> None:
        outcome = run_at_random(case, seed)
        seen.update(outcome.table("orders").select("status", "reason").unique().rows())
        rules.update(outcome.table("fills")["rule"].unique())

    look()
    assert rules == {"open", "limit", "limit_gap", "stop", "stop_gap"}
    assert seen >= {
        ("amended", None),
        ("cancelled", "fill_or_kill"),
        ("cancelled", "immediate_or_cancel"),
        ("cancelled", "insufficient_cash"),
        ("cancelled", "requested"),
        ("expired", "end_of_data"),
        ("expired", "end_of_day"),
        ("filled", None),
        ("partially_filled", None),
        ("rejected", "below_one_lot"),
        ("rejected", "insufficient_margin"),
        ("rejected", "short_not_allowed"),
    }
