"""One run from request to last event, as an engine process does it: load, describe, simulate."""

import logging
from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

from domain.engine.simulate import simulate
from domain.engine.timeline import BARS_MAX
from domain.errors import DomainError
from domain.market.actions import Actions
from domain.market.bars import Bars
from domain.market.dividend_check import excessive_dividends
from domain.market.moments import iso
from domain.market.sessions import session_days
from domain.market.split_check import unseen_splits
from domain.market.synthetic import synthetic_bars
from domain.runs.events import EncodedEvent, Failed, encode, failed
from domain.runs.manifest import Manifest, Provided, describe
from domain.runs.request import BacktestRequest
from domain.strategies.code import Code
from service.market_data.catalog import Catalog
from service.market_data.errors import MarketDataError, MissingData
from service.market_data.session_range import session_range
from service.market_data.warmup import with_bars_before

logger = logging.getLogger(__name__)

MissingDataPolicy: TypeAlias = Literal["fail", "synthetic"]
ASKED_FOR = "the request asked for data_source synthetic"


def execute(
    request: BacktestRequest,
    catalog: Catalog,
    missing_data: MissingDataPolicy,
    code: Code | None = None,
) -> Iterator[list[EncodedEvent]]:
    """Yield all of a run's events after ``state queued``, the last one final.

    What goes wrong with the data or the strategy ends the run with ``state failed``; this raises
    nothing. ``code``: the source of the strategy, where that is a user's own.
    """
    state: Literal["queued", "running"] = "queued"
    try:
        inputs = prepare(request, catalog, missing_data, code)
        for batch in simulate(
            inputs.manifest, inputs.bars, inputs.benchmark, inputs.actions, code=code
        ):
            yield batch
            state = "running"
    except Exception as error:
        yield [encode(failure(error, state))]


class Inputs(NamedTuple):
    """All that a simulation is made from."""

    manifest: Manifest
    bars: list[Bars]
    benchmark: Bars | None
    actions: list[Actions]


def prepare(
    request: BacktestRequest,
    catalog: Catalog,
    missing_data: MissingDataPolicy,
    code: Code | None,
) -> Inputs:
    """Load a run's data and describe it. Raises ``DomainError`` and ``MarketDataError``.

    ``missing_data`` says what to do about a symbol without bars: fail, or make them up.
    """
    provider = _Provider(request, catalog, missing_data)
    warmup = request.execution.warmup_bars
    data = [provider.provide(symbol, warmup) for symbol in request.symbols]
    benchmark = request.benchmark_symbol and provider.provide(request.benchmark_symbol)
    manifest = describe(request, data, benchmark or None, provider.warnings, code)
    return Inputs(
        manifest,
        bars=[provided.bars for provided in data],
        benchmark=benchmark.held(request) if benchmark else None,
        actions=[provided.acting() for provided in data],
    )


def failure(error: Exception, state: Literal["queued", "running"]) -> Failed:
    """The event with which ``error`` ends a run; what is not the client's to mend is logged."""
    if _is_for_memory(error):
        needs = "the run needs more memory than it may take"
        return failed(f"{needs}: {error}" if str(error) else needs, state, "memory")
    if isinstance(error, DomainError | MarketDataError):
        return failed(str(error), state)
    # The run's error names only the kind of failure; the rest is for the service's own log.
    logger.error("the engine failed", exc_info=error)
    return failed(f"internal error in the engine ({type(error).__name__})", state)


def _is_for_memory(error: BaseException | None) -> bool:
    return error is not None and (isinstance(error, MemoryError) or _is_for_memory(error.__cause__))


class _Provider:
    """Gets each symbol's bars, and remembers what the reader of the run must be told."""

    def __init__(
        self, request: BacktestRequest, catalog: Catalog, missing_data: MissingDataPolicy
    ) -> None:
        self._request = request
        self._catalog = catalog
        self._missing_data = missing_data
        self._bars = 0
        self.warnings: list[str] = []

    def provide(self, symbol: str, warmup: int = 0) -> Provided:
        """Get one symbol's bars, with so many to warm up; all of a run's together are bounded."""
        provided, warnings = self._get(symbol, warmup)
        self.warnings.extend(warnings)
        if provided.warmup_bars < warmup:
            self.warnings.append(short_of_warmup(provided, warmup))
        self._bars += len(provided.bars)
        if self._bars > BARS_MAX:
            raise DomainError(
                f"the run has more than {BARS_MAX:,} bars with {symbol}; "
                "ask for fewer symbols, a shorter time or a coarser resolution"
            )
        return provided

    def _get(self, symbol: str, warmup: int) -> tuple[Provided, tuple[str, ...]]:
        if self._request.data_source == "synthetic":
            return made_up(self._request, symbol, warmup, ASKED_FOR)
        try:
            return from_catalog(self._request, self._catalog, symbol, warmup)
        except MissingData as missing:
            if self._missing_data == "fail":
                raise
            return made_up(self._request, symbol, warmup, str(missing))


def short_of_warmup(provided: Provided, asked: int) -> str:
    """What the reader of a run is told about fewer bars to warm up on than were asked for."""
    return (
        f"{provided.bars.symbol}: {provided.warmup_bars} bars before the start to warm up on, "
        f"not the {asked} that were asked for"
    )


def from_catalog(
    request: BacktestRequest, catalog: Catalog, symbol: str, warmup: int
) -> tuple[Provided, tuple[str, ...]]:
    """Load a symbol's bars for a run, with what the reader of the run must be told about them.

    ``warmup``: so many bars before the run's start come first, where there are as many. Raises
    ``MissingData`` and other ``MarketDataError``, also for a dividend of more than the price.
    """
    resolution, start = request.resolution, request.start
    loaded = catalog.load(symbol, resolution, start, request.end, request.timezone)

    def earlier(first: int, last: int) -> Bars:
        try:
            return catalog.load(symbol, resolution, first, last, request.timezone).bars
        except MissingData:
            return loaded.bars.between(0, -1)

    bars, warmup = with_bars_before(loaded.bars, warmup, earlier, start, resolution)
    resampled = loaded.source if loaded.source is not resolution else None
    days = session_days(bars.timestamp, resolution, request.timezone)
    actions = catalog.actions(symbol).effective(days)
    for row in excessive_dividends(actions, bars, days):
        raise MarketDataError(
            f"{symbol}: the dividend of {iso(int(actions.timestamp[row]))[:10]},"
            f" {actions.dividend[row]:g} a share, is more than the close before it:"
            " are these the actions of raw prices in this currency?"
        )
    notes = loaded.notes + tuple(
        f"{symbol}: its price does not jump at the split of {iso(int(actions.timestamp[row]))[:10]}"
        f" ({actions.split[row]:g} for 1): are these prices adjusted already?"
        for row in unseen_splits(actions, bars, days)
    )
    return Provided(bars, "catalog", resampled, actions, warmup), notes


def made_up(
    request: BacktestRequest, symbol: str, warmup: int, why: str
) -> tuple[Provided, tuple[str, ...]]:
    """Make up a symbol's bars for a run, ``warmup`` of them before it, with a warning.

    They are the same every time. Raises ``DomainError``.
    """
    start, end = session_range(request.start, request.end, request.resolution, request.timezone)
    bars = synthetic_bars(symbol, request.resolution, start, end)

    def earlier(first: int, last: int) -> Bars:
        return synthetic_bars(symbol, request.resolution, max(first, 0), max(last, 0))

    if len(bars) == 0:
        raise DomainError(
            f"{symbol}: there is no {request.resolution.value} session between "
            f"{iso(request.start)} and {iso(request.end)} to make up prices for"
        )
    bars, warmup = with_bars_before(bars, warmup, earlier, start, request.resolution)
    warning = f"{symbol}: ALL PRICES ARE MADE UP (synthetic): {why}"
    return Provided(bars, "synthetic", warmup_bars=warmup), (warning,)
