"""Results documents, folded from the log on demand; a completed run's never changes."""

from contextlib import ExitStack
from tempfile import SpooledTemporaryFile

import anyio

from domain.runs.curves import CURVES
from domain.runs.events import decode
from domain.runs.results import ResultsFold
from eventstore.store import EventStore
from service.kept import Kept
from service.long_document import LongDocument, pieces_of
from service.projections import stream_of
from service.stream_events import events_until

CACHED_BYTES_MAX = 64 * 1024 * 1024
DOCUMENT_CACHED_BYTES_MAX = CACHED_BYTES_MAX // 4
SPOOL_BYTES_MAX = 8 * 1024 * 1024
PAGE_EVENTS = 64
FOLDS_AT_ONCE_MAX = 2


class Results:
    """Answers with a run's results document, in bounded memory whatever its length.

    Documents up to a bound are kept, the least recently used go first; a longer one is folded
    into temporary files and streamed from them.
    """

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._kept: Kept[str] = Kept(CACHED_BYTES_MAX)
        self._folding = anyio.Semaphore(FOLDS_AT_ONCE_MAX)

    async def document(self, run_id: str) -> bytes | LongDocument:
        """Give the document of a completed run."""
        if (kept := self._kept.find(run_id)) is not None:
            return kept
        last = await self._store.head(stream_of(run_id))
        # Few at a time, for their memory; whoever waited for the same one finds it kept.
        async with self._folding:
            if (kept := self._kept.find(run_id)) is not None:
                return kept
            document = await anyio.to_thread.run_sync(self._fold, run_id, last)
            if isinstance(document, bytes):
                self._kept.keep(run_id, document)
            return document

    async def document_at(self, run_id: str, at_event: int) -> bytes | LongDocument:
        """Give the document as event number ``at_event`` left it: what was known by then."""
        async with self._folding:
            return await anyio.to_thread.run_sync(self._fold, run_id, at_event)

    def _fold(self, run_id: str, until: int) -> bytes | LongDocument:
        fold = ResultsFold(run_id)
        with ExitStack() as files:
            spools = {
                name: files.enter_context(SpooledTemporaryFile(max_size=SPOOL_BYTES_MAX))
                for name in CURVES
            }
            stream = stream_of(run_id)
            for event in events_until(self._store, stream, until, page_events=PAGE_EVENTS):
                decoded = decode(event.type, event.payload)
                for name, rows in fold.add(decoded, event.recorded_at, event.attachment):
                    if spools[name].tell():
                        spools[name].write(b",")
                    spools[name].write(rows)
            length = sum(spool.tell() for spool in spools.values())
            document = fold.document({name: pieces_of(spool) for name, spool in spools.items()})
            if length <= DOCUMENT_CACHED_BYTES_MAX:
                return b"".join(document)
            return LongDocument(document, files.pop_all())
