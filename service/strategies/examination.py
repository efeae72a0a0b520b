"""A file's strategy run on made-up prices, and searched for look-ahead."""

from pathlib import Path
from typing import Any

from domain.engine.lookahead import Data, Report, search
from domain.errors import InvalidRequest
from domain.runs.request import BacktestRequest, StrategySpec, normalise
from domain.strategies.code import UnusableCode
from service.execution.job import prepare, source_of
from service.market_data.catalog import Catalog
from service.strategies.library import Entry, Library


def examine(file: Path, params: dict[str, Any], moments: int, seed: int) -> Report:
    """Search four years of daily prices of two symbols, in this process.

    Raises ``InvalidRequest`` for a file that cannot be used or parameters that it refuses, and
    ``StrategyFailed`` where it fails on these prices.
    """
    entry = Entry(file.stem, "file")
    try:
        code = Library(file.parent).code(entry)
    except UnusableCode as error:
        raise InvalidRequest(str(file), str(error)) from error
    asked = BacktestRequest(
        symbols=["FIRST", "SECOND"],
        start_date="2020-01-01",
        end_date="2023-12-31",
        strategy=StrategySpec(entry.name, params),
        data_source="synthetic",
    )
    request = normalise(asked, code)
    inputs = prepare(request, source_of(Catalog(file.parent), "fail"), code)
    data = Data(inputs.bars, inputs.benchmark, inputs.actions)
    return search(inputs.manifest, data, code, moments=moments, seed=seed)
