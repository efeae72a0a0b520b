"""Every bound of the event store, with its unit."""

import msgspec

from eventstore.errors import InvalidArgument

MEBIBYTE = 1024 * 1024


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one store takes, holds and writes at once; every bound is positive.

    An append's bytes are those of its payloads and attachments.

    - ``stream_bytes_max``, ``type_bytes_max``: the UTF-8 length of a name.
    - ``append_events_max``, ``append_bytes_max``: one append; past it ``InvalidArgument``.
    - ``queue_events_max``, ``queue_bytes_max``: accepted appends that the writer has not taken yet.
      Past it an append waits for room; one append always fits an empty queue.
    - ``append_wait_seconds``: how long an append waits for room before ``AppendTimeout``.
    - ``commit_events_max``, ``commit_bytes_max``: one transaction (at least one append).
    - ``wal_bytes_max``: past it the WAL file is emptied, once the reads of that moment are done.
    - ``busy_seconds``: how long a transaction waits for a foreign tool that holds SQLite's lock.
    - ``heads_cached_max``: streams whose head the writer keeps in memory.
    - ``read_connections``: read-only connections, each with a thread of its own.
    - ``examined_events_max``: events that one page of a search by type looks at.
    - ``refold_events``: events per page while a projection is folded from the log.
    - ``poll_seconds``: how often followers of a read-only store look for new events.
    """

    stream_bytes_max: int = 256
    type_bytes_max: int = 64
    append_events_max: int = 10_000
    append_bytes_max: int = 64 * MEBIBYTE
    queue_events_max: int = 20_000
    queue_bytes_max: int = 128 * MEBIBYTE
    append_wait_seconds: float = 30.0
    commit_events_max: int = 2_000
    commit_bytes_max: int = 16 * MEBIBYTE
    wal_bytes_max: int = 16 * MEBIBYTE
    busy_seconds: float = 10.0
    heads_cached_max: int = 10_000
    read_connections: int = 3
    examined_events_max: int = 10_000
    refold_events: int = 1_000
    poll_seconds: float = 0.25

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if not getattr(self, name) > 0:
                raise InvalidArgument(f"limit {name} is {getattr(self, name)}, it must be positive")


DEFAULT_LIMITS = Limits()
