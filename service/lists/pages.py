"""Pages of a list as it stood at one position of the log."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from eventstore.store import EventStore
from service.lists.order import Key, Order
from service.lists.selection import Clause, Selection
from service.lists.tables import ListTables
from service.stream_cache import StreamCache

T = TypeVar("T")


class Past(NamedTuple, Generic[T]):
    """A thing as the last of its ``events`` up to then, at ``position``, left it.

    With the metrics that it had by then.
    """

    item: T
    position: int
    events: int
    metrics: dict[str, float | int | None]


class Subject(NamedTuple, Generic[T]):
    """What is listed: its tables, and how one is read from its row or as of a position."""

    tables: ListTables
    decode: Callable[[bytes], T]
    state: Callable[[T], str]
    at_position: Callable[[EventStore, str, int], Awaitable[Past[T]]]


class View(NamedTuple):
    """A list: which things, in which order, as the log stood at which position."""

    selection: Selection
    order: Order
    position: int


class Row(NamedTuple, Generic[T]):
    """A thing in a list, and the key that it stands there by."""

    key: Key
    item: T


class Page(NamedTuple, Generic[T]):
    """Some rows of a list; ``total``: of how many. ``more``: whether others follow."""

    rows: list[Row[T]]
    total: int
    more: bool


class Lists(Generic[T]):
    """Answers with pages of what is listed. Pages of one position hold each thing once.

    Things that have gone on since the position are folded anew, as far as they had come then; of
    the others the stored rows are the answer.
    """

    def __init__(self, store: EventStore, subject: Subject[T]) -> None:
        self._store = store
        self._subject = subject
        self._last_changes: StreamCache[int] = StreamCache(store)

    async def last_change(self) -> int:
        """The position of the last event of anything that is listed; 0 if there is none."""
        position = self._last_changes.find(None)
        return (
            await self._last_changes.make(None, self._read_last) if position is None else position
        )

    async def _read_last(self) -> int:
        table = self._subject.tables.table
        ((position,),) = await self._store.query(f"SELECT max(last_position) FROM {table}")
        return position or 0

    async def page(
        self, view: View, *, after: Key | None, limit: int, total: int | None
    ) -> Page[T]:
        """Up to ``limit`` rows after a key; ``total`` is counted where it is not given."""
        selection, order, _ = view
        # The stored rows first: what goes on between the two reads is then in both, not in neither.
        stored = await self._stored(view, after, limit + 1)
        unmoved, moved = await self._moved(view, count=total is None)
        if order.metric is None and (total is not None or selection.state is None):
            # Where each stands is known already: no more are folded than the page may need.
            keys = {order.key(ordinal, None): (ordinal, its_id) for ordinal, its_id in moved}
            wanted = [keys[key] for key in sorted(keys) if after is None or key > after]
            folded = await self._folded(view, wanted, limit + 1)
        else:
            folded = await self._folded(view, moved, len(moved))
        if total is None:
            total = unmoved + len(moved if selection.state is None else folded)
        rows = {row.key: row for row in [*stored, *folded] if after is None or row.key > after}
        sequence = [rows[key] for key in sorted(rows)]
        # One more than is shown was asked for: whether there is a next page.
        return Page(sequence[:limit], total, len(sequence) > limit)

    async def _stored(self, view: View, after: Key | None, limit: int) -> list[Row[T]]:
        order, document = view.order, self._subject.tables.document
        source = order.source(self._subject.tables)
        # With the plus, SQLite goes by the order and not by the index of positions.
        conditions = self._unmoved(view, "+last_position <= ?")
        if after is not None:
            conditions.append(order.after(after))
        rows = await self._store.query(
            f"SELECT listed.ordinal, {document}, value FROM {source.sql}"
            f" WHERE {_all(conditions)} ORDER BY {order.by} LIMIT ?",
            (*source.parameters, *_bound(conditions), limit),
        )
        return [
            Row(order.key(ordinal, value), self._subject.decode(document))
            for ordinal, document, value in rows
        ]

    async def _moved(self, view: View, *, count: bool) -> tuple[int, list[tuple[int, str]]]:
        """Of how many that has not gone on, if they are counted; ordinal and id of what has."""
        tables, position = self._subject.tables, view.position
        gone_on = [
            Clause("last_position > ? AND first_position <= ?", (position, position)),
            *view.selection.lasting(tables),
        ]
        unmoved = self._unmoved(view, "last_position <= ?")
        counted = _count(tables.table, unmoved) if count else Clause("SELECT 0")
        # One statement: one moment of the log.
        (first, _), *rows = await self._store.query(
            f"SELECT *, NULL FROM ({counted.sql}) UNION ALL SELECT ordinal, {tables.key}"
            f" FROM {tables.table} AS listed WHERE {_all(gone_on)}",
            (*counted.parameters, *_bound(gone_on)),
        )
        return first, rows

    async def _folded(
        self, view: View, things: Sequence[tuple[int, str]], limit: int
    ) -> list[Row[T]]:
        """The first ``limit`` of ``things`` that were in the list at its position."""
        selection, order, position = view
        found: list[Row[T]] = []
        for ordinal, its_id in things:
            if len(found) == limit:
                break
            past = await self._subject.at_position(self._store, its_id, position)
            if selection.state in (None, self._subject.state(past.item)):
                value = past.metrics.get(order.metric or "")
                found.append(Row(order.key(ordinal, value), past.item))
        return found

    def _unmoved(self, view: View, until: str) -> list[Clause]:
        selection = view.selection
        state = [] if selection.state is None else [Clause("state = ?", (selection.state,))]
        lasting = selection.lasting(self._subject.tables)
        return [Clause(until, (view.position,)), *state, *lasting]


def _count(table: str, conditions: Sequence[Clause]) -> Clause:
    return Clause(
        f"SELECT count(*) FROM {table} AS listed WHERE {_all(conditions)}", _bound(conditions)
    )


def _all(clauses: Sequence[Clause]) -> str:
    return " AND ".join(clause.sql for clause in clauses)


def _bound(clauses: Sequence[Clause]) -> tuple[Any, ...]:
    return tuple(parameter for clause in clauses for parameter in clause.parameters)
