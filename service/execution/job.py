"""One run from request to last event, as an engine process does it: load, describe, simulate."""

import logging
from collections.abc import Iterator
from typing import Literal

from domain.engine.simulate import simulate
from domain.engine.timeline import BARS_MAX
from domain.errors import DomainError
from domain.market.moments import iso
from domain.market.synthetic import synthetic_bars
from domain.runs.events import EncodedEvent, Failed, encode, failed
from domain.runs.manifest import Provided, describe
from domain.runs.request import BacktestRequest
from service.market_data.catalog import Catalog
from service.market_data.errors import MarketDataError, MissingData
from service.market_data.session_range import session_range

logger = logging.getLogger(__name__)

ASKED_FOR = "the request asked for data_source synthetic"


def execute(
    request: BacktestRequest, catalog: Catalog, missing_data: Literal["fail", "synthetic"]
) -> Iterator[list[EncodedEvent]]:
    """Yield all of a run's events after ``state queued``, the last one final.

    What goes wrong with the data or the strategy ends the run with ``state failed``; this raises
    nothing. ``missing_data`` says what to do about a symbol without bars: fail, or make them up.
    """
    state: Literal["queued", "running"] = "queued"
    try:
        provider = _Provider(request, catalog, missing_data)
        data = [provider.provide(symbol) for symbol in request.symbols]
        benchmark = request.benchmark_symbol and provider.provide(request.benchmark_symbol)
        manifest = describe(request, data, benchmark or None, provider.warnings)
        bars = [provided.bars for provided in data]
        for batch in simulate(manifest, bars, benchmark.bars if benchmark else None):
            yield batch
            state = "running"
    except Exception as error:
        yield [encode(failure(error, state))]


def failure(error: Exception, state: Literal["queued", "running"]) -> Failed:
    """The event with which ``error`` ends a run; what is not the client's to mend is logged."""
    if isinstance(error, DomainError | MarketDataError):
        return failed(str(error), state)
    # The run's error names only the kind of failure; the rest is for the service's own log.
    logger.error("the engine failed", exc_info=error)
    return failed(f"internal error in the engine ({type(error).__name__})", state)


class _Provider:
    """Gets each symbol's bars, and remembers what the reader of the run must be told."""

    def __init__(
        self, request: BacktestRequest, catalog: Catalog, missing_data: Literal["fail", "synthetic"]
    ) -> None:
        self._request = request
        self._catalog = catalog
        self._missing_data = missing_data
        self._bars = 0
        self.warnings: list[str] = []

    def provide(self, symbol: str) -> Provided:
        """Get one symbol's bars; all of a run's together are bounded."""
        provided, warnings = self._get(symbol)
        self.warnings.extend(warnings)
        self._bars += len(provided.bars)
        if self._bars > BARS_MAX:
            raise DomainError(
                f"the run has more than {BARS_MAX:,} bars with {symbol}; "
                "ask for fewer symbols, a shorter time or a coarser resolution"
            )
        return provided

    def _get(self, symbol: str) -> tuple[Provided, tuple[str, ...]]:
        if self._request.data_source == "synthetic":
            return made_up(self._request, symbol, ASKED_FOR)
        try:
            return from_catalog(self._request, self._catalog, symbol)
        except MissingData as missing:
            if self._missing_data == "fail":
                raise
            return made_up(self._request, symbol, str(missing))


def from_catalog(
    request: BacktestRequest, catalog: Catalog, symbol: str
) -> tuple[Provided, tuple[str, ...]]:
    """Load a symbol's bars for a run, with what the reader of the run must be told about them.

    Raises ``MissingData`` and other ``MarketDataError``.
    """
    loaded = catalog.load(symbol, request.resolution, request.start, request.end, request.timezone)
    resampled = loaded.source if loaded.source is not request.resolution else None
    return Provided(loaded.bars, "catalog", resampled), loaded.notes


def made_up(request: BacktestRequest, symbol: str, why: str) -> tuple[Provided, tuple[str, ...]]:
    """Make up a symbol's bars for a run, the same ones every time, with a warning that says so.

    Raises ``DomainError``.
    """
    start, end = session_range(request.start, request.end, request.resolution, request.timezone)
    bars = synthetic_bars(symbol, request.resolution, start, end)
    if len(bars) == 0:
        raise DomainError(
            f"{symbol}: there is no {request.resolution.value} session between "
            f"{iso(request.start)} and {iso(request.end)} to make up prices for"
        )
    warning = f"{symbol}: ALL PRICES ARE MADE UP (synthetic): {why}"
    return Provided(bars, "synthetic"), (warning,)
