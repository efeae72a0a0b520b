"""Turn what the kernel wrote for a stretch of rows into the tables of a tape segment."""

import numpy as np
import polars as pl

from domain.engine.account import Changes
from domain.engine.buffers import CashEvents, Exposures, Fills, Orders
from domain.engine.columns import moments, numbers, places, table
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
    return table(
        {
            "timestamp": moments(timestamp),
            "cash": pl.Series(cash),
            "positions": pl.Series(positions),
        }
    )


def fills_table(fills: Fills, timestamp: Times, symbols: pl.Series) -> pl.DataFrame:
    """One row per fill, at the timestamp of its bar."""
    count = int(fills.size[0])
    if count == 0:
        return EMPTY["fills"]
    quantity = fills.quantity[:count]
    order, when = numbers([fills.order[:count], timestamp[fills.row[:count]]])
    symbol, side, rule = places([fills.symbol[:count], quantity > 0.0, fills.rule[:count]])
    size, price, commission, slippage = numbers(
        [np.abs(quantity), fills.price[:count], fills.commission[:count], fills.slippage[:count]]
    )
    return table(
        {
            "order_id": order,
            "timestamp": when.cast(TIMESTAMP_TYPE),
            "symbol": symbols[symbol],
            "side": _SIDE[side],
            "quantity": size,
            "price": price,
            "commission": commission,
            "slippage": slippage,
            "rule": _RULE[rule],
            "reasoning": _NO_TEXT.new_from_index(0, count),
            "confidence": _NO_NUMBER.new_from_index(0, count),
        }
    )


def orders_table(orders: Orders, timestamp: Times, symbols: pl.Series) -> pl.DataFrame:
    """One row per event in the life of an order of the kernel, which are all market orders."""
    count = int(orders.size[0])
    if count == 0:
        return EMPTY["orders"]
    quantity = orders.quantity[:count]
    order, when = numbers([orders.order[:count], timestamp[orders.row[:count]]])
    symbol, side, status, reason = places(
        [orders.symbol[:count], quantity > 0.0, orders.status[:count], orders.reason[:count]]
    )
    no_number = _NO_NUMBER.new_from_index(0, count)
    return table(
        {
            "order_id": order,
            "timestamp": when.cast(TIMESTAMP_TYPE),
            "symbol": symbols[symbol],
            "side": _SIDE[side],
            "type": _MARKET.new_from_index(0, count),
            "status": _STATUS[status],
            "quantity": pl.Series(np.abs(quantity)),
            "reason": _REASON[reason],
            "time_in_force": _GTC.new_from_index(0, count),
            "limit": no_number,
            "stop": no_number,
            "reasoning": _NO_TEXT.new_from_index(0, count),
            "confidence": no_number,
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
    rows, quantity, price = (
        column[:count] for column in (exposures.row, exposures.quantity, exposures.price)
    )
    value = quantity * price
    worth = equity[rows - start]
    worth[worth <= 0.0] = np.nan  # a share of nothing, or of debts, is none
    (symbol,) = places([exposures.symbol[:count]])
    size, mark, worth_now = numbers([quantity, price, value])
    return table(
        {
            "timestamp": moments(timestamp[rows]),
            "symbol": symbols[symbol],
            "quantity": size,
            "price": mark,
            "value": worth_now,
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
            "timestamp": moments(timestamp[cash_events.row[:count]]),
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
            "timestamp": moments(timestamp[changes.row[due]]),
            "symbol": symbols[changes.symbol[due]],
            "split": changes.split[due],
            "dividend": changes.dividend[due],
        }
    )


def benchmark_table(timestamp: Times, value: Floats) -> pl.DataFrame:
    """One row per session day: the benchmark bought with the initial capital, at its close."""
    return table({"timestamp": moments(timestamp), "value": pl.Series(value)})
