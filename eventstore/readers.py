"""Read-only connections: each read is one statement, one hop to a thread, no open transaction."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import aiosqlite

from eventstore.errors import ReadFailed, StoreClosed, UnsupportedLogVersion
from eventstore.migrations import IDENTITY, SCHEMA_VERSION, schema_version, unreadable

Parameters = Sequence[Any] | Mapping[str, Any]


class Readers:
    """A few connections to the log, opened ``mode=ro``; a read goes to the least busy one."""

    def __init__(self) -> None:
        self._connections: list[aiosqlite.Connection] = []
        self._busy: list[int] = []
        self._closed = False

    @classmethod
    async def open(cls, path: Path, connections: int) -> "Readers":
        """Open ``connections`` of them and see that they read a log of the schema we know.

        Raises ``OpenFailed`` and its kin.
        """
        readers = cls()
        try:
            _check(path)
            for _ in range(connections):
                readers._add(await _connect(path))
        except sqlite3.Error as error:
            await readers.close()
            raise unreadable(path, error) from error
        except BaseException:
            await readers.close()
            raise
        return readers

    async def fetch(self, sql: str, parameters: Parameters) -> list[tuple[Any, ...]]:
        """All rows of one statement. Raises ``ReadFailed`` and ``StoreClosed``."""
        if self._closed:
            raise StoreClosed("the store is closed")
        busy = self._busy
        index = busy.index(min(busy))
        busy[index] += 1
        try:
            rows = await self._connections[index].execute_fetchall(sql, parameters)
            return cast(list[tuple[Any, ...]], rows)
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise ReadFailed(f"{error}; in: {sql}") from error
        finally:
            busy[index] -= 1

    async def close(self) -> None:
        """Finish the reads under way and close the connections."""
        self._closed = True
        for connection in self._connections:
            await connection.close()

    def _add(self, connection: aiosqlite.Connection) -> None:
        self._connections.append(connection)
        self._busy.append(0)


def _check(path: Path) -> None:
    # Not with aiosqlite: its thread outlives a connection that fails, and may find the loop closed.
    with closing(sqlite3.connect(_read_only(path), uri=True)) as connection:
        version = schema_version(path, *connection.execute(IDENTITY).fetchone())
    if version < SCHEMA_VERSION:
        raise UnsupportedLogVersion(path, version, SCHEMA_VERSION)


async def _connect(path: Path) -> aiosqlite.Connection:
    return await aiosqlite.connect(_read_only(path), uri=True, isolation_level=None)


def _read_only(path: Path) -> str:
    return f"{path.as_uri()}?mode=ro"
