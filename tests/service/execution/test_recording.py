"""What the log holds of a run, held against its re-execution."""

from pathlib import Path

import pytest

from domain.runs.events import EncodedEvent
from eventstore.events import NewEvent
from eventstore.store import EventStore
from service.execution.recording import PAGE_EVENTS, Diverged, Recording
from service.runs import stored_form

STREAM = "backtest-a"
QUEUED = NewEvent("state", b'{"state":"queued"}')
EVENTS = [EncodedEvent("progress", b"%d" % n, b"tape %d" % n) for n in range(2 * PAGE_EVENTS + 3)]


async def _unseen(log: Path, stored: int, sizes: list[int]) -> list[EncodedEvent]:
    """Yield ``EVENTS`` in batches of these sizes against a log of the first ``stored`` of them."""
    async with await EventStore.open(log) as store:
        await store.append(STREAM, [QUEUED, *stored_form(EVENTS[:stored])], 0)
        recording = Recording(store, STREAM, after=1)
        unseen: list[EncodedEvent] = []
        start = 0
        for size in [*sizes, len(EVENTS)]:
            unseen += await recording.unseen(EVENTS[start : start + size])
            start += size
        return unseen


@pytest.mark.parametrize(
    "stored", [0, 1, PAGE_EVENTS - 1, PAGE_EVENTS, PAGE_EVENTS + 1, len(EVENTS)]
)
@pytest.mark.parametrize("sizes", [[], [1] * 5, [PAGE_EVENTS, 1, 0, 3]])
async def test_stored_events_are_skipped_once_and_the_rest_is_left(
    log: Path, stored: int, sizes: list[int]
) -> None:
    assert await _unseen(log, stored, sizes) == EVENTS[stored:]


@pytest.mark.parametrize(
    "other",
    [
        EncodedEvent("log", b"1", b"tape 1"),
        EncodedEvent("progress", b"one", b"tape 1"),
        EncodedEvent("progress", b"1", b"tape one"),
        EncodedEvent("progress", b"1", None),
    ],
)
async def test_the_first_event_that_differs_in_anything_is_named(
    log: Path, other: EncodedEvent
) -> None:
    async with await EventStore.open(log) as store:
        await store.append(STREAM, [QUEUED, *stored_form(EVENTS[:4])], 0)
        recording = Recording(store, STREAM, after=1)
        assert await recording.unseen(EVENTS[:1]) == []
        with pytest.raises(Diverged, match=rf"event 3: .* progress event .* gave a {other.type}"):
            await recording.unseen([other, *EVENTS[2:]])
