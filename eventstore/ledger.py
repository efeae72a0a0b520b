"""The writable connection: transactions of many appends, and the heads they build on.

Everything here is synchronous and runs on the writer's thread.
"""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec

from eventstore.append import Append
from eventstore.chain import EMPTY, Head, event_hash
from eventstore.connection import connect
from eventstore.errors import (
    AppendFailed,
    EventStoreError,
    LogNotWritable,
    ProjectionFailed,
    VersionConflict,
)
from eventstore.events import Appended, Event
from eventstore.fresh import Fresh
from eventstore.limits import Limits
from eventstore.migrations import SCHEMA_VERSION, unreadable
from eventstore.projection import Projection, Projections
from eventstore.statements import HEAD, INSERT, LAST_POSITION
from eventstore.wal import WalBound

Row: TypeAlias = tuple[int, str, int, str, int, bytes, bytes, bytes | None]
Outcome: TypeAlias = Appended | EventStoreError


class Staged(msgspec.Struct):
    """What one transaction is about to write; forgotten if it is rolled back."""

    position: int
    recorded_at: int
    heads: dict[str, Head] = {}
    rows: list[Row] = []


class Ledger:
    """The only writable connection to the log at ``path``.

    Opening creates or migrates the log and brings the projections to its head. ``clock`` gives
    microseconds since the Unix epoch and is asked once per transaction.
    Raises ``OpenFailed`` and its kin, and ``ProjectionFailed``.
    """

    def __init__(
        self,
        path: Path,
        projections: Sequence[Projection],
        clock: Callable[[], int],
        limits: Limits,
    ) -> None:
        self._clock = clock
        self._heads_cached_max = limits.heads_cached_max
        self._heads: dict[str, Head] = {}
        self._position: int | None = None
        self._connection = connect(path, limits.busy_seconds)
        self._wal = WalBound(self._connection, path, limits.wal_bytes_max)
        try:
            self._projections = Projections(self._connection, projections, limits.refold_events)
            self._in_transaction(self._projections.prepare)
        except BaseException as error:
            self._connection.close()
            if isinstance(error.__cause__, sqlite3.DatabaseError):
                raise unreadable(path, error.__cause__) from error
            raise

    def close(self) -> None:
        """Close the connection; the last one to close moves the WAL into the log."""
        self._connection.close()

    def append(self, appends: Sequence[Append]) -> list[Outcome]:
        """Write all appends in one transaction; one outcome each, in order.

        An append that expects another version fails alone. If the transaction fails, each append
        is tried in one of its own, so that only the guilty ones fail.
        """
        try:
            return self._commit(appends)
        except BaseException as error:  # a projection may raise anything; this thread goes on
            self._roll_back()
            if len(appends) == 1:
                return [_failed(appends[0], error)]
        return [outcome for append in appends for outcome in self.append([append])]

    def adopt(self, fresh: Fresh) -> None:
        """Put freshly folded tables in the place of the stored ones, and fold what came since.

        One transaction: readers see the old tables till then. Raises ``ProjectionFailed``.
        """
        self._in_transaction(
            lambda: self._projections.adopt(fresh.projection, fresh.connection, fresh.position)
        )

    def write_nothing(self) -> None:
        """Write a page as it is, and bring it to the disk. Raises ``LogNotWritable``."""
        try:
            self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        except sqlite3.Error as error:
            raise LogNotWritable(f"the log cannot be written: {error}") from error
        self._wal.keep()

    def _commit(self, appends: Sequence[Append]) -> list[Outcome]:
        self._connection.execute("BEGIN IMMEDIATE")
        staged = Staged(self._last_position(), self._clock())
        outcomes = [self._stage(append, staged) for append in appends]
        if staged.rows:
            self._connection.executemany(INSERT, staged.rows)
            if self._projections:
                self._projections.apply([Event(*row[:7]) for row in staged.rows])
        self._connection.execute("COMMIT")
        self._remember(staged)
        self._wal.keep()
        return outcomes

    def _stage(self, append: Append, staged: Staged) -> Outcome:
        stream = append.stream
        version, previous = staged.heads.get(stream) or self._head(stream)
        if version != append.expected_version:
            return VersionConflict(stream, append.expected_version, version)
        position, recorded_at, rows = staged.position, staged.recorded_at, staged.rows
        for event in append.events:
            position += 1
            version += 1
            kind, payload, attachment = event.type, event.payload, event.attachment
            previous = event_hash(
                previous, position, stream, version, kind, recorded_at, payload, attachment
            )
            rows.append(
                (position, stream, version, kind, recorded_at, payload, previous, attachment)
            )
        staged.position = position
        staged.heads[stream] = Head(version, previous)
        return Appended(version, position)

    def _head(self, stream: str) -> Head:
        head = self._heads.get(stream)
        if head is None:
            row = self._connection.execute(HEAD, (stream,)).fetchone()
            head = EMPTY if row is None else Head(*row)
        return head

    def _last_position(self) -> int:
        if self._position is None:
            (self._position,) = self._connection.execute(LAST_POSITION).fetchone()
        return self._position

    def _remember(self, staged: Staged) -> None:
        self._position = staged.position
        heads = self._heads
        for stream, head in staged.heads.items():
            heads.pop(stream, None)  # so that the order of the dict is that of the last use
            heads[stream] = head
        while len(heads) > self._heads_cached_max:
            del heads[next(iter(heads))]

    def _roll_back(self) -> None:
        self._heads.clear()
        self._position = None
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _in_transaction(self, work: Callable[[], None]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            work()
            self._connection.execute("COMMIT")
        except BaseException as error:
            self._roll_back()
            if isinstance(error, EventStoreError):
                raise
            raise ProjectionFailed(
                f"folding the log into a projection failed: {_describe(error)}"
            ) from error


def _failed(append: Append, error: BaseException) -> AppendFailed:
    failed = AppendFailed(
        f"the append to stream {append.stream!r} at version {append.expected_version} "
        f"was rolled back: {_describe(error)}"
    )
    failed.__cause__ = error
    return failed


def _describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
