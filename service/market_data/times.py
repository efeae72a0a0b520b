"""Times as files spell them, turned into bar timestamps."""

import polars as pl

from domain.market.resolution import Resolution
from domain.market.validation import InvalidRow
from service.market_data.spellings import FORMS, NAIVE, wall_clock


def timestamps(column: pl.Series, symbol: str, resolution: Resolution, timezone: str) -> pl.Series:
    """Read ``column`` (text, integers, dates or datetimes) as Datetime µs UTC, row by row.

    ``wall_clock`` tells which spellings there are. Times without an offset are read in ``timezone``
    (an IANA name). A daily bar gets midnight UTC of its session date: the date as written, unless
    a time of day is written in UTC (an offset of 0, or an epoch) and is not midnight; then it is a
    moment, whose date is read in ``timezone``.

    Raises ``InvalidRow`` at the first row that is no time, or that the clocks of ``timezone``
    skipped or showed twice.
    """
    frame = wall_clock(column)
    _require(column, frame["wall"], symbol, f"times must look like {FORMS}")
    if resolution is Resolution.DAY:
        return frame.select(_session_date(timezone)).to_series()
    read = frame.select(_moment(timezone)).to_series()
    once = f"times in {timezone} must not be skipped or repeated by its clocks"
    _require(column, read, symbol, f"{once}, or be written with their offset")
    return read


def _session_date(timezone: str) -> pl.Expr:
    wall, moment = pl.col("wall"), pl.col("wall").dt.replace_time_zone("UTC")
    is_moment = (pl.col("offset") == pl.duration()) & (wall.dt.time() != pl.time())
    in_zone = moment.dt.convert_time_zone(timezone).dt.date()
    date = pl.when(is_moment).then(in_zone).otherwise(wall.dt.date())
    return date.cast(NAIVE).dt.replace_time_zone("UTC")


def _moment(timezone: str) -> pl.Expr:
    wall, offset = pl.col("wall"), pl.col("offset")
    local = wall.dt.replace_time_zone(timezone, ambiguous="null", non_existent="null")
    utc = (wall - offset).dt.replace_time_zone("UTC")
    return pl.when(offset.is_null()).then(local.dt.convert_time_zone("UTC")).otherwise(utc)


def _require(column: pl.Series, read: pl.Series, symbol: str, rule: str) -> None:
    if read.null_count():
        row = int(read.is_null().arg_max() or 0)
        raise InvalidRow(symbol, row + 1, rule, repr(column[row]))
