"""A strategy that orders in Python what the kernel would order comes to the same account."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from domain.engine.matching import DUST, whole_lots
from domain.market.bars import Bars
from domain.strategies.event import Context
from tests.domain.engine.acting import act
from tests.domain.engine.building import Outcome, Weights, bars, run_script
from tests.domain.engine.cases import CAPITAL, TARGETS, Case, eventful_cases


class Weighing:
    """Turns target weights into market orders by the rules of the signal strategies."""

    def __init__(self, weights: dict[str, Weights], lot_size: float, allow_short: bool) -> None:
        self.weights = weights
        self.lot_size = lot_size
        self.allow_short = allow_short
        self.wish = dict.fromkeys(weights, 0.0)
        self.acted_on = dict.fromkeys(weights, 0.0)

    def on_bar(self, context: Context) -> None:
        for symbol in context.symbols:
            history = context.bars(symbol)
            if history.is_trading:
                weight = self.weights[symbol][len(history) - 1]
                self.wish[symbol] = self.wish[symbol] if weight is None else weight
                if self.wish[symbol] != self.acted_on[symbol]:
                    self.decide(context, symbol, self.wish[symbol])

    def decide(self, context: Context, symbol: str, wish: float) -> None:
        self.acted_on[symbol] = wish
        for order in context.orders:
            if order.symbol == symbol:
                context.cancel(order)
        held = context.position(symbol)
        aim = wish * max(context.equity, 0.0) / context.price(symbol)
        quantity = -held
        if aim > 0 or (aim < 0 and self.allow_short):
            quantity = aim - held
            if abs(quantity) <= DUST * abs(aim):
                return
            quantity = whole_lots(quantity, self.lot_size)
            quantity = quantity if self.allow_short else max(quantity, -held)
        if quantity:
            context.order(symbol, quantity)


def in_python(data: Sequence[Bars], weights: Sequence[Weights], **execution: Any) -> Outcome:
    named = {each.symbol: given for each, given in zip(data, weights, strict=True)}
    lot_size, allow_short = execution.get("lot_size"), execution.get("allow_short", False)
    weighing = Weighing(named, lot_size or 0.0, allow_short)
    return act(data, weighing.on_bar, **execution)


def assert_same(one: Outcome, other: Outcome) -> None:
    assert [fill[:3] for fill in one.fills] == [fill[:3] for fill in other.fills]
    for mine, theirs in zip(one.fills, other.fills, strict=True):
        assert mine[3:] == pytest.approx(theirs[3:], rel=1e-9)
    np.testing.assert_allclose(one.account, other.account, rtol=1e-9, atol=1e-9 * CAPITAL)
    assert [event[:3] for event in one.cash_events] == [event[:3] for event in other.cash_events]


@settings(max_examples=60)
@given(eventful_cases().filter(lambda case: len(case.data) == 1))
def test_any_account_and_any_costs_over_one_symbol(case: Case) -> None:
    case = case._replace(settings=case.settings._replace(latency_ms=0.0), rebalance="on_change")
    execution = {"capital": CAPITAL, "actions": case.actions, **case.settings._asdict()}
    assert_same(in_python(case.data, case.weights, **execution), case.run())


@pytest.mark.parametrize("seed", range(3))
def test_three_symbols_that_share_an_account(seed: int) -> None:
    random = np.random.default_rng(seed)
    data: list[Bars] = []
    weights: list[Weights] = []
    for symbol in "ABC":
        prices = np.exp(np.cumsum(random.normal(0, 0.1, (60, 2)), axis=0)) * 20
        data.append(bars(symbol, *prices.T.tolist()))
        weights.append([TARGETS[pick] for pick in random.integers(len(TARGETS), size=60)])
    execution: dict[str, Any] = {"capital": CAPITAL, "allow_short": True, "borrow_bps": 300.0}
    expected = run_script(data, weights, **execution)
    assert len(expected.fills) > 50
    assert_same(in_python(data, weights, **execution), expected)
