"""Appends that come together share a transaction, within bounds."""

import asyncio
import threading
from pathlib import Path

from eventstore.chain import verify, without_gaps
from eventstore.events import NewEvent
from eventstore.limits import Limits
from eventstore.store import EventStore


class Transactions:
    """A clock that counts: the store asks the time once per transaction."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> int:
        self.count += 1
        return self.count


async def append_at_once(store: EventStore, streams: int, size: int) -> None:
    event = NewEvent("log", bytes(size))
    await asyncio.gather(*(store.append(f"s{n}", [event], 0) for n in range(streams)))


async def test_appends_of_one_moment_are_one_transaction(log: Path) -> None:
    transactions = Transactions()
    async with await EventStore.open(log, clock=transactions) as store:
        await append_at_once(store, streams=32, size=10)

        assert transactions.count == 1
        assert {event.recorded_at for event in await store.read_all()} == {1}


async def test_many_appenders_need_far_fewer_commits_than_appends(log: Path) -> None:
    transactions = Transactions()

    async def appender(store: EventStore, stream: str) -> None:
        for version in range(10):
            await store.append(stream, [NewEvent("log", b"{}")], version)

    async with await EventStore.open(log, clock=transactions) as store:
        await asyncio.gather(*(appender(store, f"s{n}") for n in range(32)))

    assert transactions.count <= 20  # 320 appends


async def test_a_transaction_holds_no_more_events_than_the_limit(log: Path) -> None:
    transactions = Transactions()
    limits = Limits(commit_events_max=8)
    async with await EventStore.open(log, clock=transactions, limits=limits) as store:
        await append_at_once(store, streams=32, size=10)
        assert transactions.count == 4

        await store.append("large", [NewEvent("log", b"{}")] * 20, 0)
        assert transactions.count == 5


async def test_a_transaction_holds_no_more_bytes_than_the_limit(log: Path) -> None:
    transactions = Transactions()
    limits = Limits(commit_bytes_max=1000)
    async with await EventStore.open(log, clock=transactions, limits=limits) as store:
        await append_at_once(store, streams=9, size=300)

    assert transactions.count == 3


async def test_appends_to_one_stream_in_one_group_chain(
    gated: EventStore, gate: threading.Event
) -> None:
    gate.set()
    await asyncio.gather(
        *(
            gated.append("a", [NewEvent("log", b"%d" % version)] * 2, version * 2)
            for version in range(10)
        )
    )

    events = await gated.read("a")
    assert [event.event_id for event in events] == list(range(1, 21))
    assert verify(without_gaps(events))["a"].version == 20
