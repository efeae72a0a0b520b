"""Every event's hash, recomputed from the stored bytes: of the whole log, or of one stream."""

import sqlite3
import struct
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from eventstore.chain import GENESIS, hash_of_bytes
from eventstore.findings import Finding
from eventstore.statements import COLUMNS

HEADS_CACHED_MAX = 100_000  # streams; the head of another is looked up among the verified events
PAGE_EVENTS = 1_000

LOG = f"SELECT {COLUMNS}, attachment FROM events ORDER BY position"
STREAM = f"SELECT {COLUMNS}, attachment FROM events WHERE stream = ? ORDER BY event_id"
BEFORE = "SELECT position, hash FROM events WHERE stream = CAST(? AS TEXT) AND event_id = ?"

DOES_NOT_FOLLOW = "its hash does not follow from its bytes and the event before"

Head: TypeAlias = tuple[int, bytes]
Row: TypeAlias = tuple[int, bytes, int, bytes, int, bytes, bytes, bytes | None]


class ChainCheck:
    """Verifies events page by page, up to the first bad one, which is then ``finding``.

    ``connection`` stays in one transaction meanwhile and reads texts as bytes from now on.
    ``events`` counts the good ones; memory does not grow with the log.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        connection.text_factory = bytes
        self._connection = connection
        self._heads: dict[bytes, Head] = {}
        self.events = 0
        self.position = 0
        self.finding: Finding | None = None

    def pages(self, stream: str | None = None) -> Iterator[list[bytes]]:
        """The hashes of the good events in order, a page each; none after a finding."""
        sql, parameters = (LOG, ()) if stream is None else (STREAM, (stream,))
        try:
            cursor = self._connection.execute(sql, parameters)
            while self.finding is None and (rows := cursor.fetchmany(PAGE_EVENTS)):
                yield self._verified(rows, gaps=stream is not None)
        except sqlite3.Error as error:
            reason = f"what follows position {self.position} cannot be read: {error}"
            self.finding = Finding(check="file", reason=reason)

    def _verified(self, rows: Sequence[Row], gaps: bool) -> list[bytes]:
        hashes: list[bytes] = []
        heads, last = self._heads, self.position
        try:
            for row in rows:
                position, stream, event_id, kind, recorded_at, payload, stored, attachment = row
                if position != last + 1 and not (gaps and position > last):
                    raise _BadEvent(row, f"position {last + 1} was expected here")
                version, previous = heads.get(stream) or self._head_before(row)
                if event_id != version + 1:
                    raise _BadEvent(row, f"event {version + 1} was expected here")
                if stored != hash_of_bytes(
                    previous, position, stream, event_id, kind, recorded_at, payload, attachment
                ):
                    raise _BadEvent(row, DOES_NOT_FOLLOW)
                heads[stream] = event_id, stored
                last = position
                hashes.append(stored)
        except _BadEvent as bad:
            self.finding = bad.finding
        except (TypeError, struct.error) as error:
            self.finding = _BadEvent(row, f"a column is not of its type: {error}").finding
        self.events += len(hashes)
        self.position = last
        return hashes

    def _head_before(self, row: Row) -> Head:
        position, stream, event_id = row[:3]
        if len(self._heads) >= HEADS_CACHED_MAX:
            self._heads.clear()
        before = self._connection.execute(BEFORE, (stream, event_id - 1)).fetchone()
        if before is None:
            return 0, GENESIS
        if before[0] >= position:
            raise _BadEvent(row, f"event {event_id - 1} of its stream comes later")
        return event_id - 1, before[1]


class _BadEvent(Exception):
    def __init__(self, row: Sequence[Any], reason: str) -> None:
        position, stream, event_id = row[:3]
        self.finding = Finding(
            check="event",
            reason=reason,
            position=position,
            stream=stream.decode(errors="replace") if isinstance(stream, bytes) else repr(stream),
            event_id=event_id,
        )
