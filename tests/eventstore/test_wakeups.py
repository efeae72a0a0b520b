"""An event appended at any moment of a follower's life reaches it exactly once.

A follower's loop has four places where an append can slip in: before its read, after its read,
while its consumer handles a page, and while it waits. A plan says at which of these moments, in the
order in which the follower comes to them, an event is appended; every plan is played. Whenever the
follower waits, it must have seen all there is. The same plans convict the tempting order, which
reads before it takes the waiter.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from itertools import product
from typing import Literal

import pytest

from eventstore.events import Event, NewEvent
from eventstore.follow import Wakeups, follow
from eventstore.store import EventStore

EVENT = NewEvent("log", b"{}")
MOMENTS = 7

Read = Callable[[int], Awaitable[tuple[list[Event], int, bool]]]
Follow = Callable[
    [Read, Callable[[], asyncio.Event], int, float | None], AsyncGenerator[list[Event], None]
]


async def naive(
    read: Read, take_waiter: Callable[[], asyncio.Event], after: int, poll_seconds: float | None
) -> AsyncGenerator[list[Event], None]:
    """The tempting order: read, then wait."""
    while True:
        page, cursor, more = await read(after)
        if cursor > after:
            after = cursor
            yield page
        if not more:
            await take_waiter().wait()


class Observed(asyncio.Event):
    """The store's waiter, telling when its follower comes to rest."""

    def __init__(self, waiter: asyncio.Event, rest: asyncio.Event) -> None:
        super().__init__()
        self._waiter = waiter
        self._rest = rest

    async def wait(self) -> Literal[True]:
        if not self._waiter.is_set():
            self._rest.set()
        return await self._waiter.wait()


class Play:
    """One follower of one stream, and the appends that happen around it."""

    def __init__(self, store: EventStore, stream: str, plan: tuple[bool, ...]) -> None:
        self.store = store
        self.stream = stream
        self.plan = list(plan)
        self.appended = 0
        self.seen: list[int] = []
        self.rest = asyncio.Event()

    async def moment(self) -> None:
        if self.plan and self.plan.pop(0):
            self.appended = (await self.store.append(self.stream, [EVENT], self.appended)).version

    async def consume(self, loop: Follow, page_events: int) -> None:
        async def read(after: int) -> tuple[list[Event], int, bool]:
            await self.moment()
            page = await self.store.read(self.stream, after, page_events)
            await self.moment()
            return page, page[-1].event_id if page else after, len(page) == page_events

        def take_waiter() -> asyncio.Event:
            return Observed(self.store._wakeups.waiter(self.stream), self.rest)

        async for page in loop(read, take_waiter, 0, None):
            self.seen.extend(event.event_id for event in page)
            await self.moment()

    async def run(self, loop: Follow, page_events: int) -> bool:
        """Play to the end of the plan; whether each event was seen once, in order, in time."""
        async with asyncio.TaskGroup() as tasks:
            follower = tasks.create_task(self.consume(loop, page_events))
            up_to_date = True
            while up_to_date:
                await self.rest.wait()
                self.rest.clear()
                up_to_date = self.seen == list(range(1, self.appended + 1))
                before = self.appended
                while self.plan and self.appended == before:
                    await self.moment()
                if self.appended == before:
                    break
            follower.cancel()
        return up_to_date


@pytest.mark.parametrize("page_events", [1, 2, 100])
async def test_no_moment_loses_an_event(store: EventStore, page_events: int) -> None:
    for number, plan in enumerate(product((False, True), repeat=MOMENTS)):
        play = Play(store, f"stream-{number}", plan)
        assert await play.run(follow, page_events), plan
        assert play.appended == sum(plan)


async def test_reading_before_taking_the_waiter_loses_the_event_after_the_read(
    store: EventStore,
) -> None:
    assert not await Play(store, "naive", (False, True)).run(naive, 100)
    assert await Play(store, "ours", (False, True)).run(follow, 100)


@pytest.mark.parametrize("seed", range(8))
async def test_many_followers_and_appenders_in_random_order(store: EventStore, seed: int) -> None:
    chance = random.Random(seed)
    print(f"seed {seed}")
    total = 60

    async def appender() -> None:
        version = 0
        while version < total:
            count = min(chance.randint(1, 4), total - version)
            await store.append("a", [EVENT] * count, version)
            await store.append("other", [EVENT], await store.head("other"))
            version += count
            for _ in range(chance.randint(0, 5)):
                await asyncio.sleep(0)

    async def follower(after: int, page_events: int) -> tuple[int, list[int]]:
        for _ in range(chance.randint(0, 30)):
            await asyncio.sleep(0)
        start, seen = after, list[int]()
        pages = store.follow("a", after, page_events=page_events)
        async for page in pages:
            assert page
            seen.extend(event.event_id for event in page)
            await asyncio.sleep(chance.choice((0, 0, 0.001)))
            if seen[-1] == total:
                break
        await pages.aclose()
        return start, seen

    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(appender())
        followers = [
            tasks.create_task(follower(chance.randrange(total), chance.randint(1, 10)))
            for _ in range(10)
        ]

    for task in followers:
        start, seen = task.result()
        assert seen == list(range(start + 1, total + 1))


async def test_wakeups_forget_what_nobody_follows() -> None:
    wakeups = Wakeups()
    held = wakeups.waiter("a")
    assert wakeups.waiter("a") is held
    wakeups.waiter("b")
    assert len(wakeups) == 1

    wakeups.wake(["a", "b"])

    assert held.is_set()
    assert len(wakeups) == 0
    assert not wakeups.waiter("a").is_set()


async def test_followers_that_leave_leave_nothing_behind(store: EventStore) -> None:
    async def follower(stream: str) -> None:
        async for _ in store.follow(stream):
            pass

    async with asyncio.TaskGroup() as tasks:
        followers = [tasks.create_task(follower(f"s{number}")) for number in range(50)]
        await asyncio.sleep(0.05)
        assert len(store._wakeups) == 50
        for task in followers:
            task.cancel()

    del followers, task
    assert len(store._wakeups) == 0
