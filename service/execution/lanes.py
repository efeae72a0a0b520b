"""From the log to whoever works on it: everything active is taken in hand, whatever breaks."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import NamedTuple

import anyio
import msgspec

from domain.optimizations import lifecycle as sweeps
from domain.runs import lifecycle as runs
from eventstore.errors import EventStoreError, VersionConflict
from eventstore.events import Event
from eventstore.store import EventStore

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0


class Work(NamedTuple):
    """What lanes work on: streams that begin with ``prefix``.

    ``oldest_active``: the ids of those that have not ended, at most so many, oldest first;
    ``do``: work on one until it has ended, however far it is already.
    """

    prefix: str
    oldest_active: Callable[[EventStore, int], Awaitable[list[str]]]
    do: Callable[[str], Awaitable[None]]


class Lanes:
    """Works on what is active in the log, oldest first, ``count`` at a time.

    They keep no queue of their own: what is active in the projection and not in hand is next. So a
    restart needs no recovery. What is cancelled in the log meanwhile is let go of.
    """

    def __init__(self, store: EventStore, work: Work, count: int) -> None:
        self._store = store
        self._work = work
        self._count = count
        self._in_hand: dict[str, anyio.CancelScope] = {}
        self._claiming = anyio.Lock()
        self._wake = anyio.Event()

    async def run(self) -> None:
        """Work until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._watch, await self._store.head())
            for _ in range(self._count):
                tasks.start_soon(self._lane)

    async def _watch(self, position: int) -> None:
        while True:
            try:
                async with aclosing(self._store.follow_all(position)) as pages:
                    async for page in pages:
                        self._react_to(page)
                        position = page[-1].position
                return
            except EventStoreError:
                logger.exception("the log cannot be followed")
                await anyio.sleep(RETRY_SECONDS)

    def _react_to(self, events: list[Event]) -> None:
        for event in events:
            if event.type == "state" and event.stream.startswith(self._work.prefix):
                self._react(event.stream.removeprefix(self._work.prefix), event.payload)

    def _react(self, id_: str, payload: bytes) -> None:
        match _decode_state(payload).state:
            case "queued" | "pending":
                self._wake.set()
                self._wake = anyio.Event()
            case "cancelled" if id_ in self._in_hand:
                self._in_hand[id_].cancel()
            case _:
                return

    async def _lane(self) -> None:
        while True:
            # Taken before the query: what is queued after it sets this very event.
            wake = self._wake
            try:
                claimed = await self._claim()
            except EventStoreError:
                logger.exception("the queue cannot be read")
                await anyio.sleep(RETRY_SECONDS)
                continue
            if claimed is None:
                await wake.wait()
                continue
            await self._take_in_hand(*claimed)

    async def _take_in_hand(self, id_: str, scope: anyio.CancelScope) -> None:
        try:
            with scope:
                await self._work.do(id_)
        except (VersionConflict, runs.IllegalMove, sweeps.IllegalMove):
            logger.info("it was ended by somebody else", extra={"run_id": id_})
        except (EventStoreError, OSError):
            # The log refuses, or no process can be started. The run's turn comes again.
            logger.exception("it has to wait", extra={"run_id": id_})
            await anyio.sleep(RETRY_SECONDS)
        except Exception:
            # It stays in hand, so that it is not tried again and again until the next start.
            logger.exception("it was set aside", extra={"run_id": id_})
            return
        del self._in_hand[id_]

    async def _claim(self) -> tuple[str, anyio.CancelScope] | None:
        async with self._claiming:
            for id_ in await self._work.oldest_active(self._store, len(self._in_hand) + 1):
                if id_ not in self._in_hand:
                    self._in_hand[id_] = anyio.CancelScope()
                    return id_, self._in_hand[id_]
        return None


class _State(msgspec.Struct, frozen=True, gc=False):
    state: str


_decode_state = msgspec.json.Decoder(_State).decode
