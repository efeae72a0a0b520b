"""What a signal strategy says about its orders, carried along to their fills."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from domain.engine.account import Integers
from domain.engine.buffers import Orders
from domain.engine.order_desk import checked_confidence, reasoning_text
from domain.engine.terms import Status
from domain.engine.timeline import Timeline
from domain.errors import StrategyFailed
from domain.market.bars import Bars, Floats
from domain.market.moments import iso
from domain.strategies.base import Explanation, SignalStrategy

_SCHEMA = {"reasoning": pl.String, "confidence": pl.Float64}


class Explanations:
    """Asks about each order once, when it is sent, and remembers the answer."""

    def __init__(
        self,
        strategy: SignalStrategy,
        shown: Sequence[Bars],
        warmup: Sequence[int],
        timeline: Timeline,
    ) -> None:
        """``shown``: the bars as the strategy saw them, the first of each to warm up on."""
        self._strategy = strategy
        self._shown = shown
        self._warmup = warmup
        self._timeline = timeline
        self._silent = type(strategy).explain is SignalStrategy.explain
        self._said: dict[int, Explanation] = {}
        if not self._silent:
            self._bar_rows = [_known(column) for column in timeline.close.T]
            self._wish_rows = [_known(column) for column in timeline.target.T]

    def listen(self, orders: Orders) -> None:
        """Ask about the orders that were sent. Raises ``StrategyFailed``."""
        if self._silent:
            return
        count = int(orders.size[0])
        sent = np.flatnonzero(orders.status[:count] == Status.SUBMITTED)
        for index in sent.tolist():
            symbol, row = int(orders.symbol[index]), int(orders.row[index])
            self._said[int(orders.order[index])] = self._ask(symbol, row)

    def put_into(self, table: pl.DataFrame) -> pl.DataFrame:
        """Fill in the columns ``reasoning`` and ``confidence`` of orders or fills."""
        if self._silent or table.is_empty():
            return table
        said = [self._said[order] for order in table["order_id"].to_list()]
        return table.with_columns(pl.DataFrame(said, _SCHEMA, orient="row").get_columns())

    def _ask(self, symbol: int, row: int) -> Explanation:
        bars = self._bar_rows[symbol].searchsorted(row, side="right")
        seen = self._shown[symbol].part(0, self._warmup[symbol] + int(bars))
        wishes = self._wish_rows[symbol]
        latest = wishes[wishes.searchsorted(row, side="right") - 1]
        target = float(self._timeline.target[latest, symbol])
        try:
            reasoning, confidence = self._strategy.explain(seen, target)
            return Explanation(reasoning_text(reasoning), checked_confidence(confidence))
        except BaseException as error:
            raise StrategyFailed(
                f"the strategy's explain raised {type(error).__name__}: {error} "
                f"({seen.symbol}, bar {iso(int(seen.timestamp[-1]))})"
            ) from error


def _known(column: Floats) -> Integers:
    return np.flatnonzero(~np.isnan(column))
