"""What an audit of a log finds, and its report."""

from collections.abc import Sequence

import msgspec


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong, and where; ``check`` names what was compared.

    The audit of a log has these checks; whoever audits more than the log adds checks of their own.

    - ``file``: SQLite's own check of the pages, or a page that cannot be read.
    - ``schema``: a table or trigger of the log is missing, altered, or has company.
    - ``event``: the first event that is not what was appended, or not where it belongs.
    - ``projection``: a projection has folded events that the log no longer holds.
    - ``checkpoint``: the log does not begin with the events that a trusted root was made of.
    """

    check: str
    reason: str
    position: int | None = None
    stream: str | None = None
    event_id: int | None = None

    def __str__(self) -> str:
        if self.position is None:
            return f"{self.check}: {self.reason}"
        where = f"event {self.event_id} of stream {self.stream!r} at position {self.position}"
        return f"{where}: {self.reason}"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of an audit: nothing is wrong where there are no ``findings``.

    ``size`` is the log's last position at the moment that was audited, ``events`` counts the
    events whose hash was recomputed and right. ``root`` is the Merkle root over all of them;
    ``None`` where the audit was of one stream, or found a bad event.
    """

    log_id: str | None
    size: int
    events: int
    root: bytes | None
    findings: Sequence[Finding]
