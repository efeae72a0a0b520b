"""The event store: append-only streams in one SQLite file."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from eventstore.backup import backup
from eventstore.compare import Difference, compare
from eventstore.errors import ProjectionFailed, StoreClosed, StoreReadOnly
from eventstore.events import Appended, NewEvent
from eventstore.findings import Report
from eventstore.follow import WHOLE_LOG, Wakeups
from eventstore.fresh import folded
from eventstore.intake import Backlog
from eventstore.limits import DEFAULT_LIMITS, Limits
from eventstore.lock import LockFile
from eventstore.observer import Observer, Unobserved
from eventstore.projection import Projection
from eventstore.readers import Readers
from eventstore.reading import Reading
from eventstore.tree import TreeRoot, TreeThread
from eventstore.validation import checked_size
from eventstore.wal import Sizes, sizes
from eventstore.writer import Writer

Result = TypeVar("Result")

UNOBSERVED = Unobserved()


def wall_clock() -> int:
    """Microseconds since the Unix epoch."""
    return time.time_ns() // 1000


class EventStore(Reading):
    """One log, opened with ``open`` and used on the event loop that opened it.

    An append that returned is on disk, whole, and survives a power cut. Whatever reads after it
    returned sees it, projections included. Event ids and positions are 1, 2, 3, … without gaps.
    Every error this class raises on purpose is an ``EventStoreError``.
    """

    def __init__(
        self,
        log: Path,
        readers: Readers,
        wakeups: Wakeups,
        limits: Limits,
        writer: Writer | None,
        projections: Sequence[Projection],
    ) -> None:
        super().__init__(readers, wakeups, limits, limits.poll_seconds if writer is None else None)
        self._log = log
        self._writer = writer
        self._projections = {projection.name: projection for projection in projections}
        self._tree = TreeThread(log)
        self._resources = AsyncExitStack()
        self._closed = False

    @classmethod
    async def open(
        cls,
        path: str | Path,
        *,
        projections: Sequence[Projection] = (),
        clock: Callable[[], int] = wall_clock,
        limits: Limits = DEFAULT_LIMITS,
        observer: Observer = UNOBSERVED,
        read_only: bool = False,
    ) -> Self:
        """Open the log at ``path``, creating it where there is none (its directory must exist).

        ``clock`` stamps ``recorded_at``, in microseconds since the Unix epoch; it is called on the
        writer's thread, once per transaction. ``projections`` are brought to the log's head before
        this returns. ``observer`` is told how the writing goes. With ``read_only`` the log must
        exist, another process may be writing it, no lock is taken, the log is not written, and
        ``projections`` are there to be compared only.

        Raises ``LogLocked``, ``NotALog``, ``UnsupportedLogVersion``, ``OpenFailed``,
        ``ProjectionFailed``.
        """
        log = _resolved(path)
        wakeups = Wakeups()
        writer = None
        async with AsyncExitStack() as opened:
            if not read_only:
                lock = LockFile(log)
                opened.callback(lock.close)
                writer = await Writer.open(log, projections, clock, limits, wakeups.wake, observer)
                opened.push_async_callback(writer.close)
            opened.callback(wakeups.close)
            readers = await Readers.open(log, limits.read_connections)
            opened.push_async_callback(readers.close)
            store = cls(log, readers, wakeups, limits, writer, projections)
            opened.push_async_callback(store._tree.close)
            store._resources = opened.pop_all()
        return store

    async def close(self) -> None:
        """Write what was accepted, finish the reads under way, then refuse with ``StoreClosed``.

        Appends that still wait for room fail with ``StoreClosed``; followers end. May be repeated.
        """
        self._closed = True
        try:
            if self._writer is not None:
                await self._writer.drain()
        finally:
            await self._resources.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def append(
        self, stream: str, events: Sequence[NewEvent], expected_version: int
    ) -> Appended:
        """Append all of ``events`` or none, and answer once they are on disk.

        ``expected_version`` is the number of events the stream must hold at that moment. A caller
        that is cancelled while it waits leaves the events either written whole or not written.

        Raises ``VersionConflict``, ``InvalidArgument``, ``AppendTimeout``, ``AppendFailed``,
        ``StoreClosed``, ``StoreReadOnly``.
        """
        size = checked_size(stream, events, expected_version, self._limits)
        return await self._writable().append(stream, tuple(events), expected_version, size)

    def growing(self, stream: str | None) -> bool:
        """Whether readers may see more of a stream (``None``: the log) than ``grown`` has told.

        True while an append to it is being written, and always where another process writes.
        """
        writer = self._writer
        return writer is None or writer.is_growing(WHOLE_LOG if stream is None else stream)

    @property
    def path(self) -> Path:
        """The log's file."""
        return self._log

    async def require_writable(self) -> None:
        """Bring one unchanged page to the disk, as an append would its events, and return then.

        Raises ``LogNotWritable``, ``StoreClosed``, ``StoreReadOnly``.
        """
        await self._writable().write_nothing()

    @property
    def backlog(self) -> Backlog:
        """What waits to be written. Raises ``StoreReadOnly``."""
        return self._writable().backlog

    def sizes(self) -> Sizes:
        """The bytes of the log's files."""
        return sizes(self._log)

    @property
    def projections(self) -> list[str]:
        """The names of the projections this store was opened with."""
        return list(self._projections)

    async def rebuild(self, name: str) -> None:
        """Fold the named projection anew from the log, beside the stored one, and swap it in.

        Readers see the old tables until the new ones are there, appends go on until the swap and
        wait during it. It can be cancelled. Raises ``ProjectionFailed``, ``ReadFailed``,
        ``StoreClosed``, ``StoreReadOnly``.
        """
        writer, loop = self._writable(), asyncio.get_running_loop()

        def fold(
            projection: Projection, log: Path, page_events: int, stopped: Callable[[], bool]
        ) -> None:
            with folded(projection, log, page_events, stopped) as fresh:
                asyncio.run_coroutine_threadsafe(writer.adopt(fresh), loop).result()

        await self._fold(name, fold)

    async def compare(self, name: str) -> Difference | None:
        """Where the stored tables of a projection differ from a fresh fold of the log, if they do.

        On a read-only store too. It can be cancelled. Raises ``ProjectionFailed``, ``ReadFailed``,
        ``StoreClosed``.
        """
        return await self._fold(name, compare)

    async def backup(self, target: str | Path, *, overwrite: bool = False) -> Report:
        """Copy the log as it is now into one audited file; appends and reads go on.

        See ``eventstore.backup.backup``, which other processes use. Raises ``BackupFailed``,
        ``StoreClosed``.
        """
        self._check_open()
        return await asyncio.to_thread(partial(backup, self._log, target, overwrite=overwrite))

    async def tree_root(self, size: int | None = None) -> TreeRoot:
        """The Merkle root over the log's first ``size`` events, by default over all there are.

        The first call after opening reads the whole log once. Raises ``InvalidArgument``,
        ``ReadFailed``, ``StoreClosed``.
        """
        return await self._tree.call(lambda tree: tree.root(size))

    async def inclusion(self, position: int, size: int) -> list[bytes]:
        """The proof for ``merkle.verify_inclusion`` that an event is in the tree of ``size``.

        The leaf is ``merkle.leaf_hash(event.hash)``, its index ``position - 1``. Raises
        ``InvalidArgument``, ``ReadFailed``, ``StoreClosed``.
        """
        return await self._tree.call(lambda tree: tree.inclusion(position, size))

    async def consistency(self, old_size: int, new_size: int) -> list[bytes]:
        """The proof for ``merkle.verify_consistency`` between two sizes of the log.

        Raises ``InvalidArgument``, ``ReadFailed``, ``StoreClosed``.
        """
        return await self._tree.call(lambda tree: tree.consistency(old_size, new_size))

    async def _fold(
        self, name: str, work: Callable[[Projection, Path, int, Callable[[], bool]], Result]
    ) -> Result:
        self._check_open()
        if name not in self._projections:
            known = ", ".join(sorted(self._projections)) or "none"
            raise ProjectionFailed(f"there is no projection {name!r}; this store has: {known}")
        projection, page_events = self._projections[name], self._limits.refold_events
        called_off = threading.Event()
        try:
            return await asyncio.to_thread(
                work,
                projection,
                self._log,
                page_events,
                lambda: called_off.is_set() or self._closed,
            )
        finally:
            called_off.set()

    def _check_open(self) -> None:
        if self._closed:
            raise StoreClosed("the store is closed")

    def _writable(self) -> Writer:
        if self._writer is None:
            raise StoreReadOnly("the log was opened read-only")
        return self._writer


def _resolved(path: str | Path) -> Path:
    return Path(path).resolve()  # one log, one lock file, whatever links lead to it
