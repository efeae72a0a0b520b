"""Equal shares of the risk, against closed forms and a general-purpose minimiser's definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.market.bars import Floats
from domain.runs.events import Logged
from domain.strategies.risk_parity import equal_risk
from tests.domain.engine.building import Outcome, bars, run


def contributions(weights: Floats, returns: Floats) -> Floats:
    covariance = np.cov(returns.T).reshape(len(weights), len(weights))
    share: Floats = weights * (covariance @ weights)
    return np.asarray(share / share.sum())


def test_two_symbols_are_weighted_by_the_inverse_of_their_volatility() -> None:
    # Whatever their correlation.
    returns = np.random.default_rng(1).normal(size=(50, 2)) * [1, 3] + 0.5
    inverse = 1 / returns.std(axis=0, ddof=1)
    np.testing.assert_allclose(equal_risk(returns), inverse / inverse.sum(), 1e-12)


@given(st.integers(1, 12), st.integers(0, 2**32))
def test_every_symbol_contributes_the_same(symbols: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    market = random.normal(size=(80, 1)) * random.uniform(-1, 2, symbols)
    own = random.normal(size=(80, symbols))
    returns = np.ascontiguousarray((market + own) * random.uniform(0.001, 0.1, symbols))
    weights = equal_risk(returns)
    assert weights.min() > 0
    assert weights.sum() == pytest.approx(1, rel=1e-12)
    np.testing.assert_allclose(contributions(weights, returns), 1 / symbols, 1e-9)


def walk(seed: int, deviation: float, days: int) -> list[float]:
    steps = np.random.default_rng(seed).normal(0, deviation, days)
    return list(100 * np.exp(np.cumsum(steps)))


def parity(days: int, still: bool = False, **params: object) -> Outcome:
    prices = [walk(1, 0.01, days), [50.0] * days if still else walk(2, 0.03, days)]
    data = [bars(name, each, each) for name, each in zip("AB", prices, strict=True)]
    return run(data, "risk_parity", {"lookback": 20, "rebalance": "daily", **params})


def test_nothing_is_bought_before_there_are_returns_enough_and_then_the_quieter_more() -> None:
    outcome = parity(30)
    first = outcome.fills[:2]
    assert [fill[:3] for fill in first] == [(21, "A", "buy"), (21, "B", "buy")]
    prices = np.column_stack([walk(1, 0.01, 30), walk(2, 0.03, 30)])[:21]
    weights = equal_risk(np.ascontiguousarray(prices[1:] / prices[:-1] - 1))
    quantities = 1_000 * weights / prices[20]
    np.testing.assert_allclose(first[0][3], quantities[0], 1e-9)
    assert weights[0] > 2 * weights[1]


def test_a_price_that_stands_still_takes_no_part() -> None:
    assert {fill[1] for fill in parity(30, still=True).fills} == {"A"}


def test_when_no_price_moves_nothing_is_bought() -> None:
    data = [bars(name, [50.0] * 30, [50.0] * 30) for name in "AB"]
    assert run(data, "risk_parity", {"lookback": 20, "rebalance": "daily"}).orders == []


def test_when_a_symbol_ends_the_others_go_on_being_balanced() -> None:
    prices = {"A": walk(1, 0.01, 120), "B": walk(2, 0.03, 120), "C": walk(3, 0.02, 40)}
    data = [bars(name, each, each) for name, each in prices.items()]
    outcome = run(data, "risk_parity", {"lookback": 10, "rebalance": "daily"})
    lines = [event.message for event in outcome.decoded if isinstance(event, Logged)]
    assert len(lines) == 1
    assert lines[0].startswith("silent: C has no bar since 2024-02-09")
    table = outcome.table("orders")
    sent = dict(zip(table["order_id"], table["symbol"], strict=True))
    latest = {sent[order]: bar for bar, order, *_ in outcome.orders}
    assert latest == {"A": 119, "B": 119, "C": 40}

    held = dict.fromkeys(prices, 0.0)
    for bar, symbol, side, quantity, *_ in outcome.fills:
        if bar <= 118:
            held[symbol] += quantity if side == "buy" else -quantity
    assert held["C"] > 0
    # Decided at the close of day 117, filled at the open of day 118, which is that close's price.
    known = np.column_stack([prices["A"], prices["B"]])[107:118]
    weights = equal_risk(np.ascontiguousarray(known[1:] / known[:-1] - 1))
    values = [held["A"] * prices["A"][117], held["B"] * prices["B"][117]]
    np.testing.assert_allclose(values / np.sum(values), weights, 0.05)


def test_returns_are_those_between_moments_that_the_symbols_share() -> None:
    a, b = walk(1, 0.01, 40), walk(2, 0.03, 20)
    data = [bars("A", a, a), bars("B", b, b, at=range(0, 40, 2))]
    outcome = run(data, "risk_parity", {"lookback": 10, "rebalance": "daily"})
    together = np.column_stack([a[:21:2], b[:11]])
    weights = equal_risk(np.ascontiguousarray(together[1:] / together[:-1] - 1))
    bought = {symbol: quantity for bar, symbol, _, quantity, *_ in outcome.fills if bar == 22}
    np.testing.assert_allclose(bought["B"], 1_000 * weights[1] / b[10], 0.05)


def test_symbols_that_hardly_meet_are_said_to() -> None:
    a = walk(1, 0.01, 60)
    data = [
        bars("A", a[:30], a[:30], at=range(0, 60, 2)),
        bars("B", a[:30], a[:30], at=range(1, 60, 2)),
    ]
    outcome = run(data, "risk_parity", {"lookback": 10, "rebalance": "monthly"})
    lines = [event.message for event in outcome.decoded if isinstance(event, Logged)]
    assert lines == ["the symbols have only 0 of the last 44 bars in common"]
    assert outcome.fills == []
