"""A projection folded from the log once more, into a database of its own, beside the stored one."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import starmap
from pathlib import Path
from tempfile import TemporaryDirectory

from eventstore.errors import EventStoreError, ProjectionFailed, ReadFailed, StoreClosed
from eventstore.events import Event
from eventstore.projection import Projection, require_transaction
from eventstore.readonly import open_read_only
from eventstore.statements import LOG_PAGE


class Fresh:
    """The tables behind ``connection``, folded up to ``position``; ``fold`` goes on from there.

    ``log`` is a read-only connection, of which no transaction is kept open here.
    """

    def __init__(
        self,
        path: Path,
        projection: Projection,
        log: sqlite3.Connection,
        page_events: int,
        stopped: Callable[[], bool],
    ) -> None:
        self.projection = projection
        self.log = log
        self.position = 0
        self._page_events = page_events
        self._stopped = stopped
        self.connection = sqlite3.connect(
            path,
            isolation_level=None,
            check_same_thread=False,  # the writer's thread copies from it
        )
        for pragma in ("journal_mode = OFF", "synchronous = OFF"):  # it is thrown away if it fails
            self.connection.execute(f"PRAGMA {pragma}")

    def create(self) -> None:
        """Create the tables, empty. Raises ``ProjectionFailed``."""
        with self._transaction():
            self.projection.create(self.connection)

    def fold(self) -> None:
        """Fold all there is after ``position``. Raises ``ProjectionFailed``, ``ReadFailed``."""
        with self._transaction():
            while events := self._page():
                self.projection.apply(self.connection, events)
                require_transaction(self.connection, self.projection)
                self.position = events[-1].position

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self.connection.execute("BEGIN")
            yield
            require_transaction(self.connection, self.projection)
            self.connection.execute("COMMIT")
        except EventStoreError:
            raise
        except Exception as error:
            raise ProjectionFailed(
                f"folding the log into projection {self.projection.name!r} failed after position "
                f"{self.position}: {type(error).__name__}: {error}"
            ) from error

    def _page(self) -> list[Event]:
        if self._stopped():
            raise StoreClosed(f"the fold of projection {self.projection.name!r} was called off")
        try:
            rows = self.log.execute(LOG_PAGE[False], (self.position, self._page_events)).fetchall()
        except sqlite3.Error as error:
            raise ReadFailed(f"the log cannot be read after {self.position}: {error}") from error
        return list(starmap(Event, rows))


@contextmanager
def folded(
    projection: Projection, log: Path, page_events: int, stopped: Callable[[], bool]
) -> Iterator[Fresh]:
    """``projection`` folded from the log at ``log``, in a temporary folder that ends with this.

    Appends go on meanwhile. Between its pages the fold asks ``stopped`` whether to give up.
    Raises ``ProjectionFailed``, ``ReadFailed``, ``StoreClosed`` if it gave up, ``OpenFailed``.
    """
    with (
        TemporaryDirectory(prefix="eventstore-") as folder,
        closing(open_read_only(log)) as connection,
    ):
        fresh = Fresh(Path(folder, "fresh.db"), projection, connection, page_events, stopped)
        with closing(fresh.connection):
            fresh.create()
            fresh.fold()
            yield fresh
