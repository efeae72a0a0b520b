"""Whether a stored projection is what a fresh fold of the log gives."""

import sqlite3
from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from eventstore.errors import ReadFailed
from eventstore.fresh import Fresh, folded
from eventstore.projection import Projection, quoted, table_names
from eventstore.statements import LAST_POSITION

Row: TypeAlias = tuple[Any, ...]

ROW_CHARACTERS_MAX = 200
SCHEMA = (
    "SELECT type, name, tbl_name, sql FROM sqlite_schema "
    "WHERE tbl_name = ? COLLATE NOCASE ORDER BY name"
)


class Difference(msgspec.Struct, frozen=True):
    """The first row in which the stored ``table`` and a fresh fold differ; ``None``: no such row.

    ``table`` is one of the projection's, ``projections`` if its checkpoint or version is not that
    of the log's end, or ``sqlite_schema`` if a table or index is missing or not as created.
    """

    projection: str
    table: str
    stored: Row | None
    fresh: Row | None

    def __str__(self) -> str:
        return (
            f"projection {self.projection!r}, table {self.table}: "
            f"stored {_shortened(self.stored)}, a fresh fold gives {_shortened(self.fresh)}"
        )


def compare(
    projection: Projection,
    log: str | Path,
    page_events: int = 1_000,
    stopped: Callable[[], bool] = lambda: False,
) -> Difference | None:
    """Fold the log anew, in a temporary folder, and hold the stored tables against the outcome.

    Another process may be writing the log: what is compared is one moment of it. Rows are compared
    in order of primary key, value by value and type by type. Synchronous, flat memory.
    Raises ``ProjectionFailed``, ``ReadFailed``, ``OpenFailed`` and its kin.
    """
    with folded(projection, Path(log), page_events, stopped) as fresh:
        fresh.log.execute("BEGIN")
        fresh.fold()  # what was appended meanwhile, so that both are of the same moment
        try:
            return next(_differences(fresh), None)
        except sqlite3.Error as error:
            raise ReadFailed(
                f"the tables of projection {projection.name!r} cannot be read: {error}"
            ) from error


def _differences(fresh: Fresh) -> Iterator[Difference]:
    name, version = fresh.projection.name, fresh.projection.version
    checkpoint = "SELECT name, version, position FROM projections WHERE name = ?"
    stored = fresh.log.execute(checkpoint, (name,)).fetchone()
    (last,) = fresh.log.execute(LAST_POSITION).fetchone()
    if stored != (name, version, last):
        yield Difference(name, "projections", stored, (name, version, last))
    for table in table_names(fresh.connection):
        yield from _rows_that_differ(fresh, "sqlite_schema", SCHEMA, (table,))
        yield from _rows_that_differ(fresh, table, _in_order(fresh.connection, table), ())


def _rows_that_differ(fresh: Fresh, table: str, sql: str, parameters: Row) -> Iterator[Difference]:
    pairs = zip_longest(
        fresh.log.execute(sql, parameters), fresh.connection.execute(sql, parameters)
    )
    for stored, expected in pairs:
        if not _same(stored, expected):
            yield Difference(fresh.projection.name, table, stored, expected)


def _same(one: Row | None, other: Row | None) -> bool:
    if one is None or other is None:
        return one is other
    return one == other and list(map(type, one)) == list(map(type, other))  # 1 is not 1.0


def _in_order(connection: sqlite3.Connection, table: str) -> str:
    keys = connection.execute(
        "SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", (table,)
    )
    order = ", ".join(quoted(name) for (name,) in keys) or "rowid"
    return f"SELECT * FROM {quoted(table)} ORDER BY {order}"


def _shortened(row: Row | None) -> str:
    if row is None:
        return "no row"
    text = repr(row)
    return text if len(text) <= ROW_CHARACTERS_MAX else text[:ROW_CHARACTERS_MAX] + "…"
