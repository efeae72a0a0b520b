"""One run from request to last event, as an engine process does it: load, describe, simulate."""

import logging
from collections.abc import Iterator
from typing import Literal

from domain.engine.simulate import simulate
from domain.engine.timeline import BARS_MAX
from domain.errors import DomainError
from domain.market.moments import iso
from domain.market.synthetic import synthetic_bars
from domain.runs.events import EncodedEvent, encode, failed
from domain.runs.manifest import Provided, describe
from domain.runs.request import BacktestRequest
from service.market_data.catalog import Catalog
from service.market_data.errors import MarketDataError, MissingData
from service.market_data.session_range import session_range

logger = logging.getLogger(__name__)


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
    except (DomainError, MarketDataError) as error:
        yield [encode(failed(str(error), state))]
    except Exception as error:
        # The run's error names only the kind of failure; the rest is for the service's own log.
        logger.exception("the engine failed")
        yield [encode(failed(f"internal error in the engine ({type(error).__name__})", state))]


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
        provided = self._get(symbol)
        self._bars += len(provided.bars)
        if self._bars > BARS_MAX:
            raise DomainError(
                f"the run has more than {BARS_MAX:,} bars with {symbol}; "
                "ask for fewer symbols, a shorter time or a coarser resolution"
            )
        return provided

    def _get(self, symbol: str) -> Provided:
        if self._request.data_source == "synthetic":
            return self._make_up(symbol, "the request asked for data_source synthetic")
        try:
            return self._load(symbol)
        except MissingData as missing:
            if self._missing_data == "fail":
                raise
            return self._make_up(symbol, str(missing))

    def _load(self, symbol: str) -> Provided:
        request = self._request
        loaded = self._catalog.load(
            symbol, request.resolution, request.start, request.end, request.timezone
        )
        self.warnings.extend(loaded.notes)
        resampled = loaded.source if loaded.source is not request.resolution else None
        return Provided(loaded.bars, "catalog", resampled)

    def _make_up(self, symbol: str, why: str) -> Provided:
        request = self._request
        start, end = session_range(request.start, request.end, request.resolution, request.timezone)
        bars = synthetic_bars(symbol, request.resolution, start, end)
        if len(bars) == 0:
            raise DomainError(
                f"{symbol}: there is no {request.resolution.value} session between "
                f"{iso(request.start)} and {iso(request.end)} to make up prices for"
            )
        self.warnings.append(f"{symbol}: ALL PRICES ARE MADE UP (synthetic): {why}")
        return Provided(bars, "synthetic")
