"""The curves of the results document: what their rows are, and one of them folded alone."""

from copy import copy
from typing import Self

import polars as pl

from domain.engine import tape
from domain.engine.tape import Segment
from domain.runs import equity_curve
from domain.runs.equity_curve import EquityCurve
from domain.runs.events import Progressed, Queued, RunEvent

# Of each curve of the document, the table of the tape that it is made of.
CURVES = {
    "equity_curve": "equity",
    "trades": "fills",
    "orders": "orders",
    "round_trips": "round_trips",
    "cash_events": "cash_events",
    "actions": "actions",
    "exposures": "exposures",
    "benchmark_curve": "benchmark",
    "recorded": "recorded",
}

_TRADE_COLUMNS = [
    "symbol", "timestamp", "side", "quantity", "price", "commission", "order_id", "slippage",
    "rule", "reasoning", "confidence",
]  # fmt: skip

EMPTY: dict[str, pl.DataFrame] = {
    **{name: tape.EMPTY[table] for name, table in CURVES.items()},
    "equity_curve": pl.DataFrame(schema=equity_curve.COLUMNS),
    "trades": tape.EMPTY["fills"].select(_TRADE_COLUMNS),
}
"""Each curve without rows: its columns and their types."""

EVENT_TYPES = frozenset({"state", "progress"})
"""The types of the events that rows come from."""


def rows_of(curve: str, segment: Segment) -> pl.DataFrame:
    """The rows that a segment adds to a curve; its ``equity`` are the points derived from it."""
    rows = segment[CURVES[curve]]
    return rows.select(_TRADE_COLUMNS) if curve == "trades" else rows


class CurveFold:
    """Folds a run's events, in order, into the rows of one curve; others may be left out.

    ``EVENT_TYPES`` are those that count.
    """

    def __init__(self, curve: str) -> None:
        self._curve = curve
        self._equity: EquityCurve | None = None

    def add(self, event: RunEvent, attachment: bytes | None) -> pl.DataFrame:
        """Take the next event in; give its new rows, in which what is undefined is null."""
        match event:
            case Queued(request=request) if self._curve == "equity_curve":
                self._equity = EquityCurve(request)
            case Progressed() if attachment:
                segment = tape.decode(attachment, [CURVES[self._curve]])
                if self._equity is not None:
                    segment["equity"] = self._equity.extend(segment["equity"])
                numbers = pl.selectors.float()
                rows = rows_of(self._curve, segment)
                return rows.with_columns(pl.when(numbers.is_finite()).then(numbers))
        return EMPTY[self._curve]

    def copied(self) -> Self:
        """A fold that goes on from the same event, apart from this one."""
        other = copy(self)
        other._equity = copy(self._equity)
        return other
