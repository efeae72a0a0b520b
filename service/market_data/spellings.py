"""Times as files spell them: text, epochs, dates and datetimes."""

import numpy as np
import polars as pl

FORMS = "2024-01-02, 2024-01-02T09:30:00, the same with an offset, 20240102, or an epoch"
NAIVE = pl.Datetime("us")
SLICE_ROWS = 1 << 18

_CALENDAR = (
    r"(?i)^\s*(?<year>\d{4})[-/]?(?<month>\d{2})[-/]?(?<day>\d{2})"
    r"(?:[T ]?(?<hour>\d{2}):?(?<minute>\d{2})"
    r"(?::?(?<second>\d{2})(?:[.,](?<fraction>\d{1,9}))?)?)?"
    r"\s*(?<zone>Z|UTC|(?<sign>[+-])(?<hours>\d{2}):?(?<minutes>\d{2})?)?\s*$"
)
_INTEGER = r"^\s*-?\d+\s*$"
_DATE_DIGITS = (8, 14)  # YYYYMMDD, YYYYMMDDhhmmss
# An epoch below the limit (reached in the year 5138) is in that unit; per microsecond or in it.
_EPOCH_UNITS = ((10**11, 1_000_000, 1), (10**14, 1_000, 1), (10**17, 1, 1), (2**63, 1, 1_000))


def wall_clock(column: pl.Series) -> pl.DataFrame:
    """What each time of ``column`` says, row by row; nulls where it says nothing.

    ``wall``: Datetime µs without a zone, as written. ``offset``: Duration µs, what the wall clock
    is ahead of UTC; null where none is written. Integers are epochs in seconds, milliseconds,
    microseconds or nanoseconds, by the size of the largest, unless the first has 8 or 14 digits:
    then they are YYYYMMDD or YYYYMMDDhhmmss. What is finer than a microsecond is cut off.
    """
    kind = column.dtype
    frame = column.alias("time").to_frame()
    if isinstance(kind, pl.Datetime) and kind.time_zone is not None:
        return frame.select(*_zoned(pl.col("time")))
    if isinstance(kind, pl.Datetime | pl.Date):
        return frame.select(pl.col("time").cast(NAIVE).alias("wall"), _offset(None))
    text = column.cast(pl.String)
    first = (text.drop_nulls().head(1).to_list() or [""])[0].strip()
    if pl.Series([first]).str.contains(_INTEGER)[0] and len(first) not in _DATE_DIGITS:
        ticks = text.str.strip_chars().cast(pl.Int64, strict=False)
        return pl.DataFrame({"wall": _epoch(ticks)}).with_columns(_offset(0))
    # A slice at a time: the parts of a time, each a text, take far more memory than what they say.
    slices = text.alias("time").to_frame().iter_slices(SLICE_ROWS)
    return pl.concat([part.select(*_calendar(pl.col("time"))) for part in slices])


def _zoned(time: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    wall = time.dt.replace_time_zone(None).cast(NAIVE)
    utc = time.dt.convert_time_zone("UTC").dt.replace_time_zone(None).cast(NAIVE)
    return wall.alias("wall"), (wall - utc).alias("offset")


def _offset(minutes: int | None) -> pl.Expr:
    return (pl.lit(minutes, pl.Int64) * 60_000_000).cast(pl.Duration("us")).alias("offset")


def _epoch(ticks: pl.Series) -> pl.Series:
    largest = int(np.abs(ticks.drop_nulls().to_numpy()).max(initial=0))
    times, divided = next(unit[1:] for unit in _EPOCH_UNITS if largest < unit[0])
    return (ticks * times // divided).cast(NAIVE)


def _calendar(time: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    groups = time.str.extract_groups(_CALENDAR).struct
    date = pl.concat_str([groups[name] for name in ("year", "month", "day")], separator="-")
    clock = [groups[name].fill_null("00") for name in ("hour", "minute", "second")]
    fraction = groups["fraction"].fill_null("").str.pad_end(6, "0").str.slice(0, 6)
    spelled = pl.concat_str([date, *clock, fraction], separator=" ")
    wall = spelled.str.to_datetime("%Y-%m-%d %H %M %S %6f", time_unit="us", strict=False)
    hours, minutes = (groups[name].cast(pl.Int64).fill_null(0) for name in ("hours", "minutes"))
    ahead = pl.duration(hours=hours, minutes=minutes, time_unit="us")
    signed = pl.when(groups["sign"] == "-").then(-ahead).otherwise(ahead)
    offset = pl.when(groups["zone"].is_not_null()).then(signed)
    return wall.alias("wall"), offset.alias("offset")
