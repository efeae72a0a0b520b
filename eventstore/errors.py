"""The event store's error tree: everything this package raises on purpose."""

from pathlib import Path


class EventStoreError(Exception):
    """Something about the log that cannot be done; the message says what would be right."""


class InvalidArgument(EventStoreError, ValueError):
    """A call that could never succeed: an empty stream name, a negative cursor, an oversized batch.

    Nothing was written.
    """


class VersionConflict(EventStoreError):
    """The stream does not hold the number of events that the append expects. Nothing was written.

    ``actual`` is the number of events the stream held when the append's turn came.
    """

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        super().__init__(f"stream {stream!r} holds {actual} events, the append expects {expected}")
        self.stream = stream
        self.expected = expected
        self.actual = actual


class AppendTimeout(EventStoreError):
    """The queue stayed full for ``append_wait_seconds``. Nothing was written."""


class AppendFailed(EventStoreError):
    """The append's transaction was rolled back; ``__cause__`` is the reason.

    One case leaves a doubt: if the disk itself failed during COMMIT and the machine lost power
    before the next append, the events may turn up, whole, at the next opening. Reading the
    stream's head settles it.
    """


class LogNotWritable(EventStoreError):
    """Nothing can be written to the log at the moment; ``__cause__`` is the reason."""


class StoreClosed(EventStoreError):
    """The store is closed, or was closed before this call's turn came. Nothing was written."""


class StoreReadOnly(EventStoreError):
    """The store was opened with ``read_only=True``, and this call would write."""


class ReadFailed(EventStoreError):
    """SQLite refused a read or a query; ``__cause__`` is its error."""


class ProjectionFailed(EventStoreError):
    """A projection is unknown, raised, or broke its protocol. Its stored table is as it was."""


class BackupFailed(EventStoreError):
    """A backup or restore was given up; nothing has the name it was meant for."""


class OpenFailed(EventStoreError):
    """The log cannot be opened."""


class LogLocked(OpenFailed):
    """Another process (or another store in this one) has the log open for writing."""

    def __init__(self, lock_file: Path, pid: int | None) -> None:
        holder = "another process" if pid is None else f"process {pid}"
        super().__init__(
            f"the log is open for writing in {holder}, which holds the lock file {lock_file}; "
            "stop that process, or open the log with read_only=True"
        )
        self.lock_file = lock_file
        self.pid = pid


class NotALog(OpenFailed):
    """The file is there, but it is not an event log. It was left as it is."""


class UnsupportedLogVersion(OpenFailed):
    """The log's schema is newer than this program, or older and opened read-only."""

    def __init__(self, path: Path, found: int, supported: int) -> None:
        advice = (
            "open it with a newer version of this program"
            if found > supported
            else "open it once for writing, which migrates it"
        )
        super().__init__(
            f"{path} has log schema {found}, this program knows schema {supported}: {advice}"
        )
        self.found = found
        self.supported = supported


class ChainBroken(EventStoreError):
    """The stored bytes are not the bytes that were appended; the first bad event is named."""

    def __init__(self, stream: str, event_id: int, position: int, reason: str) -> None:
        super().__init__(f"event {event_id} of stream {stream!r} at position {position}: {reason}")
        self.stream = stream
        self.event_id = event_id
        self.position = position
        self.reason = reason
