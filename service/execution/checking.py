"""The look-ahead detector on a finished run, as an engine process does it."""

from collections.abc import Iterator, Sequence

import msgspec

from domain.engine.lookahead import Data, search
from domain.runs.events import EncodedEvent, encode
from domain.runs.manifest import Dataset
from service.execution.frames import Check
from service.execution.job import Source, failure, prepare
from service.market_data.errors import MarketDataError

REPORT = "lookahead"  # no type of the log: the report is not kept


def check(job: Check, source: Source) -> Iterator[list[EncodedEvent]]:
    """Yield one event: the detector's report as JSON, or ``state failed`` with the reason."""
    try:
        inputs = prepare(job.manifest.request, source, job.code)
        require_same_data(job.manifest.data, inputs.manifest.data)
        data = Data(inputs.bars, inputs.benchmark, inputs.actions)
        report = search(job.manifest, data, job.code, moments=job.moments, seed=job.seed)
        yield [EncodedEvent(REPORT, msgspec.json.encode(report))]
    except Exception as error:
        yield [encode(failure(error, "running"))]


def require_same_data(recorded: Sequence[Dataset], present: Sequence[Dataset]) -> None:
    """Raise ``MarketDataError`` where data are not what they were, symbol by symbol."""
    for old, new in zip(recorded, present, strict=True):
        if (old.sha256, old.actions_sha256) != (new.sha256, new.actions_sha256):
            what = "prices" if old.sha256 != new.sha256 else "corporate actions"
            raise MarketDataError(f"the {what} of {old.symbol} are not those of the run any more")
