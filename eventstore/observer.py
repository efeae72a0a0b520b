"""Who is told how the writing goes: in numbers, for whoever keeps them."""

from typing import Protocol

from eventstore.errors import EventStoreError


class Observer(Protocol):
    """Told on the store's event loop, after every append; what it raises fails the caller.

    Seconds are those of a monotonic clock.
    """

    def appended(self, seconds: float, events: int) -> None:
        """An append is on disk, so long after it was asked for."""

    def refused(self, error: EventStoreError) -> None:
        """An append was not written, because of ``error``."""

    def committed(self, seconds: float) -> None:
        """The writer was busy with a group of appends for so long, its fsync included."""


class Unobserved:
    """An ``Observer`` that keeps nothing."""

    def appended(self, seconds: float, events: int) -> None:
        """Keep nothing."""

    def refused(self, error: EventStoreError) -> None:
        """Keep nothing."""

    def committed(self, seconds: float) -> None:
        """Keep nothing."""
