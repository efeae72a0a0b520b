"""Whatever is done to the stored bytes, verification names the first event that is wrong."""

import hashlib
import struct
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstore.chain import GENESIS, Head, event_hash, verify, without_gaps
from eventstore.errors import ChainBroken
from eventstore.events import Event
from eventstore.store import EventStore
from tests.eventstore.changes import CHANGES, begin
from tests.tampering import tampered


@pytest.fixture
async def written(log: Path) -> Path:
    """Positions 1 to 6: a1 a2 a3, b1 b2, a4."""
    async with await EventStore.open(log) as store:
        await begin(store)
    return log


async def verified(log: Path) -> dict[str, Head]:
    async with await EventStore.open(log, read_only=True) as store:
        return verify(without_gaps(await store.read_all()))


def tamper(log: Path, statement: str) -> None:
    with tampered(log) as connection:
        connection.executescript(statement)


async def test_an_untouched_log_verifies_and_gives_its_heads(written: Path) -> None:
    heads = await verified(written)

    assert {stream: head.version for stream, head in heads.items()} == {"a": 4, "b": 2}
    assert len({head.hash for head in heads.values()}) == 2


@pytest.mark.parametrize(
    ("statement", "position"),
    [
        *CHANGES,
        ("UPDATE events SET hash = zeroblob(32) WHERE position = 6", 6),
        ("UPDATE events SET stream = 'c' WHERE stream = 'b'", 4),
        ("DELETE FROM events WHERE position = 5", 6),
        ("DELETE FROM events WHERE position = 2", 3),
    ],
)
async def test_a_changed_log_is_found_out_at_the_first_bad_event(
    written: Path, statement: str, position: int
) -> None:
    tamper(written, statement)

    with pytest.raises(ChainBroken) as caught:
        await verified(written)

    assert caught.value.position == position
    assert f"position {position}" in str(caught.value)


async def test_a_rewritten_event_with_a_fresh_hash_breaks_the_next_one(written: Path) -> None:
    async with await EventStore.open(written, read_only=True) as store:
        first, second, *_ = await store.read("a")
    forged = event_hash(first.hash, 2, "a", 2, "x", second.recorded_at, b"forged", None)
    tamper(
        written,
        "UPDATE events SET payload = CAST('forged' AS BLOB), attachment = NULL, "
        f"hash = x'{forged.hex()}' WHERE position = 2",
    )

    with pytest.raises(ChainBroken) as caught:
        await verified(written)

    assert (caught.value.stream, caught.value.event_id) == ("a", 3)


async def test_pages_are_verified_one_after_another(written: Path) -> None:
    async with await EventStore.open(written, read_only=True) as store:
        whole = verify(await store.read_all())
        heads: dict[str, Head] = {}
        position = 0
        while page := await store.read_all(position, limit=2):
            heads = verify(without_gaps(page, position), heads)
            position = page[-1].position

    assert heads == whole


async def test_the_hash_is_the_documented_one(written: Path) -> None:
    async with await EventStore.open(written, read_only=True) as store:
        events = await store.read("a")

    previous = bytes(32)
    for event in events:
        encoded = previous
        encoded += event.position.to_bytes(8, "big") + event.event_id.to_bytes(8, "big")
        encoded += event.recorded_at.to_bytes(8, "big", signed=True)
        encoded += struct.pack(">I", len(event.stream.encode()))
        encoded += struct.pack(">I", len(event.type.encode()))
        encoded += struct.pack(">Q", len(event.payload))
        encoded += struct.pack(">q", -1 if event.attachment is None else len(event.attachment))
        encoded += event.stream.encode() + event.type.encode() + event.payload
        encoded += event.attachment or b""
        assert event.hash == hashlib.sha256(encoded).digest()
        previous = event.hash


words = st.text(alphabet="ab", min_size=1, max_size=3)
events_of_any_shape = st.builds(
    Event,
    position=st.integers(1, 2),
    stream=words,
    event_id=st.integers(1, 2),
    type=words,
    recorded_at=st.integers(-1, 1),
    payload=st.binary(max_size=2),
    hash=st.just(GENESIS),
    attachment=st.none() | st.binary(max_size=2),
)


def hashed(event: Event) -> bytes:
    return event_hash(
        GENESIS,
        event.position,
        event.stream,
        event.event_id,
        event.type,
        event.recorded_at,
        event.payload,
        event.attachment,
    )


@given(events_of_any_shape, events_of_any_shape)
def test_two_events_share_a_hash_only_when_they_are_equal(one: Event, other: Event) -> None:
    assert (hashed(one) == hashed(other)) == (one == other)


@pytest.mark.parametrize(
    "shift",
    [
        lambda e: msgspec.structs.replace(e, stream="ab", type="c"),
        lambda e: msgspec.structs.replace(e, type="bc", payload=b"d"),
        lambda e: msgspec.structs.replace(e, payload=b"cde", attachment=b""),
        lambda e: msgspec.structs.replace(e, attachment=None),
    ],
)
def test_bytes_cannot_move_from_one_field_to_the_next(shift: Callable[[Event], Event]) -> None:
    event = Event(1, "a", 1, "b", 0, b"cd", GENESIS, b"e")

    assert hashed(shift(event)) != hashed(event)
