"""The bound on the WAL file: SQLite by itself starts it anew only when nobody reads."""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

WAIT_MILLISECONDS = 100


class Sizes(NamedTuple):
    """The bytes of a log's two files."""

    log: int
    wal: int


def sizes(log: Path) -> Sizes:
    """Measure the log at ``log``; there is no WAL where nobody has it open."""
    try:
        wal = Path(_wal(log)).stat().st_size
    except FileNotFoundError:
        wal = 0
    return Sizes(log.stat().st_size, wal)


class WalBound:
    """Empties the WAL of the log behind ``connection`` each time it has reached ``bytes_max``.

    For that it waits until those who read now are done; who comes meanwhile reads the log itself.
    Where one of them holds its snapshot longer, it is tried again ``bytes_max`` later.
    """

    def __init__(self, connection: sqlite3.Connection, log: Path, bytes_max: int) -> None:
        self._connection = connection
        self._wal = _wal(log)
        self._bytes_max = bytes_max
        self._due = bytes_max
        connection.execute(f"PRAGMA journal_size_limit = {bytes_max}")  # when SQLite starts it anew

    def keep(self) -> None:
        """Call it after a commit."""
        size = os.stat(self._wal).st_size  # noqa: PTH116 (after every commit: a Path takes longer)
        if size <= self._bytes_max:
            self._due = self._bytes_max
        elif size > self._due:
            self._due = self._bytes_max if self._emptied() else size + self._bytes_max

    def _emptied(self) -> bool:
        (timeout,) = self._connection.execute("PRAGMA busy_timeout").fetchone()
        self._connection.execute(f"PRAGMA busy_timeout = {WAIT_MILLISECONDS}")
        try:
            # What was committed is safe in the WAL; a full disk is for the next commit to tell.
            with suppress(sqlite3.Error):
                (busy, *_) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                return not busy
            return False
        finally:
            self._connection.execute(f"PRAGMA busy_timeout = {timeout}")


def _wal(log: Path) -> str:
    return f"{log}-wal"
