"""Turn what the kernel wrote for a stretch of rows into the tables of a tape segment."""

import numpy as np
import polars as pl

from domain.engine.account import Changes
from domain.engine.buffers import CashEvents, Exposures, Fills, Orders
from domain.engine.tape import EMPTY
from domain.engine.terms import CashEvent, Reason, Rule, Status
from domain.market.bars import TIMESTAMP_TYPE, Floats, Times

_SIDE = pl.Series(["sell", "buy"])
_STATUS = pl.Series([status.name.lower() for status in Status])
_REASON = pl.Series([None if reason is Reason.NONE else reason.name.lower() for reason in Reason])
_RULE = pl.Series([rule.name.lower() for rule in Rule])
_MARKET, _GTC = pl.Series(["market"]), pl.Series(["gtc"])
_NO_TEXT, _NO_NUMBER = pl.Series([None], dtype=pl.String), pl.Series([None], dtype=pl.Float64)
_CASH_EVENT = pl.Series([event.name.lower() for event in CashEvent])


def equity_table(timestamp: Times, cash: Floats, positions: Floats) -> pl.DataFrame:
    """One row per moment: cash and the positions' value at the close."""
    return pl.DataFrame({"timestamp": _moments(timestamp), "cash": cash, "positions": positions})


def fills_table(fills: Fills, timestamp: Times, symbols: pl.Series) -> pl.DataFrame:
    """One row per fill, at the timestamp of its bar."""
    count = int(fills.size[0])
    if count == 0:
        return EMPTY["fills"]
    return pl.DataFrame(
        {
            "order_id": fills.order[:count],
            "timestamp": _moments(timestamp[fills.row[:count]]),
            "symbol": symbols[fills.symbol[:count]],
            "side": _sides(fills.quantity[:count]),
            "quantity": np.abs(fills.quantity[:count]),
            "price": fills.price[:count],
            "commission": fills.commission[:count],
            "slippage": fills.slippage[:count],
            "rule": _RULE[fills.rule[:count]],
            "reasoning": _NO_TEXT.new_from_index(0, count),
            "confidence": _NO_NUMBER.new_from_index(0, count),
        }
    )


def orders_table(orders: Orders, timestamp: Times, symbols: pl.Series) -> pl.DataFrame:
    """One row per event in the life of an order of the kernel, which are all market orders."""
    count = int(orders.size[0])
    if count == 0:
        return EMPTY["orders"]
    return pl.DataFrame(
        {
            "order_id": orders.order[:count],
            "timestamp": _moments(timestamp[orders.row[:count]]),
            "symbol": symbols[orders.symbol[:count]],
            "side": _sides(orders.quantity[:count]),
            "type": _MARKET.new_from_index(0, count),
            "status": _STATUS[orders.status[:count]],
            "quantity": np.abs(orders.quantity[:count]),
            "reason": _REASON[orders.reason[:count]],
            "time_in_force": _GTC.new_from_index(0, count),
            "limit": _NO_NUMBER.new_from_index(0, count),
            "stop": _NO_NUMBER.new_from_index(0, count),
            "reasoning": _NO_TEXT.new_from_index(0, count),
            "confidence": _NO_NUMBER.new_from_index(0, count),
        }
    )


def exposures_table(
    exposures: Exposures, timestamp: Times, symbols: pl.Series, start: int, equity: Floats
) -> pl.DataFrame:
    """One row per position held at a snapshot; ``weight`` is its share of that row's equity.

    ``equity``: of the stretch's rows, which begin with row ``start``.
    """
    count = int(exposures.size[0])
    if count == 0:
        return EMPTY["exposures"]
    rows, quantity = exposures.row[:count], exposures.quantity[:count]
    value = quantity * exposures.price[:count]
    worth = equity[rows - start]
    worth[worth <= 0.0] = np.nan  # a share of nothing, or of debts, is none
    return pl.DataFrame(
        {
            "timestamp": _moments(timestamp[rows]),
            "symbol": symbols[exposures.symbol[:count]],
            "quantity": quantity,
            "price": exposures.price[:count],
            "value": value,
            "weight": pl.Series(value / worth, nan_to_null=True),
        }
    )


def cash_events_table(
    cash_events: CashEvents, timestamp: Times, symbols: pl.Series
) -> pl.DataFrame:
    """One row per change of cash that no fill explains; no symbol where cash was borrowed."""
    count = int(cash_events.size[0])
    if count == 0:
        return EMPTY["cash_events"]
    symbol = cash_events.symbol[:count]
    named = pl.Series(symbol).set(pl.Series(symbol < 0), None)
    return pl.DataFrame(
        {
            "timestamp": _moments(timestamp[cash_events.row[:count]]),
            "symbol": symbols.gather(named),
            "kind": _CASH_EVENT[cash_events.kind[:count]],
            "quantity": cash_events.quantity[:count],
            "amount": cash_events.amount[:count],
        }
    )


def actions_table(
    changes: Changes, due: slice, timestamp: Times, symbols: pl.Series
) -> pl.DataFrame:
    """One row per corporate action that was carried out, held or not."""
    if due.start == due.stop:
        return EMPTY["actions"]
    return pl.DataFrame(
        {
            "timestamp": _moments(timestamp[changes.row[due]]),
            "symbol": symbols[changes.symbol[due]],
            "split": changes.split[due],
            "dividend": changes.dividend[due],
        }
    )


def benchmark_table(timestamp: Times, value: Floats) -> pl.DataFrame:
    """One row per session day: the benchmark bought with the initial capital, at its close."""
    return pl.DataFrame({"timestamp": _moments(timestamp), "value": value})


def _moments(timestamp: Times) -> pl.Series:
    return pl.Series(timestamp, dtype=pl.Int64).cast(TIMESTAMP_TYPE)


def _sides(quantity: Floats) -> pl.Series:
    return _SIDE[(quantity > 0.0).astype(np.int64)]
