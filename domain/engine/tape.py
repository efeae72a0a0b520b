"""The tape: what a progress tick proves, as Arrow tables in one attachment.

A segment holds the rows simulated since the tick before. Its bytes are a MessagePack map from
table name to an Arrow IPC stream (LZ4); a table without rows is left out. The same segment gives
the same bytes on every worker.
"""

import io
from collections.abc import Iterable, Mapping
from typing import TypeAlias

import msgspec
import polars as pl

from domain.market.bars import TIMESTAMP_TYPE

Segment: TypeAlias = Mapping[str, pl.DataFrame]

TABLES: dict[str, dict[str, pl.DataType | type[pl.DataType]]] = {
    "equity": {"timestamp": TIMESTAMP_TYPE, "cash": pl.Float64, "positions": pl.Float64},
    "fills": {
        "order_id": pl.Int64,
        "timestamp": TIMESTAMP_TYPE,
        "symbol": pl.String,
        "side": pl.String,
        "quantity": pl.Float64,
        "price": pl.Float64,
        "commission": pl.Float64,
        "slippage": pl.Float64,
        "rule": pl.String,
        "reasoning": pl.String,
        "confidence": pl.Float64,
    },
    "orders": {
        "order_id": pl.Int64,
        "timestamp": TIMESTAMP_TYPE,
        "symbol": pl.String,
        "side": pl.String,
        "type": pl.String,
        "status": pl.String,
        "quantity": pl.Float64,
        "reason": pl.String,
        "time_in_force": pl.String,
        "limit": pl.Float64,
        "stop": pl.Float64,
        "reasoning": pl.String,
        "confidence": pl.Float64,
    },
    "exposures": {
        "timestamp": TIMESTAMP_TYPE,
        "symbol": pl.String,
        "quantity": pl.Float64,
        "price": pl.Float64,
        "value": pl.Float64,
        "weight": pl.Float64,
    },
    "cash_events": {
        "timestamp": TIMESTAMP_TYPE,
        "symbol": pl.String,
        "kind": pl.String,
        "quantity": pl.Float64,
        "amount": pl.Float64,
    },
    "actions": {
        "timestamp": TIMESTAMP_TYPE,
        "symbol": pl.String,
        "split": pl.Float64,
        "dividend": pl.Float64,
    },
    "recorded": {"timestamp": TIMESTAMP_TYPE, "name": pl.String, "value": pl.Float64},
    "round_trips": {
        "symbol": pl.String,
        "side": pl.String,
        "quantity": pl.Float64,
        "entry_timestamp": TIMESTAMP_TYPE,
        "exit_timestamp": TIMESTAMP_TYPE,
        "entry_price": pl.Float64,
        "exit_price": pl.Float64,
        "commission": pl.Float64,
        "profit": pl.Float64,
        "return": pl.Float64,
        "mae": pl.Float64,
        "mfe": pl.Float64,
        "bars": pl.Int64,
        "holding_seconds": pl.Float64,
        "entry_order_id": pl.Int64,
        "exit_order_id": pl.Int64,
    },
    "contributions": {"timestamp": TIMESTAMP_TYPE, "symbol": pl.String, "profit": pl.Float64},
    "benchmark": {"timestamp": TIMESTAMP_TYPE, "value": pl.Float64},
}
EMPTY = {name: pl.DataFrame(schema=columns) for name, columns in TABLES.items()}


def encode(segment: Segment) -> bytes:
    """Turn a segment into an attachment."""
    return msgspec.msgpack.encode(
        {name: _ipc(segment[name]) for name in TABLES if name in segment and len(segment[name])}
    )


def decode(attachment: bytes, tables: Iterable[str] = TABLES) -> dict[str, pl.DataFrame]:
    """Read tables of an attachment; one that was left out comes back with no rows.

    A column that the table did not have yet when it was written comes back as nulls.
    """
    parts = msgspec.msgpack.decode(attachment, type=dict[str, bytes])
    return {
        name: _completed(pl.read_ipc_stream(parts[name]), name) if name in parts else EMPTY[name]
        for name in tables
    }


def _completed(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    columns = TABLES[name]
    if len(frame.columns) == len(columns):
        return frame
    missing = [pl.lit(None, columns[each]).alias(each) for each in columns.keys() - frame.columns]
    return frame.with_columns(missing).select(*columns)


def _ipc(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.rechunk().write_ipc_stream(buffer, compression="lz4")
    return buffer.getvalue()
