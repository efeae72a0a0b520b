"""How each backtest goes when nothing happens to it: simulated here, in this process."""

import msgspec

from domain.runs.events import EncodedEvent, Queued, encode
from domain.runs.request import BacktestRequest
from service.execution.job import execute
from service.market_data.catalog import Catalog


class Undisturbed:
    """The whole stream of every normalised request, simulated once."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._known: dict[bytes, list[EncodedEvent]] = {}

    def stream(self, request: BacktestRequest) -> list[EncodedEvent]:
        """Every event of the run, from ``state queued`` to the last."""
        key = msgspec.json.encode(request)
        if key not in self._known:
            batches = execute(request, self._catalog, "fail")
            queued = encode(Queued(request))
            self._known[key] = [queued, *(event for batch in batches for event in batch)]
        return self._known[key]
