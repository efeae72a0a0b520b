"""A trial beside the backtest that it is: the same bars, the same settings, every metric."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from domain.engine.metrics import Metrics
from domain.engine.simulate import simulate
from domain.market.actions import Actions
from domain.market.bars import Bars
from domain.optimizations.applying import applied
from domain.optimizations.evaluation import Evaluator
from domain.optimizations.outcome import Outcome
from domain.optimizations.request import OptimizationRequest
from domain.optimizations.search_space import Params, SearchSpace
from domain.runs.events import Measured, decode
from domain.runs.manifest import Provided, describe
from domain.runs.request import BacktestRequest, StrategySpec, normalise
from domain.strategies.code import Code
from tests.domain.engine.building import request_for


class Sweep:
    """Bars, a base backtest, and what a sweep over the names of ``varied`` makes of trials."""

    def __init__(
        self,
        data: Sequence[Bars],
        strategy: str,
        params: Mapping[str, Any] | None = None,
        *,
        varied: Sequence[str] = (),
        actions: Sequence[Actions] = (),
        benchmark: Bars | None = None,
        warmup_bars: int = 0,
        code: Code | None = None,
        objective: str = "sharpe_ratio",
        direction: str = "maximize",
        validation: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        """``warmup_bars``: so many of the bars, the first of each symbol, are to warm up on."""
        symbols = [each.symbol for each in data]
        against = None if benchmark is None else benchmark.symbol
        spec = StrategySpec(strategy, dict(params or {}))
        base = request_for(
            symbols, "buy_and_hold", {}, benchmark_symbol=against, warmup_bars=warmup_bars,
            **settings,
        )  # fmt: skip
        self.base = normalise(msgspec.structs.replace(base, strategy=spec), code)
        acted = actions or [Actions.none(symbol) for symbol in symbols]
        self.data = {
            each.symbol: Provided(each, "catalog", None, its, warmup_bars)
            for each, its in zip(data, acted, strict=True)
        }
        self.benchmark = None if benchmark is None else Provided(benchmark, "catalog")
        self.code = code
        space = [{"name": name, "kind": "choice", "values": [1]} for name in varied]
        self.request = OptimizationRequest(
            name="sweep",
            search_space=msgspec.convert({"parameters": space or [ANY]}, SearchSpace),
            base_backtest=self.base,
            objective_metric=objective,
            **{"direction": direction, **(validation or {})},
        )

    def outcomes(self, points: Sequence[Params]) -> list[Outcome]:
        """Evaluate these points as trials 0, 1, 2 …"""
        evaluator = Evaluator(self.request, self.data, self.benchmark, self.code)
        return [each for batch in evaluator.evaluate(list(enumerate(points))) for each in batch]

    def backtest(self, params: Params) -> Metrics:
        """The metrics of the backtest that a point is, from the events of its run."""
        return backtest(applied(self.base, params, self.code), self.data, self.benchmark, self.code)

    def assert_equal(self, *points: Params) -> list[Outcome]:
        """Each point's metrics are those of its backtest, to the last bit."""
        outcomes = self.outcomes(points)
        for outcome, params in zip(outcomes, points, strict=True):
            assert outcome.error is None
            assert msgspec.json.encode(outcome.full) == msgspec.json.encode(self.backtest(params))
        return outcomes


ANY = {"name": "position_size", "kind": "choice", "values": [1.0]}


def backtest(
    request: BacktestRequest,
    data: Mapping[str, Provided],
    benchmark: Provided | None = None,
    code: Code | None = None,
) -> Metrics:
    """The metrics of a backtest over what a catalog would give: the warm-up that it asks for."""
    given = []
    for symbol in request.symbols:
        provided = data[symbol]
        spare = max(provided.warmup_bars - request.execution.warmup_bars, 0)
        bars = provided.bars.part(spare, len(provided.bars))
        given.append(provided._replace(bars=bars, warmup_bars=provided.warmup_bars - spare))
    manifest = describe(request, given, benchmark, [], code)
    data_of_run, actions = [each.bars for each in given], [each.acting() for each in given]
    held = None if benchmark is None else benchmark.held(request)
    batches = simulate(manifest, data_of_run, held, actions, code=code)
    decoded = (decode(event.type, event.payload) for batch in batches for event in batch)
    return {event.name: event.value for event in decoded if isinstance(event, Measured)}
