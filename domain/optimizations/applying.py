"""From a point of the search space to the backtest that tries it."""

from itertools import chain
from typing import Any

import msgspec

from domain.optimizations.request import OptimizationRequest
from domain.optimizations.search_space import EXECUTION, SYMBOLS, Params, as_symbols
from domain.runs import request as runs
from domain.runs.request import BacktestRequest, Execution, StrategySpec
from domain.strategies.code import Code


def placed(base: BacktestRequest, params: Params) -> BacktestRequest:
    """Put a point's parameters into the base backtest, each where its name says.

    What comes out can be posted to run the trial as a backtest; ``normalise`` has yet to see it.
    """
    execution: dict[str, Any] = {}
    strategy: dict[str, Any] = {}
    symbols = base.symbols
    for name, value in params.items():
        if name == SYMBOLS:
            symbols = as_symbols(value)
        elif name.startswith(EXECUTION):
            execution[name.removeprefix(EXECUTION)] = value
        else:
            strategy[name] = value
    return msgspec.structs.replace(
        base,
        symbols=symbols,
        strategy=StrategySpec(base.strategy.name, base.strategy.params | strategy),
        execution=_changed(base.execution, execution) if execution else base.execution,
    )


def applied(base: BacktestRequest, params: Params, code: Code | None = None) -> BacktestRequest:
    """Put a point's parameters into the base backtest and normalise it.

    Raises ``InvalidRequest`` where the strategy refuses them.
    """
    return runs.normalise(placed(base, params), code)


def _changed(execution: Execution, changes: dict[str, Any]) -> Execution:
    # As if posted: 1 becomes 1.0 where that is its type; compiled code is compiled for either.
    return msgspec.convert(msgspec.structs.asdict(execution) | changes, Execution)


def data_request(request: OptimizationRequest) -> BacktestRequest:
    """The base backtest with every symbol that a trial may name and the longest warm-up.

    What to load once for all trials of a normalised request.
    """
    base = request.base_backtest
    symbols, warmup = [base.symbols], base.execution.warmup_bars
    for parameter in request.search_space.parameters:
        values = [value for _, value in parameter.outermost()]
        if parameter.name == SYMBOLS:
            symbols = [as_symbols(value) for value in values]
        elif parameter.name == EXECUTION + "warmup_bars":
            warmup = max(values)
    return msgspec.structs.replace(
        base,
        symbols=list(dict.fromkeys(chain.from_iterable(symbols))),
        execution=msgspec.structs.replace(base.execution, warmup_bars=warmup),
    )
