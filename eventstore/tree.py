"""The Merkle tree of a log on disk, by a thread of its own: proofs in milliseconds, few bytes held.

Only the roots of complete subtrees of ``CHUNK`` leaves and more are remembered, about 150 bytes per
1,024 events. They are computed from the events after each start and stored nowhere.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

from eventstore import merkle
from eventstore.errors import InvalidArgument, ReadFailed, StoreClosed
from eventstore.readonly import open_read_only
from eventstore.statements import HASHES, LAST_POSITION
from eventstore.thread import WorkThread

CHUNK_BITS = 10
CHUNK = 1 << CHUNK_BITS

Result = TypeVar("Result")


class TreeRoot(NamedTuple):
    """The root of the tree over the log's first ``size`` events."""

    size: int
    root: bytes


class Tree:
    """The tree over the events that ``connection`` reads; synchronous."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._complete: list[list[bytes]] = [[]]  # by level above a chunk, then from left to right

    def root(self, size: int | None) -> TreeRoot:
        """The root over the first ``size`` events, by default over all. ``InvalidArgument``."""
        size = self._checked(size)
        return TreeRoot(size, self._subtree(0, size))

    def inclusion(self, position: int, size: int) -> list[bytes]:
        """The audit path of the event at ``position``. Raises ``InvalidArgument``."""
        self._checked(size)
        if not 1 <= position <= size:
            raise InvalidArgument(f"position {position} is not among the first {size} events")
        return [self._subtree(*part) for part in merkle.inclusion_ranges(position - 1, size)]

    def consistency(self, old_size: int, new_size: int) -> list[bytes]:
        """The proof that the tree of ``old_size`` is a part of the new. ``InvalidArgument``."""
        self._checked(new_size)
        if not 0 <= old_size <= new_size:
            raise InvalidArgument(f"a tree of {new_size} events cannot hold one of {old_size}")
        return [self._subtree(*part) for part in merkle.consistency_ranges(old_size, new_size)]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _checked(self, size: int | None) -> int:
        (last,) = self._connection.execute(LAST_POSITION).fetchone()
        if size is None:
            size = int(last)
        if not 0 <= size <= last:
            raise InvalidArgument(f"a tree of {size} events: the log holds {last}")
        while len(self._complete[0]) < size >> CHUNK_BITS:
            start = len(self._complete[0]) << CHUNK_BITS
            self._remember(merkle.root(self._leaves(start, start + CHUNK)))
        return size

    def _remember(self, node: bytes) -> None:
        for level in self._complete:
            level.append(node)
            if len(level) % 2:
                return
            node = merkle.node_hash(level[-2], node)
        self._complete.append([node])

    def _subtree(self, start: int, end: int) -> bytes:
        size = end - start
        if size < CHUNK:
            return merkle.root(self._leaves(start, end))
        level = size.bit_length() - 1 - CHUNK_BITS
        if size == CHUNK << level:
            return self._complete[level][start >> (level + CHUNK_BITS)]
        middle = start + (CHUNK << level)
        return merkle.node_hash(self._subtree(start, middle), self._subtree(middle, end))

    def _leaves(self, start: int, end: int) -> list[bytes]:
        rows = self._connection.execute(HASHES, (start, end)).fetchall()
        if len(rows) != end - start:
            raise ReadFailed(f"positions {start + 1} to {end} hold {len(rows)} events")
        return [merkle.leaf_hash(event_hash) for (event_hash,) in rows]


class TreeThread:
    """The tree of the log at ``path`` for an event loop; nothing is opened until it is asked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread: WorkThread | None = None
        self._tree: Tree | None = None
        self._closed = False

    async def call(self, question: Callable[[Tree], Result]) -> Result:
        """Ask the tree in its thread. ``InvalidArgument``, ``ReadFailed``, ``StoreClosed``."""
        if self._closed:
            raise StoreClosed("the store is closed")
        if self._thread is None:
            self._thread = WorkThread(f"eventstore-tree {self._path.name}")
        return await self._thread.call(lambda: self._ask(question))

    async def close(self) -> None:
        """Finish what was asked, then end the thread."""
        self._closed = True
        if self._thread is not None:
            await self._thread.call(self._disconnect)
            self._thread.stop()

    def _ask(self, question: Callable[[Tree], Result]) -> Result:
        try:
            if self._tree is None:
                self._tree = Tree(open_read_only(self._path))
            return question(self._tree)
        except sqlite3.Error as error:
            raise ReadFailed(f"the tree of {self._path} cannot be read: {error}") from error

    def _disconnect(self) -> None:
        if self._tree is not None:
            self._tree.close()
