"""Read-only connections: each read is one statement, one hop to a thread, no open transaction."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import aiosqlite

from eventstore.errors import OpenFailed, ReadFailed, StoreClosed
from eventstore.migrations import LOG_ID, unreadable
from eventstore.readonly import address, open_read_only

Parameters = Sequence[Any] | Mapping[str, Any]


class Readers:
    """A few connections to the log, opened ``mode=ro``; a read goes to the least busy one."""

    def __init__(self) -> None:
        self._connections: list[aiosqlite.Connection] = []
        self._busy: list[int] = []
        self._closed = False
        self.log_id = ""

    @classmethod
    async def open(cls, path: Path, connections: int) -> "Readers":
        """Open ``connections`` of them and see that they read a log of the schema we know.

        Raises ``OpenFailed`` and its kin.
        """
        readers = cls()
        try:
            readers.log_id = _log_id(path)
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


def _log_id(path: Path) -> str:
    # Not with aiosqlite: its thread outlives a connection that fails, and may find the loop closed.
    with closing(open_read_only(path)) as connection:
        found = connection.execute(LOG_ID).fetchone()
    if found is None:
        raise OpenFailed(f"{path} has no log id: its table log_identity is empty")
    return str(found[0])


async def _connect(path: Path) -> aiosqlite.Connection:
    return await aiosqlite.connect(address(path), uri=True, isolation_level=None)
