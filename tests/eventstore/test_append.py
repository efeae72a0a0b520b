"""What is appended is what is read: bytes, order, numbers."""

import asyncio
import threading
from pathlib import Path

import pytest

from eventstore.errors import InvalidArgument
from eventstore.events import Appended, NewEvent
from eventstore.limits import Limits
from eventstore.store import EventStore

EVENT = NewEvent("log", b"{}")


async def test_what_was_appended_is_read_back_byte_for_byte(store: EventStore) -> None:
    events = [
        NewEvent("state", b'{"state": "queued"}'),
        NewEvent("progress", "é漢🙂".encode(), b"\x00tape\xff"),
        NewEvent("metric", b"", b""),
    ]

    appended = await store.append("backtest-1", events, 0)

    assert appended == Appended(version=3, position=3)
    read = await store.read("backtest-1")
    assert [NewEvent(event.type, event.payload, event.attachment) for event in read] == events
    assert [event.event_id for event in read] == [1, 2, 3]
    assert [event.position for event in read] == [1, 2, 3]


async def test_reading_without_attachments_leaves_everything_else(store: EventStore) -> None:
    await store.append("a", [NewEvent("progress", b"{}", b"tape")], 0)

    (full,) = await store.read("a")
    (light,) = await store.read("a", attachments=False)
    (light_of_all,) = await store.read_all(attachments=False)

    assert full.attachment == b"tape"
    assert light.attachment is None
    assert light == light_of_all
    assert (light.payload, light.hash, light.recorded_at) == (
        full.payload,
        full.hash,
        full.recorded_at,
    )


async def test_pages_start_after_the_cursor(store: EventStore) -> None:
    for version in range(5):
        await store.append("a", [EVENT], version)
        await store.append("b", [EVENT], version)

    assert [event.event_id for event in await store.read("a", after=1, limit=2)] == [2, 3]
    assert [event.position for event in await store.read_all(3, limit=2)] == [4, 5]
    assert await store.read("a", after=5) == []
    assert await store.read("nobody") == []


async def test_concurrent_appends_take_positions_without_a_gap(store: EventStore) -> None:
    async def appender(stream: str) -> list[int]:
        return [(await store.append(stream, [EVENT], version)).position for version in range(10)]

    positions = await asyncio.gather(*(appender(f"stream-{number}") for number in range(20)))

    assert sorted(position for own in positions for position in own) == list(range(1, 201))
    assert [event.position for event in await store.read_all()] == list(range(1, 201))
    for number in range(20):
        ids = [event.event_id for event in await store.read(f"stream-{number}")]
        assert ids == list(range(1, 11))


async def test_head_is_the_version_of_a_stream_or_the_last_position(store: EventStore) -> None:
    assert await store.head() == 0
    assert await store.head("a") == 0

    await store.append("a", [EVENT, EVENT], 0)
    await store.append("b", [EVENT], 0)

    assert await store.head("a") == 2
    assert await store.head("b") == 1
    assert await store.head() == 3


async def test_the_clock_stamps_every_event_of_a_transaction(log: Path) -> None:
    async with await EventStore.open(log, clock=iter([7, 9]).__next__) as store:
        await store.append("a", [EVENT, EVENT], 0)
        await store.append("a", [EVENT], 2)

        assert [event.recorded_at for event in await store.read("a")] == [7, 7, 9]


async def test_numbers_go_on_after_reopening(log: Path) -> None:
    for version in range(3):
        async with await EventStore.open(log) as store:
            assert await store.append("a", [EVENT], version) == Appended(version + 1, version + 1)


async def test_a_head_that_left_the_cache_is_found_in_the_log(log: Path) -> None:
    async with await EventStore.open(log, limits=Limits(heads_cached_max=2)) as store:
        for version in range(3):
            for stream in "abcde":
                await store.append(stream, [EVENT], version)

        assert [await store.head(stream) for stream in "abcde"] == [3] * 5


SMALL = Limits(stream_bytes_max=8, type_bytes_max=8, append_events_max=2, append_bytes_max=10)


@pytest.mark.parametrize(
    ("stream", "events", "expected_version", "said"),
    [
        ("", [EVENT], 0, "stream name"),
        ("123456789", [EVENT], 0, "1 to 8 bytes"),
        ("漢漢漢", [EVENT], 0, "1 to 8 bytes"),
        ("a\0b", [EVENT], 0, "no NUL"),
        ("\ud800", [EVENT], 0, "UTF-8"),
        (b"a", [EVENT], 0, "must be str"),
        ("a", [], 0, "0 events"),
        ("a", [EVENT] * 3, 0, "between 1 and 2"),
        ("a", [EVENT], -1, "expected_version is -1"),
        ("a", [EVENT], None, "expected_version is None"),
        ("a", [EVENT], True, "expected_version is True"),
        ("a", [b"{}"], 0, "takes NewEvent, not bytes"),
        ("a", [NewEvent("", b"")], 0, "event type"),
        ("a", [NewEvent("123456789", b"")], 0, "1 to 8 bytes"),
        ("a", [NewEvent("x", "{}")], 0, "payload is str"),  # type: ignore[arg-type]  # on purpose
        ("a", [NewEvent("x", b"", "{}")], 0, "attachment is str"),  # type: ignore[arg-type]  # on purpose
        ("a", [NewEvent("x", b"12345", b"123456")], 0, "11 bytes"),
        ("a", [NewEvent("x", b"123456"), NewEvent("x", b"12345")], 0, "11 bytes"),
    ],
)
async def test_an_append_that_cannot_be_right_is_refused_before_it_is_queued(
    log: Path, stream: str, events: list[NewEvent], expected_version: int, said: str
) -> None:
    async with await EventStore.open(log, limits=SMALL) as store:
        with pytest.raises(InvalidArgument, match=said):
            await store.append(stream, events, expected_version)

        assert await store.head() == 0


@pytest.mark.parametrize(("after", "limit"), [(-1, 1), (0, 0), (0, -1)])
async def test_a_page_that_cannot_be_right_is_refused(
    store: EventStore, after: int, limit: int
) -> None:
    with pytest.raises(InvalidArgument):
        await store.read("a", after, limit)
    with pytest.raises(InvalidArgument):
        await store.read_all(after, limit)
    with pytest.raises(InvalidArgument):
        store.follow("a", after, page_events=limit)
    with pytest.raises(InvalidArgument):
        store.follow_all(after, page_events=limit)


async def test_the_caller_may_reuse_its_list(gated: EventStore, gate: threading.Event) -> None:
    events = [EVENT]
    async with asyncio.TaskGroup() as tasks:
        append = tasks.create_task(gated.append("a", events, 0))
        await asyncio.sleep(0)
        events.clear()
        gate.set()

    assert append.result().version == 1


def test_a_limit_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="read_connections is 0"):
        Limits(read_connections=0)
