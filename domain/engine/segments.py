"""Turn what the kernel wrote for a stretch of rows into the tables of a tape segment."""

import numpy as np
import polars as pl

from domain.engine.account import Exposures, Fills, Orders, Reason, Status
from domain.engine.tape import EMPTY
from domain.market.bars import TIMESTAMP_TYPE, Floats, Times

_SIDE = pl.Series(["sell", "buy"])
_STATUS = pl.Series([status.name.lower() for status in Status])
_REASON = pl.Series([None if reason is Reason.NONE else reason.name.lower() for reason in Reason])


def equity_table(timestamp: Times, cash: Floats, positions: Floats) -> pl.DataFrame:
    """One row per moment: cash and the positions' value at the close."""
    return pl.DataFrame({"timestamp": _moments(timestamp), "cash": cash, "positions": positions})


def fills_table(fills: Fills, timestamp: Times, symbols: pl.Series) -> pl.DataFrame:
    """One row per fill, at the open of its bar; market orders fill by the rule ``open``."""
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
            "rule": pl.Series(["open"]).new_from_index(0, count),
        }
    )


def orders_table(orders: Orders, timestamp: Times, symbols: pl.Series) -> pl.DataFrame:
    """One row per event in an order's life."""
    count = int(orders.size[0])
    if count == 0:
        return EMPTY["orders"]
    return pl.DataFrame(
        {
            "order_id": orders.order[:count],
            "timestamp": _moments(timestamp[orders.row[:count]]),
            "symbol": symbols[orders.symbol[:count]],
            "side": _sides(orders.quantity[:count]),
            "type": pl.Series(["market"]).new_from_index(0, count),
            "status": _STATUS[orders.status[:count]],
            "quantity": np.abs(orders.quantity[:count]),
            "reason": _REASON[orders.reason[:count]],
        }
    )


def exposures_table(
    exposures: Exposures, timestamp: Times, symbols: pl.Series, equity: Floats
) -> pl.DataFrame:
    """One row per position held at a snapshot; ``weight`` is its share of that row's equity."""
    count = int(exposures.size[0])
    if count == 0:
        return EMPTY["exposures"]
    rows, quantity = exposures.row[:count], exposures.quantity[:count]
    value = quantity * exposures.price[:count]
    return pl.DataFrame(
        {
            "timestamp": _moments(timestamp[rows]),
            "symbol": symbols[exposures.symbol[:count]],
            "quantity": quantity,
            "price": exposures.price[:count],
            "value": value,
            "weight": value / equity[rows],
        }
    )


def benchmark_table(timestamp: Times, value: Floats) -> pl.DataFrame:
    """One row per session day: the benchmark bought with the initial capital, at its close."""
    return pl.DataFrame({"timestamp": _moments(timestamp), "value": value})


def _moments(timestamp: Times) -> pl.Series:
    return pl.Series(timestamp, dtype=pl.Int64).cast(TIMESTAMP_TYPE)


def _sides(quantity: Floats) -> pl.Series:
    return _SIDE[(quantity > 0.0).astype(np.int64)]
