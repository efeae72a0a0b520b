"""A search by type finds what is there, and moves its cursor past everything else."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest

from eventstore.errors import InvalidArgument
from eventstore.events import Event, NewEvent, Page
from eventstore.limits import Limits
from eventstore.store import EventStore

EXAMINED = 10
STATE, METRIC = frozenset({"state"}), frozenset({"metric"})
BOTH = STATE | METRIC


@pytest.fixture
async def store(log: Path) -> AsyncIterator[EventStore]:
    """Streams ``a`` (40 events: a state at 1, 15, 16, 40, else progress) and ``b`` (5 metrics)."""
    async with await EventStore.open(log, limits=Limits(examined_events_max=EXAMINED)) as store:
        for event_id in range(1, 41):
            kind = "state" if event_id in (1, 15, 16, 40) else "progress"
            await store.append("a", [NewEvent(kind, b"%d" % event_id, b"tape")], event_id - 1)
            if event_id % 8 == 0:
                await store.append("b", [NewEvent("metric", b"{}")], event_id // 8 - 1)
        yield store


async def pages(
    store: EventStore, stream: str | None, types: frozenset[str] | None, limit: int
) -> list[Page]:
    """From the start to the head."""
    found = [Page([], 0, 1)]
    while found[-1].cursor < found[-1].head:
        found.append(await store.read_page(stream, found[-1].cursor, limit, types=types))
        assert found[-1].cursor > found[-2].cursor
        assert len(found[-1].events) <= limit
    return found[1:]


@pytest.mark.parametrize("limit", [1, 2, 100])
@pytest.mark.parametrize("types", [None, STATE, METRIC, BOTH, frozenset({"none"}), frozenset()])
@pytest.mark.parametrize("stream", ["a", "b", None])
async def test_the_pages_hold_every_event_of_these_types_once_in_order(
    store: EventStore, stream: str | None, types: frozenset[str] | None, limit: int
) -> None:
    everything = await store.read_all() if stream is None else await store.read(stream)

    found = [event for page in await pages(store, stream, types, limit) for event in page.events]

    assert [event.position for event in found] == [
        event.position for event in everything if types is None or event.type in types
    ]


async def test_a_page_looks_at_a_bounded_number_of_events_and_says_how_far_it_came(
    store: EventStore,
) -> None:
    found = await pages(store, "a", STATE, 100)

    assert [(page.cursor, [e.event_id for e in page.events]) for page in found] == [
        (10, [1]),
        (20, [15, 16]),
        (30, []),
        (40, [40]),
    ]
    assert {page.head for page in found} == {40}


async def test_a_full_page_ends_at_its_last_event(store: EventStore) -> None:
    page = await store.read_page("a", 10, 1, types=STATE)

    assert (page.cursor, [event.event_id for event in page.events]) == (15, [15])


async def test_a_cursor_at_or_beyond_the_head_stays(store: EventStore) -> None:
    assert await store.read_page("a", 40, types=STATE) == Page([], 40, 40)
    assert await store.read_page("a", 99, types=STATE) == Page([], 99, 40)
    assert await store.read_page("missing", 0) == Page([], 0, 0)
    assert await store.read_page(None, 99) == Page([], 99, 45)


async def test_attachments_come_only_when_asked_for(store: EventStore) -> None:
    for attachments, expected in ((False, None), (True, b"tape")):
        page = await store.read_page("a", types=STATE, attachments=attachments)
        assert [event.attachment for event in page.events] == [expected]


async def test_bad_cursors_and_limits_are_refused(store: EventStore) -> None:
    with pytest.raises(InvalidArgument):
        await store.read_page("a", -1)
    with pytest.raises(InvalidArgument):
        await store.read_page(None, 0, 0)
    with pytest.raises(InvalidArgument):
        store.follow_pages("a", -1)


@pytest.mark.parametrize("stream", ["a", None])
async def test_a_follower_passes_what_it_skips_and_goes_live(
    store: EventStore, stream: str | None
) -> None:
    follower = store.follow_pages(stream, types=STATE)
    seen: list[Event] = []
    cursors = [0]

    async def follow(states: int) -> None:
        async for page in follower:
            seen.extend(page.events)
            cursors.append(page.cursor)
            if len(seen) == states:
                return

    async with asyncio.timeout(30):
        await follow(4)
    assert [event.event_id for event in seen] == [1, 15, 16, 40]
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        tasks.create_task(follow(5))
        await store.append("a", [NewEvent("progress", b"{}")], 40)
        await store.append("a", [NewEvent("progress", b"{}")] * 25 + [NewEvent("state", b"")], 41)
    await follower.aclose()

    assert seen[-1].event_id == cursors[-1] - (0 if stream == "a" else 5) == 67
    assert cursors == sorted(set(cursors))
    assert max(after - before for before, after in pairwise(cursors)) <= EXAMINED


async def test_a_follower_waits_at_the_head_and_ends_with_the_store(store: EventStore) -> None:
    follower = store.follow_pages("b", 5, types=METRIC)

    async def rest() -> list[Page]:
        return [page async for page in follower]

    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        task = tasks.create_task(rest())
        await asyncio.sleep(0.01)
        await store.append("b", [NewEvent("progress", b"{}")], 5)
        await asyncio.sleep(0.05)
        await store.close()

    assert task.result() == [Page([], 6, 6)]
