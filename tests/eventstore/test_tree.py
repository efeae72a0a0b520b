"""The log's Merkle tree by the store: the same answers as from all leaves in memory."""

import random
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from eventstore import merkle
from eventstore.errors import InvalidArgument, StoreClosed
from eventstore.events import NewEvent
from eventstore.readonly import open_read_only
from eventstore.store import EventStore
from eventstore.tree import CHUNK, Tree

EVENTS = 5 * CHUNK + 123
SIZES = (0, 1, 2, 3, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 4 * CHUNK, 4 * CHUNK + 7, EVENTS)


@pytest.fixture
async def store(log: Path) -> AsyncIterator[EventStore]:
    async with await EventStore.open(log) as store:
        await store.append("a", [NewEvent("log", b"{}")] * EVENTS, 0)
        yield store


async def leaves(store: EventStore) -> list[bytes]:
    return [merkle.leaf_hash(event.hash) for event in await store.read_all(limit=1_000_000)]


async def test_roots_and_proofs_are_those_of_the_plain_tree(store: EventStore) -> None:
    tree = await leaves(store)
    chance = random.Random(6962)
    for size in (*SIZES, *(chance.randrange(EVENTS) for _ in range(10))):
        assert await store.tree_root(size) == (size, merkle.root(tree[:size]))
        old = chance.randint(0, size)
        assert await store.consistency(old, size) == merkle.consistency_proof(tree[:size], old)
        if size:
            index = chance.randrange(size)
            proof = await store.inclusion(index + 1, size)
            assert proof == merkle.inclusion_proof(tree[:size], index)


async def test_by_default_the_root_is_over_the_whole_log_as_it_grows(store: EventStore) -> None:
    old = await store.tree_root()
    assert old.size == EVENTS

    await store.append("b", [NewEvent("log", b"{}")] * CHUNK, 0)

    new = await store.tree_root()
    proof = await store.consistency(old.size, new.size)
    assert new == (EVENTS + CHUNK, merkle.root(await leaves(store)))
    assert merkle.verify_consistency(*old, *new, proof)


async def test_an_empty_log_has_the_empty_root(log: Path) -> None:
    async with await EventStore.open(log) as store:
        assert await store.tree_root() == (0, merkle.EMPTY_ROOT)
        assert await store.consistency(0, 0) == []


async def test_sizes_and_positions_beyond_the_log_are_refused(store: EventStore) -> None:
    with pytest.raises(InvalidArgument, match=f"the log holds {EVENTS}"):
        await store.tree_root(EVENTS + 1)
    with pytest.raises(InvalidArgument, match="position 11 is not among the first 10"):
        await store.inclusion(11, 10)
    with pytest.raises(InvalidArgument):
        await store.inclusion(0, 10)
    with pytest.raises(InvalidArgument, match="cannot hold one of 11"):
        await store.consistency(11, 10)
    assert (await store.tree_root()).size == EVENTS


async def test_a_read_only_store_has_it_too_and_a_closed_one_has_not(
    store: EventStore, log: Path
) -> None:
    async with await EventStore.open(log, read_only=True) as reader:
        assert await reader.tree_root() == await store.tree_root()

    with pytest.raises(StoreClosed):
        await reader.tree_root()


async def test_what_is_remembered_is_a_few_hashes_per_thousand_events(
    store: EventStore, log: Path
) -> None:
    with closing(open_read_only(log)) as connection:
        tree = Tree(connection)
        tree.root(None)

        assert [len(level) for level in tree._complete] == [5, 2, 1]
