"""What the events of an export say of the run, or the optimization, that they are of."""

from typing import Protocol

import msgspec

from domain.errors import DomainError
from domain.optimizations import events as sweeps
from domain.runs import events as runs
from domain.runs.events import Digest, EncodedEvent
from domain.runs.origin import name_of_maker
from service.audit.errors import EvidenceError
from service.optimizations.projection import OPTIMIZATION_STREAM

UNREADABLE = (DomainError, msgspec.MsgspecError, UnicodeDecodeError)


class Record(Protocol):
    """Takes in events.

    ``ending``: how it ends with them, ``None`` where they do not show it. ``maker``: the name of
    the API key that it was made with, where they show one.
    """

    ending: str | None
    maker: str | None

    def add(self, name: str, event: EncodedEvent) -> None:
        """Take in the next event. Raises ``EvidenceError`` where it cannot follow."""


def record_of(stream: str, *, whole: bool) -> Record:
    """Begin the record of a stream, from its first event on where it is ``whole``."""
    if stream.startswith(OPTIMIZATION_STREAM):
        return SweepRecord(whole=whole)
    return RunRecord(whole=whole)


class RunRecord:
    """Of a run: its digest is over all events from the one with which it was started."""

    def __init__(self, *, whole: bool) -> None:
        self.ending: str | None = None
        self.maker: str | None = None
        self._whole = whole
        self._digest: Digest | None = None

    def add(self, name: str, event: EncodedEvent) -> None:
        """Take in the next event. Raises ``EvidenceError``."""
        if self.ending is not None:
            raise EvidenceError(f"{name} follows the run's last event")
        try:
            decoded = runs.decode(event.type, event.payload)
        except UNREADABLE as error:
            raise EvidenceError(f"{name} is no event of a run: {error}") from error
        match decoded:
            case runs.Queued(origin=origin):
                self.maker = name_of_maker(origin)
            case runs.Started():
                self._digest = Digest()
            case runs.Completed(digest=digest):
                _require_digest(name, digest, self._digest, whole=self._whole)
                self.ending = "completed"
            case runs.Failed():
                self.ending = "failed"
            case runs.Cancelled():
                self.ending = "cancelled"
            case _:
                pass
        if self._digest:
            self._digest.add([event])


class SweepRecord:
    """Of an optimization, which may go on after it failed or was cancelled.

    Its digest is over the first event with which it was running, and over every trial, progress
    and metric.
    """

    def __init__(self, *, whole: bool) -> None:
        self.ending: str | None = None
        self.maker: str | None = None
        self._whole = whole
        self._digest: Digest | None = None

    def add(self, name: str, event: EncodedEvent) -> None:
        """Take in the next event. Raises ``EvidenceError``."""
        try:
            decoded = sweeps.decode(event.type, event.payload)
        except UNREADABLE as error:
            raise EvidenceError(f"{name} is no event of an optimization: {error}") from error
        resumed = isinstance(decoded, sweeps.Resumed) and self.ending != "completed"
        if self.ending is not None and not resumed:
            raise EvidenceError(f"{name} follows the optimization's last event")
        self.ending = None
        match decoded:
            case sweeps.Pending(origin=origin):
                self.maker = name_of_maker(origin)
            case sweeps.Running() if self._digest is None and self._whole:
                self._digest = Digest()
                self._digest.add([event])
            case sweeps.Completed(digest=digest):
                _require_digest(name, digest, self._digest, whole=self._whole)
                self.ending = "completed"
            case sweeps.Failed():
                self.ending = "failed"
            case sweeps.Cancelled():
                self.ending = "cancelled"
            case _ if event.type in ("trial", "progress", "metric") and self._digest:
                self._digest.add([event])
            case _:
                pass


def _require_digest(name: str, recorded: str, digest: Digest | None, *, whole: bool) -> None:
    if digest is None and whole:
        raise EvidenceError(f"{name}: the run completed without having been started")
    if digest is not None and digest.hexdigest() != recorded:
        raise EvidenceError(f"{name}: its digest is not that of the run's events")
