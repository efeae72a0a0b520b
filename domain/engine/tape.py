"""The tape: what a progress tick proves, as Arrow tables in one attachment.

A segment holds the rows simulated since the tick before. Its bytes are a MessagePack map from
table name to an Arrow IPC stream (zstd); a table without rows is left out. The same segment gives
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
    },
    "exposures": {
        "timestamp": TIMESTAMP_TYPE,
        "symbol": pl.String,
        "quantity": pl.Float64,
        "price": pl.Float64,
        "value": pl.Float64,
        "weight": pl.Float64,
    },
    "benchmark": {"timestamp": TIMESTAMP_TYPE, "value": pl.Float64},
}
EMPTY = {name: pl.DataFrame(schema=columns) for name, columns in TABLES.items()}


def encode(segment: Segment) -> bytes:
    """Turn a segment into an attachment."""
    return msgspec.msgpack.encode(
        {name: _ipc(segment[name]) for name in TABLES if name in segment and len(segment[name])}
    )


def decode(attachment: bytes, tables: Iterable[str] = TABLES) -> dict[str, pl.DataFrame]:
    """Read tables of an attachment; one that was left out comes back with no rows."""
    parts = msgspec.msgpack.decode(attachment, type=dict[str, bytes])
    return {
        name: pl.read_ipc_stream(parts[name]) if name in parts else EMPTY[name] for name in tables
    }


def _ipc(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.rechunk().write_ipc_stream(buffer, compression="zstd")
    return buffer.getvalue()
