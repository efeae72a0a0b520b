"""In which order a list stands: each thing has a key, and a smaller key comes first."""

from typing import NamedTuple, Protocol, TypeAlias

from service.lists.selection import Clause
from service.lists.tables import ListTables

Key: TypeAlias = tuple[int | float | str, ...]


class Order(Protocol):
    """An order, in Python and in SQL."""

    @property
    def metric(self) -> str | None:
        """The metric that it goes by."""

    def key(self, ordinal: int, value: float | int | None) -> Key:
        """The key of a thing, by its place in the log and its value of the metric."""

    def source(self, tables: ListTables) -> Clause:
        """The tables, the first under the name ``listed``, which have the value as ``value``."""

    def after(self, key: Key) -> Clause:
        """The condition of whatever stands after ``key``."""

    @property
    def by(self) -> str:
        """What SQL sorts by."""


class ByCreation(NamedTuple):
    """The order of the log."""

    descending: bool = True
    metric: None = None

    def key(self, ordinal: int, _: float | int | None) -> Key:
        """The ordinal, turned round where the newest comes first."""
        return (-ordinal if self.descending else ordinal,)

    def source(self, tables: ListTables) -> Clause:
        """The table alone: nothing but the ordinal counts."""
        return Clause(f"(SELECT *, NULL AS value FROM {tables.table}) AS listed")

    def after(self, key: Key) -> Clause:
        """A comparison that the primary key answers."""
        (ordinal,) = key
        assert isinstance(ordinal, int)
        return (
            Clause("listed.ordinal < ?", (-ordinal,))
            if self.descending
            else Clause("listed.ordinal > ?", key)
        )

    @property
    def by(self) -> str:
        """The primary key."""
        return "listed.ordinal DESC" if self.descending else "listed.ordinal"


class ByMetric(NamedTuple):
    """By one metric; what does not have it comes last, of equals the newest first."""

    metric: str
    descending: bool

    def key(self, ordinal: int, value: float | int | None) -> Key:
        """Whether it is missing, the value by its sign, the ordinal."""
        if value is None:
            return 1, 0, -ordinal
        return 0, -value if self.descending else value, -ordinal

    def source(self, tables: ListTables) -> Clause:
        """The table, and beside it the metrics of this name."""
        return Clause(
            f"{tables.table} AS listed LEFT JOIN {tables.table}_metrics AS measured"
            " ON measured.ordinal = listed.ordinal AND metric = ?",
            (self.metric,),
        )

    def after(self, key: Key) -> Clause:
        """Compare whole keys."""
        return Clause(f"({self.by}) > (?, ?, ?)", key)

    @property
    def by(self) -> str:
        """The key."""
        sign = "-" if self.descending else ""
        return f"value IS NULL, {sign}coalesce(value, 0), -listed.ordinal"
