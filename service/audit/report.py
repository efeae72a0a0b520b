"""What an audit says."""

from typing import Literal, TypeAlias

import msgspec

from eventstore.findings import Finding

RunCheck: TypeAlias = Literal["data", "reexecution"]


class AuditReport(msgspec.Struct, kw_only=True):
    """An audit's outcome: the log is sound where there are no ``findings``.

    ``events``: how many events' hashes were recomputed from their bytes. ``root``: hexadecimal,
    over all ``size`` events; ``None`` where the audit was of one run or found a bad event. ``runs``
    and ``compared``: how many runs were simulated again, and how many events that compared.
    ``findings``: those of the audit of the log; ``data``, the catalog's bars are not those of a
    run's manifest; ``reexecution``, a run's events are not those that its simulation gives.
    ``notes`` are no findings: what a reader of the report should know.
    """

    log_id: str | None
    size: int
    events: int
    root: str | None
    runs: int = 0
    compared: int = 0
    findings: list[Finding]
    notes: list[str]
