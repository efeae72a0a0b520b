"""What a client may ask for, its defaults and bounds, and the normalised form that is logged."""

import re
from datetime import UTC, datetime, tzinfo
from typing import Annotated, Any, Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import numpy as np
from msgspec import Meta

from domain.errors import DomainError, InvalidRequest
from domain.market.moments import since_epoch
from domain.market.resolution import Resolution
from domain.market.sessions import session_days
from domain.strategies import registry
from domain.strategies.code import Code

Amount: TypeAlias = Annotated[float, Meta(ge=0, le=1e12)]
BasisPoints: TypeAlias = Annotated[float, Meta(ge=0, lt=10_000)]
Symbol: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._\-/:=]{1,32}$(?!\n)")]
Moment: TypeAlias = Annotated[str, Meta(max_length=64)]
ShortText: TypeAlias = Annotated[str, Meta(max_length=256)]

_ISO_DATE_FIRST = re.compile(r"\d{4}-?(\d{2}-?\d{2}|W\d{2})")
_DATA_SOURCES: dict[str, Literal["catalog", "synthetic"]] = {
    "catalog": "catalog",
    "default": "catalog",
    "synthetic": "synthetic",
    "sample": "synthetic",
}


class StrategySpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which strategy, with which parameters (absent ones take their defaults)."""

    name: Annotated[str, Meta(max_length=128)] = "buy_and_hold"
    params: dict[str, Any] = {}


class Execution(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How orders become fills, and what the account allows.

    Costs are in basis points of notional or in account currency; ``borrow_bps`` is a year's cost of
    what is borrowed. ``warmup_bars``: so many bars before the first that indicators may see.
    """

    slippage_bps: BasisPoints = 0.0
    commission_bps: BasisPoints = 0.0
    commission_per_share: Amount = 0.0
    commission_minimum: Amount = 0.0
    latency_ms: Annotated[float, Meta(ge=0, le=31_536_000_000)] = 0.0
    lot_size: Annotated[float, Meta(ge=1e-9, le=1e12)] | None = None
    max_volume_participation: Annotated[float, Meta(gt=0, le=1)] | None = None
    allow_short: bool = False
    max_leverage: Annotated[float, Meta(ge=1, le=100)] = 1.0
    borrow_bps: BasisPoints = 0.0
    warmup_bars: Annotated[int, Meta(ge=0, le=100_000)] = 0
    rebalance: Literal["on_change", "daily", "weekly", "monthly"] = "on_change"
    risk_free_rate: Annotated[float, Meta(gt=-1, le=1)] = 0.0


class BacktestRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A backtest as a client posts it and, once ``normalise`` has seen it, as the log keeps it."""

    symbols: Annotated[list[Symbol], Meta(min_length=1, max_length=100)]
    start_date: Moment
    end_date: Moment
    resolution: Resolution = Resolution.DAY
    strategy: StrategySpec = StrategySpec()
    execution: Execution = Execution()
    initial_capital: Annotated[float, Meta(gt=0, le=1e12)] = 1_000_000.0
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3,5}$(?!\n)")] = "USD"
    timezone: Annotated[str, Meta(min_length=1, max_length=64)] = "UTC"
    data_source: Literal["catalog", "synthetic", "default", "sample"] = "catalog"
    benchmark_symbol: Symbol | None = None
    name: ShortText | None = None
    tags: Annotated[dict[ShortText, ShortText], Meta(max_length=50)] | None = None

    @property
    def start(self) -> int:
        """The first moment covered, microseconds UTC."""
        return since_epoch(datetime.fromisoformat(self.start_date))

    @property
    def end(self) -> int:
        """The last moment covered, microseconds UTC."""
        return since_epoch(datetime.fromisoformat(self.end_date))


def normalise(request: BacktestRequest, code: Code | None = None) -> BacktestRequest:
    """Check what no single field can say, and spell out every default.

    Dates become ISO 8601 in UTC, naive ones are read in ``timezone``; the strategy's parameters
    are completed, those of the strategy that ``code`` defines where it is given. Raises
    ``InvalidRequest``. Normalising twice changes nothing.
    """
    seen: set[str] = set()
    for index, symbol in enumerate(request.symbols):
        if symbol in seen:
            raise InvalidRequest(f"symbols[{index}]", f"{symbol} is there twice")
        seen.add(symbol)
    zone = _zone(request.timezone)
    start = read_moment("start_date", request.start_date, zone)
    end = read_moment("end_date", request.end_date, zone)
    if start >= end:
        raise InvalidRequest(
            "start_date", f"{start.isoformat()} is not before end_date {end.isoformat()}"
        )
    strategy = registry.create(request.strategy.name, request.strategy.params, code)
    return msgspec.structs.replace(
        request,
        start_date=start.isoformat(),
        end_date=end.isoformat(),
        strategy=StrategySpec(request.strategy.name, registry.parameters(strategy)),
        data_source=_DATA_SOURCES[request.data_source],
    )


def _zone(name: str) -> ZoneInfo:
    try:
        zone = ZoneInfo(name)
        # What the days of a run are counted with must know it too: a machine's own "localtime",
        # say, is a zone here and nowhere else.
        session_days(np.zeros(1, np.int64), Resolution.HOUR, name)
        return zone
    except (ZoneInfoNotFoundError, DomainError, ValueError, OSError) as error:
        problem = f"unknown timezone {name!r}; use an IANA name such as UTC or America/New_York"
        raise InvalidRequest("timezone", problem) from error


def read_moment(field: str, text: str, zone: tzinfo) -> datetime:
    """Read an ISO 8601 moment, without an offset one in ``zone``; ``InvalidRequest`` for others."""
    try:
        if not _ISO_DATE_FIRST.match(text):
            raise ValueError
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        problem = f"{text!r} is not an ISO 8601 date and time such as 2024-01-01T00:00:00Z"
        raise InvalidRequest(field, problem) from error
