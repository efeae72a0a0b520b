"""Any history of appends, reads and reopenings agrees with plain lists."""

import tempfile
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from eventstore.chain import verify, without_gaps
from eventstore.errors import VersionConflict
from eventstore.events import Appended, NewEvent
from eventstore.limits import Limits
from eventstore.store import EventStore

STREAMS = st.sampled_from(["a", "ab", "é"])
NEW_EVENTS = st.builds(
    NewEvent,
    type=st.sampled_from(["state", "progress"]),
    payload=st.binary(max_size=20),
    attachment=st.none() | st.binary(max_size=5000),
)


class Append(NamedTuple):
    stream: str
    events: list[NewEvent]
    off_by: int


class Read(NamedTuple):
    stream: str | None
    after: int
    limit: int
    attachments: bool


class Reopen(NamedTuple):
    pass


Step: TypeAlias = Append | Read | Reopen

STEPS = st.lists(
    st.one_of(
        st.builds(
            Append,
            STREAMS,
            st.lists(NEW_EVENTS, min_size=1, max_size=4),
            st.sampled_from([0, 0, 0, 0, 1, -1]),
        ),
        st.builds(Read, st.none() | STREAMS, st.integers(0, 12), st.integers(1, 12), st.booleans()),
        st.just(Reopen()),
    ),
    max_size=20,
)


class Stored(NamedTuple):
    """An event without what only the store can say: the time and the hash."""

    position: int
    stream: str
    event_id: int
    type: str
    payload: bytes
    attachment: bytes | None


class Model:
    """The log as one list."""

    def __init__(self) -> None:
        self.log: list[Stored] = []

    def version(self, stream: str) -> int:
        return sum(stored.stream == stream for stored in self.log)

    def append(self, stream: str, events: list[NewEvent]) -> Appended:
        for new in events:
            number, position = self.version(stream) + 1, len(self.log) + 1
            stored = Stored(position, stream, number, new.type, new.payload, new.attachment)
            self.log.append(stored)
        return Appended(number, position)

    def read(self, step: Read) -> list[Stored]:
        if step.stream is None:
            found = [stored for stored in self.log if stored.position > step.after]
        else:
            own = [stored for stored in self.log if stored.stream == step.stream]
            found = [stored for stored in own if stored.event_id > step.after]
        if not step.attachments:
            found = [stored._replace(attachment=None) for stored in found]
        return found[: step.limit]


async def append(store: EventStore, model: Model, step: Append) -> None:
    actual = model.version(step.stream)
    expected = max(0, actual + step.off_by)
    if expected == actual:
        appended = await store.append(step.stream, step.events, expected)
        assert appended == model.append(step.stream, step.events)
    else:
        with pytest.raises(VersionConflict) as caught:
            await store.append(step.stream, step.events, expected)
        assert caught.value.actual == actual


async def read(store: EventStore, model: Model, step: Read) -> None:
    _, after, limit, attachments = step
    if step.stream is None:
        page = await store.read_all(after, limit, attachments=attachments)
    else:
        page = await store.read(step.stream, after, limit, attachments=attachments)
    assert [
        Stored(e.position, e.stream, e.event_id, e.type, e.payload, e.attachment) for e in page
    ] == model.read(step)


async def play(log: Path, steps: list[Step]) -> None:
    model = Model()
    limits = Limits(heads_cached_max=1, read_connections=1)
    store = await EventStore.open(log, limits=limits)
    for step in steps:
        match step:
            case Append():
                await append(store, model, step)
            case Read():
                await read(store, model, step)
            case Reopen():
                await store.close()
                store = await EventStore.open(log, limits=limits)
    heads = verify(without_gaps(await store.read_all()))
    streams = {stored.stream for stored in model.log}
    assert {stream: head.version for stream, head in heads.items()} == {
        stream: model.version(stream) for stream in streams
    }
    assert await store.head() == len(model.log)
    await store.close()


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_the_log_agrees_with_a_list(steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        uvloop.run(play(Path(folder, "log.db"), steps))
