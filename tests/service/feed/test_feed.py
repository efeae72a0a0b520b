"""Followers share what one of them has read and encoded, and none misses an event for it."""

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from domain.runs.events import Logged, encode
from eventstore.errors import ReadFailed
from eventstore.store import EventStore
from service.feed.feed import Feed
from service.feed.frames import Frame, encoded
from service.feed.tail import (
    PAGE_BYTES_MAX,
    PAGE_EVENTS_MAX,
    TAIL_BYTES_MAX,
    TAILS_BYTES_MAX,
    Page,
    Tails,
)
from service.runs import stored_form
from tests.tampering import tampered

STREAM = "backtest-a"
SEED = 7


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[EventStore]:
    async with await EventStore.open(tmp_path / "log.db") as store:
        yield store


async def append(store: EventStore, count: int = 1, text: str = "line") -> None:
    events = stored_form([encode(Logged(text))] * count)
    await store.append(STREAM, events, await store.head(STREAM))


async def collect(feed: Feed, after: int, until: int, stream: str | None = STREAM) -> list[Frame]:
    """The frames that a follower gets up to a cursor, soon."""
    frames: list[Frame] = []
    with anyio.fail_after(10):
        async with aclosing(feed.follow(stream, after)) as pages:
            async for page in pages:
                frames += page.frames
                if page.cursor >= until:
                    break
    assert frames[-1].cursor >= until, "the feed ended"
    return frames


@pytest.mark.parametrize("stream", [STREAM, None])
async def test_each_event_is_encoded_once_for_all_who_follow(
    store: EventStore, stream: str | None
) -> None:
    feed = Feed(store)
    await append(store)
    received: list[list[Frame]] = []

    async def follow() -> None:
        received.append(await collect(feed, 1, 51, stream))

    async with anyio.create_task_group() as tasks:
        for _ in range(40):
            tasks.start_soon(follow)
        for _ in range(50):
            await anyio.sleep(0.001)
            await append(store)
    assert len(received) == 40
    for frames in zip(*received, strict=True):
        assert len({id(frame) for frame in frames}) == 1


async def test_who_comes_later_is_given_what_was_encoded_already(store: EventStore) -> None:
    feed = Feed(store)
    await append(store, 50)
    first = await collect(feed, 0, 50)
    for cursor in range(50):
        later = await collect(feed, cursor, 50)
        assert [id(frame) for frame in later] == [id(frame) for frame in first[cursor:]]


async def test_the_past_is_shared_too_by_several_who_read_it(store: EventStore) -> None:
    feed = Feed(store)
    await append(store, 3 * PAGE_EVENTS_MAX)
    first, second = feed.follow(STREAM, 0), feed.follow(STREAM, 0)
    async with aclosing(first), aclosing(second):
        alone = [await anext(first), await anext(second)]
        together = [await anext(first), await anext(second)]
    assert alone[0].frames == alone[1].frames
    assert together[0].frames[0].cursor == PAGE_EVENTS_MAX + 1
    for frame, same in zip(*(page.frames for page in together), strict=True):
        assert frame is same


async def test_reads_that_overlap_are_joined_without_a_gap_or_a_double(store: EventStore) -> None:
    await append(store, 30)
    frames = encoded(STREAM, await store.read(STREAM))
    tails = Tails()
    for after, end in ((5, 12), (9, 20), (7, 15), (0, 3), (20, 22), (2, 25)):
        tails.extend(STREAM, after, frames[after:end], store.grown(STREAM))
    page = tails.page(STREAM, 5)
    assert page is not None
    assert page.frames == frames[5:25]
    assert tails.page(STREAM, 4) is None
    tails.extend(STREAM, 27, frames[27:], None)
    assert tails.page(STREAM, 24) is None
    assert tails.page(STREAM, 30) is None


async def test_followers_come_and_go_at_any_moment_and_miss_nothing(store: EventStore) -> None:
    print(f"seed {SEED}")
    feed, chance, last = Feed(store), random.Random(SEED), 400

    async def follow(cursor: int) -> None:
        while cursor < last:
            async with aclosing(feed.follow(STREAM, cursor)) as pages:
                async for page in pages:
                    cursors = [frame.cursor for frame in page.frames]
                    assert cursors == list(range(cursor + 1, cursor + 1 + len(cursors)))
                    cursor = page.cursor
                    if chance.random() < 0.2 or cursor == last:
                        break
                    if chance.random() < 0.2:
                        await anyio.sleep(chance.random() / 50)

    await append(store)
    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            for _ in range(30):
                tasks.start_soon(follow, chance.randint(0, 1))
            while (head := await store.head(STREAM)) < last:
                await append(store, min(chance.randint(1, 5), last - head))
                if chance.random() < 0.5:
                    await anyio.sleep(0.001)


async def test_a_reader_that_is_cancelled_leaves_the_others_reading(store: EventStore) -> None:
    feed = Feed(store)
    await append(store, 10)
    received: list[Frame] = []

    async def join() -> None:
        received.extend(await collect(feed, 0, 10))

    async def lead() -> None:
        with leader:
            await collect(feed, 0, 10)

    leader = anyio.CancelScope()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lead)
            tasks.start_soon(join)
            await anyio.wait_all_tasks_blocked()
            leader.cancel()
    assert leader.cancelled_caught
    assert [frame.cursor for frame in received] == list(range(1, 11))


async def test_pages_are_bounded_in_events_and_in_bytes(store: EventStore) -> None:
    await append(store, 3 * PAGE_EVENTS_MAX)
    await append(store, 40, "x" * (PAGE_BYTES_MAX // 8))
    await append(store, 3, "x" * (2 * PAGE_BYTES_MAX))
    last = await store.head(STREAM)
    for followers in (1, 2):  # alone from the log, together from the tail
        feed, pages = Feed(store), list[Page]()

        async def follow(pages: list[Page] = pages, feed: Feed = feed) -> None:
            async with aclosing(feed.follow(STREAM, 0)) as followed:
                async for page in followed:
                    pages.append(page)
                    if page.cursor == last:
                        return

        async with anyio.create_task_group() as tasks:
            for _ in range(followers):
                tasks.start_soon(follow)
        sizes = [(len(page.frames), sum(frame.bytes for frame in page.frames)) for page in pages]
        assert all(count <= PAGE_EVENTS_MAX for count, _ in sizes)
        assert all(size <= PAGE_BYTES_MAX for count, size in sizes if count > 1)
        assert sum(count for count, _ in sizes) == followers * last


async def test_a_tail_forgets_the_oldest_and_tails_the_least_used(store: EventStore) -> None:
    await append(store, 500, "x" * 10_000)
    frames = encoded(STREAM, await store.read(STREAM))
    tails = Tails()
    for number in range(2 * TAILS_BYTES_MAX // TAIL_BYTES_MAX):
        tails.extend(f"backtest-{number}", 0, frames, store.grown(STREAM))
        assert tails.page(f"backtest-{number}", 0) is None
        page = tails.page(f"backtest-{number}", 499)
        assert page is not None
        assert page.frames == frames[-1:]
    assert tails.bytes <= TAILS_BYTES_MAX
    assert tails.page("backtest-0", 499) is None


@pytest.mark.parametrize("stream", [STREAM, None])
async def test_events_that_are_missing_end_a_feed_before_anything_comes_twice(
    store: EventStore, tmp_path: Path, stream: str | None
) -> None:
    await append(store, 1200)
    with tampered(tmp_path / "log.db") as connection:
        connection.execute("DELETE FROM events WHERE position BETWEEN 700 AND 702")
    pages = Feed(store).follow(stream, 0)
    assert [frame.cursor for frame in (await anext(pages)).frames] == list(range(1, 501))
    with pytest.raises(ReadFailed, match="events are missing between 500 and 1003"):
        await anext(pages)


async def test_a_beat_comes_on_time_without_events(store: EventStore) -> None:
    await append(store, 2)
    pages: list[tuple[Sequence[Frame], int]] = []
    with anyio.move_on_after(0.25):
        async for page in Feed(store).follow(STREAM, 2, 0.1):
            pages.append((page.frames, page.cursor))  # noqa: PERF401 (cut off in the middle)
    assert pages == [((), 2)] * 2


@pytest.mark.parametrize("closing", ["feed", "store"])
async def test_followers_end_when_what_they_follow_is_closed(
    store: EventStore, closing: str
) -> None:
    feed, ended = Feed(store), list[int]()
    await append(store)

    async def follow(cursor: int) -> None:
        async for _ in feed.follow(STREAM, cursor, None if cursor else 60):
            pass
        ended.append(cursor)

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            for cursor in (0, 1, 1):
                tasks.start_soon(follow, cursor)
            await anyio.sleep(0.05)
            if closing == "feed":
                feed.close()
                feed.close()
            else:
                await store.close()
            await follow(1)
    assert sorted(ended) == [0, 1, 1, 1]


async def test_a_read_only_log_is_followed_as_another_process_writes_it(
    store: EventStore, tmp_path: Path
) -> None:
    async with await EventStore.open(tmp_path / "log.db", read_only=True) as reader:
        feed = Feed(reader)
        frames: list[Frame] = []

        async def follow() -> None:
            frames.extend(await collect(feed, 0, 3))

        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(follow)
                for _ in range(3):
                    await anyio.sleep(0.05)
                    await append(store)
    assert [frame.cursor for frame in frames] == [1, 2, 3]
