"""The bundled sample prices: four symbols, daily, 2000 to 2013. README.md says whence."""

from importlib.resources import as_file, files

from domain.market.resolution import Resolution
from service.market_data.catalog import Catalog
from service.market_data.importers import read_file
from service.market_data.parquet import SUFFIX, Entry


def import_sample(catalog: Catalog) -> list[Entry]:
    """Put the sample into ``catalog``; daily bars that it already holds of a symbol stay.

    Returns the entries that are new, by symbol.
    """
    new = []
    for resource in sorted(files(__name__).iterdir(), key=lambda each: each.name):
        symbol, _, kind = resource.name.removesuffix(SUFFIX).partition("_")
        if not resource.name.endswith(SUFFIX) or catalog.holds(symbol, Resolution(kind)):
            continue
        with as_file(resource) as path:
            imported = read_file(path, symbol, Resolution(kind), "UTC")
        new.append(catalog.write(imported.bars, Resolution(kind)))
    return new
