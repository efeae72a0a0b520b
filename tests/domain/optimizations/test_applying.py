"""From a point to the backtest that tries it."""

from typing import Any

import msgspec
import pytest

from domain.errors import InvalidRequest
from domain.optimizations.applying import applied, data_request, placed
from domain.runs.request import normalise
from tests.domain.optimizations.making import BASE, SHORT, SIZE, a_request

PARAMS: dict[str, Any] = {
    "short_period": 7,
    "execution.slippage_bps": 2,
    "execution.rebalance": "daily",
    "symbols": ["MSFT", "AAPL"],
}


def test_each_parameter_goes_where_its_name_says() -> None:
    base = a_request().base_backtest
    trial = placed(base, PARAMS)
    assert trial.strategy.params == base.strategy.params | {"short_period": 7}
    assert (trial.execution.slippage_bps, trial.execution.rebalance) == (2, "daily")
    assert trial.symbols == ["MSFT", "AAPL"]
    rest = {"symbols": base.symbols, "strategy": base.strategy, "execution": base.execution}
    assert msgspec.structs.replace(trial, **rest) == base


def test_a_symbol_may_stand_alone() -> None:
    assert placed(a_request().base_backtest, {"symbols": "MSFT"}).symbols == ["MSFT"]


def test_what_is_applied_is_a_normal_request_and_posting_what_was_placed_gives_the_same() -> None:
    base = a_request().base_backtest
    trial = applied(base, PARAMS | {"position_size": 1})
    assert normalise(trial) == trial
    body = msgspec.json.encode(placed(base, PARAMS | {"position_size": 1}))
    assert normalise(msgspec.json.decode(body, type=type(base))) == trial
    assert type(trial.strategy.params["position_size"]) is float
    assert type(trial.execution.slippage_bps) is float


def test_a_point_that_the_strategy_refuses() -> None:
    with pytest.raises(InvalidRequest, match=r"^strategy\.params: "):
        applied(a_request().base_backtest, {"short_period": 30, "long_period": 10})


def test_what_is_loaded_serves_every_trial() -> None:
    symbols = {"name": "symbols", "kind": "choice", "values": ["MSFT", ["AAPL", "MSFT"], ["SPY"]]}
    warmup = {"name": "execution.warmup_bars", "kind": "int_range", "low": 10, "high": 250}
    request = a_request(symbols, warmup, SIZE, strategy="random")
    whole = data_request(request)
    assert whole.symbols == ["MSFT", "AAPL", "SPY"]
    assert whole.execution.warmup_bars == 250
    base = BASE | {"execution": {"warmup_bars": 5}}
    plain = a_request(SHORT, base_backtest=base)
    assert data_request(plain) == plain.base_backtest
