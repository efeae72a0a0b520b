"""The prices that a run traded on, for the chart of its fills: of the catalog, or made up again."""

import numpy as np
import polars as pl

from domain.errors import DomainError
from domain.market.bars import TIMESTAMP_TYPE
from domain.runs.manifest import Dataset, Manifest
from domain.runs.request import BacktestRequest
from service.execution.job import ASKED_FOR, from_catalog, made_up
from service.market_data.catalog import Catalog
from service.market_data.errors import MarketDataError

POINTS_MAX = 1_500


def price_lines(
    manifest: Manifest, catalog: Catalog, symbols: list[str]
) -> dict[str, pl.DataFrame | None]:
    """The closes of each symbol, thinned out: ``timestamp`` and ``close``.

    None where the prices cannot be had any more, or are not those of the run by their SHA-256.
    """
    datasets = {dataset.symbol: dataset for dataset in manifest.data}
    return {symbol: _line(datasets[symbol], manifest.request, catalog) for symbol in symbols}


def _line(dataset: Dataset, request: BacktestRequest, catalog: Catalog) -> pl.DataFrame | None:
    try:
        if dataset.source == "synthetic":
            provided, _ = made_up(request, dataset.symbol, dataset.warmup_bars, ASKED_FOR)
        else:
            provided, _ = from_catalog(request, catalog, dataset.symbol, dataset.warmup_bars)
    except (DomainError, MarketDataError):
        return None
    bars = provided.bars
    if bars.sha256() != dataset.sha256:
        return None
    count = min(len(bars) - dataset.warmup_bars, POINTS_MAX)
    shown = np.unique(np.linspace(dataset.warmup_bars, len(bars) - 1, count).astype(np.int64))
    moments = pl.Series(bars.timestamp[shown], dtype=pl.Int64).cast(TIMESTAMP_TYPE)
    return pl.DataFrame({"timestamp": moments, "close": bars.close[shown]})
