"""Followers catch up, go live, and end with the store."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from eventstore.errors import StoreClosed
from eventstore.events import Event, NewEvent
from eventstore.store import EventStore

EVENT = NewEvent("log", b"{}", b"tape")


async def test_follow_catches_up_in_pages_and_goes_live(store: EventStore) -> None:
    await store.append("a", [EVENT] * 5, 0)
    await store.append("b", [EVENT], 0)
    pages = store.follow("a", after=1, page_events=2)

    assert [event.event_id for event in await anext(pages)] == [2, 3]
    assert [event.event_id for event in await anext(pages)] == [4, 5]
    async with asyncio.TaskGroup() as tasks:
        live = tasks.create_task(take_one(pages))
        await asyncio.sleep(0.01)
        assert not live.done()
        await store.append("b", [EVENT], 1)
        await store.append("a", [EVENT], 5)

    assert [(event.stream, event.event_id) for event in live.result()] == [("a", 6)]
    await pages.aclose()


async def test_follow_waits_for_a_stream_that_does_not_exist_yet(store: EventStore) -> None:
    pages = store.follow("later")
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(take_one(pages))
        await asyncio.sleep(0.01)
        await store.append("later", [EVENT, EVENT], 0)

    assert [event.event_id for event in first.result()] == [1, 2]
    await pages.aclose()


async def test_follow_all_sees_every_stream_in_order_of_position(store: EventStore) -> None:
    await store.append("a", [EVENT] * 3, 0)
    await store.append("b", [EVENT], 0)
    pages = store.follow_all(1, page_events=2)

    assert [event.position for event in await anext(pages)] == [2, 3]
    assert [event.stream for event in await anext(pages)] == ["b"]
    async with asyncio.TaskGroup() as tasks:
        live = tasks.create_task(take_one(pages))
        await asyncio.sleep(0.01)
        await store.append("c", [EVENT], 0)

    assert [(event.position, event.stream) for event in live.result()] == [(5, "c")]
    await pages.aclose()


async def test_attachments_come_only_when_asked_for(store: EventStore) -> None:
    await store.append("a", [EVENT], 0)
    for pages, attachment in [
        (store.follow("a"), None),
        (store.follow("a", attachments=True), b"tape"),
        (store.follow_all(), None),
        (store.follow_all(attachments=True), b"tape"),
    ]:
        assert [event.attachment for event in await anext(pages)] == [attachment]
        await pages.aclose()


async def test_a_follower_that_stops_reading_misses_nothing(store: EventStore) -> None:
    await store.append("a", [EVENT], 0)
    pages = store.follow("a")
    await anext(pages)
    for version in range(1, 200):
        await store.append("a", [EVENT], version)

    assert [event.event_id for event in await anext(pages)] == list(range(2, 201))
    await pages.aclose()


async def test_a_cancelled_follower_disturbs_no_other(store: EventStore) -> None:
    async with asyncio.TaskGroup() as tasks:
        followers = [tasks.create_task(take_one(store.follow("a"))) for _ in range(3)]
        await asyncio.sleep(0.01)
        followers[0].cancel()
        await asyncio.sleep(0.01)
        await store.append("a", [EVENT], 0)

    assert followers[0].cancelled()
    assert [len(task.result()) for task in followers[1:]] == [1, 1]


async def test_closing_the_store_ends_followers(store: EventStore) -> None:
    async def seen_until_the_end() -> int:
        return sum([len(page) async for page in store.follow_all()])

    await store.append("a", [EVENT] * 3, 0)
    async with asyncio.TaskGroup() as tasks:
        caught_up = [tasks.create_task(seen_until_the_end()) for _ in range(5)]
        await asyncio.sleep(0.05)
        just_started = tasks.create_task(seen_until_the_end())
        await store.close()

    assert [task.result() for task in caught_up] == [3] * 5
    assert just_started.result() in (0, 3)
    assert [page async for page in store.follow("a")] == []
    with pytest.raises(StoreClosed):
        await store.read("a")


async def take_one(pages: AsyncIterator[list[Event]]) -> list[Event]:
    return await anext(pages)
