"""What results are in JSON, for whoever reads the API's description: made from the tables' columns.

Results are never made of these types: their rows are written column by column.
"""

import keyword
from collections.abc import Mapping
from datetime import datetime
from types import GenericAlias
from typing import Annotated, Any, TypeAlias

import msgspec
import polars as pl
from msgspec import Meta

from domain.analysis.analysis import TABLES
from domain.runs.curves import CURVES, EMPTY
from domain.runs.events import Level
from domain.runs.manifest import Manifest

PARTS = {curve.removesuffix("_curve"): curve for curve in CURVES}
"""What each curve of the document is called in paths."""

_MOMENT: TypeAlias = Annotated[datetime, Meta(tz=True)]
_KINDS: Mapping[Any, Any] = {pl.String: str | None, pl.Float64: float | None, pl.Int64: int | None}


def _row_type(part: str, empty: pl.DataFrame) -> type[msgspec.Struct]:
    return msgspec.defstruct(
        f"{part.title().replace('_', '')}Row",
        [
            (
                f"{name}_" if keyword.iskeyword(name) else name,
                _KINDS.get(kind, _MOMENT),
                msgspec.field(name=name),
            )
            for name, kind in empty.schema.items()
        ],
        frozen=True,
    )


ROWS = {part: _row_type(part, EMPTY[curve]) for part, curve in PARTS.items()}
"""A row of each part."""


class MetricsRow(msgspec.Struct, frozen=True):
    """A metric as a row."""

    name: str
    value: float | None


class LogLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of a run's log. ``bar``: the bar at whose close a strategy said it."""

    timestamp: _MOMENT
    level: Level
    message: str
    bar: _MOMENT | msgspec.UnsetType = msgspec.UNSET


Metrics = dict[str, float | None]

ResultsDocument = msgspec.defstruct(
    "ResultsDocument",
    [
        ("run_id", str),
        ("metrics_summary", Metrics),
        *((curve, GenericAlias(list, ROWS[part])) for part, curve in PARTS.items()),
        *((table, list[dict[str, str | float | None]]) for table in TABLES),
        ("logs", list[LogLine]),
        ("manifest", Manifest | None),
    ],
    frozen=True,
)
