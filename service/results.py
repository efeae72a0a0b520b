"""Results documents, folded from the log on demand; a completed run's never changes."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from itertools import chain, islice
from tempfile import SpooledTemporaryFile
from typing import NamedTuple

import anyio

from domain.runs.events import decode
from domain.runs.results import CURVES, ResultsFold
from eventstore.events import Event
from eventstore.store import EventStore
from service.projections import stream_of

CACHED_BYTES_MAX = 64 * 1024 * 1024
DOCUMENT_CACHED_BYTES_MAX = CACHED_BYTES_MAX // 4
SPOOL_BYTES_MAX = 8 * 1024 * 1024
PAGE_EVENTS = 64
FOLDS_AT_ONCE_MAX = 2
CHUNK_BYTES = 256 * 1024


class LongDocument(NamedTuple):
    """A document in pieces, whose curves lie in temporary ``files`` until those are closed."""

    pieces: Iterator[bytes]
    files: ExitStack


class Results:
    """Answers with a run's results document, in bounded memory whatever its length.

    Documents up to a bound are kept, the least recently used go first; a longer one is folded
    into temporary files and streamed from them.
    """

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._kept_bytes = 0
        self._folding = anyio.Semaphore(FOLDS_AT_ONCE_MAX)

    async def document(self, run_id: str) -> bytes | LongDocument:
        """Give the document of a completed run."""
        if run_id not in self._kept:
            # Few at a time, for their memory; whoever waited for the same one finds it kept.
            async with self._folding:
                if run_id not in self._kept:
                    document = await anyio.to_thread.run_sync(self._fold, run_id, None)
                    if not isinstance(document, bytes):
                        return document
                    self._keep(run_id, document)
        self._kept.move_to_end(run_id)
        return self._kept[run_id]

    async def document_at(self, run_id: str, at_event: int) -> bytes | LongDocument:
        """Give the document as event number ``at_event`` left it: what was known by then."""
        async with self._folding:
            return await anyio.to_thread.run_sync(self._fold, run_id, at_event)

    def _fold(self, run_id: str, at_event: int | None) -> bytes | LongDocument:
        fold = ResultsFold(run_id)
        with ExitStack() as files:
            spools = {
                name: files.enter_context(SpooledTemporaryFile(max_size=SPOOL_BYTES_MAX))
                for name in CURVES
            }
            for event in self._events(stream_of(run_id), at_event):
                decoded = decode(event.type, event.payload)
                for name, rows in fold.add(decoded, event.recorded_at, event.attachment):
                    if spools[name].tell():
                        spools[name].write(b",")
                    spools[name].write(rows)
            length = sum(spool.tell() for spool in spools.values())
            document = fold.document({name: _chunks(spool) for name, spool in spools.items()})
            if length <= DOCUMENT_CACHED_BYTES_MAX:
                return b"".join(document)
            return LongDocument(document, files.pop_all())

    def _events(self, stream: str, at_event: int | None) -> Iterable[Event]:
        # In a worker thread; the log is read on the loop that owns it.
        events = chain.from_iterable(self._pages(stream))
        return events if at_event is None else islice(events, at_event)

    def _pages(self, stream: str) -> Iterator[list[Event]]:
        cursor = 0
        while page := anyio.from_thread.run(partial(self._store.read, stream, cursor, PAGE_EVENTS)):
            yield page
            cursor = page[-1].event_id

    def _keep(self, run_id: str, document: bytes) -> None:
        if run_id not in self._kept:
            self._kept[run_id] = document
            self._kept_bytes += len(document)
        while self._kept_bytes > CACHED_BYTES_MAX:
            _, dropped = self._kept.popitem(last=False)
            self._kept_bytes -= len(dropped)


def _chunks(spool: "SpooledTemporaryFile[bytes]") -> Iterator[bytes]:
    spool.seek(0)
    while chunk := spool.read(CHUNK_BYTES):
        yield chunk
