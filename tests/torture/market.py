"""The prices that runs are tortured on: bundled daily ones, and minutes of two made-up pairs."""

from datetime import UTC, datetime
from pathlib import Path

from domain.market.moments import since_epoch
from domain.market.resolution import Resolution
from domain.market.synthetic import synthetic_bars
from service.market_data.catalog import Catalog
from service.market_data.sample import import_sample

PAIRS = ("BTC/USDT", "ETH/USDT")
FIRST_MINUTE = since_epoch(datetime(2010, 1, 1, tzinfo=UTC))
LAST_MINUTE = since_epoch(datetime(2010, 9, 30, 23, 59, tzinfo=UTC))  # 393,120 minutes


def make_market(path: Path) -> Catalog:
    """Write them to the catalog at ``path``."""
    catalog = Catalog(path)
    import_sample(catalog)
    for pair in PAIRS:
        minutes = synthetic_bars(pair, Resolution.MINUTE, FIRST_MINUTE, LAST_MINUTE)
        catalog.write(minutes, Resolution.MINUTE)
    return catalog
