"""Of appends that expect the same version one wins, and the others harm nobody."""

import asyncio
import threading

import pytest

from eventstore.errors import VersionConflict
from eventstore.events import Appended, NewEvent
from eventstore.store import EventStore

EVENT = NewEvent("log", b"{}")


@pytest.mark.parametrize("expected", [0, 1, 3, 1000])
async def test_the_conflict_says_what_was_expected_and_what_is(
    store: EventStore, expected: int
) -> None:
    await store.append("a", [EVENT, EVENT], 0)

    with pytest.raises(VersionConflict, match="holds 2 events") as caught:
        await store.append("a", [EVENT], expected)

    conflict = caught.value
    assert (conflict.stream, conflict.expected, conflict.actual) == ("a", expected, 2)
    assert await store.append("a", [EVENT], 2) == Appended(3, 3)


async def test_exactly_one_of_many_rivals_wins_each_version(store: EventStore) -> None:
    async def rival(name: int) -> int:
        won = version = 0
        while version < 20:
            try:
                await store.append("a", [NewEvent("log", b"%d" % name)], version)
                won += 1
                version += 1
            except VersionConflict as conflict:
                version = conflict.actual
        return won

    won = await asyncio.gather(*map(rival, range(8)))

    events = await store.read("a")
    assert [event.event_id for event in events] == list(range(1, len(events) + 1))
    assert [sum(event.payload == b"%d" % name for event in events) for name in range(8)] == won


async def test_a_conflict_fails_only_its_own_append_in_a_group(
    gated: EventStore, gate: threading.Event
) -> None:
    async with asyncio.TaskGroup() as tasks:
        blocked = tasks.create_task(gated.append("first", [EVENT], 0))
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # the writer has taken it; what follows makes one group
        group = asyncio.gather(
            gated.append("a", [EVENT, EVENT], 0),
            gated.append("a", [EVENT], 0),
            gated.append("a", [EVENT], 2),
            gated.append("b", [EVENT], 7),
            gated.append("b", [EVENT], 0),
            return_exceptions=True,
        )
        await asyncio.sleep(0)
        gate.set()
        outcomes = await group

    assert blocked.result() == Appended(1, 1)
    assert [type(outcome) for outcome in outcomes] == [
        Appended,
        VersionConflict,
        Appended,
        VersionConflict,
        Appended,
    ]
    assert outcomes[0] == Appended(2, 3)
    assert outcomes[2] == Appended(3, 4)
    assert outcomes[4] == Appended(1, 5)
    assert await gated.head() == 5
