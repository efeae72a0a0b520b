"""Which of the things in a list are wanted."""

from typing import NamedTuple

import msgspec

from service.lists.tables import Kind, ListTables


class Clause(NamedTuple):
    """A piece of SQL and what is bound to its question marks."""

    sql: str
    parameters: tuple[int | float | str, ...] = ()


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """What a list is narrowed to; what is ``None`` or empty does not narrow it.

    Times are microseconds since the epoch, UTC. ``tag`` is a tag's name, or name and value with a
    colon between. All ``words`` are in the name, whatever their case. ``before``: an ordinal.
    """

    state: str | None = None
    strategy: str | None = None
    symbol: str | None = None
    tag: str | None = None
    created_from: int | None = None
    created_before: int | None = None
    words: tuple[str, ...] = ()
    before: int | None = None

    def lasting(self, tables: ListTables) -> list[Clause]:
        """All that holds of a thing as long as it lives: everything but its state."""
        labels: dict[Kind, str | None] = {
            "strategy": self.strategy,
            "symbol": self.symbol,
            "tag": self.tag,
        }
        clauses = [
            Clause(
                f"listed.ordinal IN (SELECT ordinal FROM {tables.table}_labels"
                " WHERE kind = ? AND label = ?)",
                (kind, label),
            )
            for kind, label in labels.items()
            if label is not None
        ]
        bounds = {
            "created_at >= ?": self.created_from,
            "created_at < ?": self.created_before,
            "listed.ordinal < ?": self.before,
        }
        clauses += [Clause(sql, (bound,)) for sql, bound in bounds.items() if bound is not None]
        return clauses + [Clause("instr(name, ?) > 0", (word,)) for word in self.words]
