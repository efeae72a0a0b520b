"""The look-ahead detector on a finished run, as an engine process does it."""

from collections.abc import Iterator

import msgspec

from domain.engine.lookahead import Data, Report, search
from domain.runs.events import EncodedEvent, encode
from domain.runs.manifest import Manifest
from service.execution.frames import Check
from service.execution.job import MissingDataPolicy, failure, prepare
from service.market_data.catalog import Catalog
from service.market_data.errors import MarketDataError

REPORT = "lookahead"  # no type of the log: the report is not kept


def check(
    job: Check, catalog: Catalog, missing_data: MissingDataPolicy
) -> Iterator[list[EncodedEvent]]:
    """Yield one event: the detector's report as JSON, or ``state failed`` with the reason."""
    try:
        inputs = prepare(job.manifest.request, catalog, missing_data, job.code)
        _require_same(job.manifest, inputs.manifest)
        data = Data(inputs.bars, inputs.benchmark, inputs.actions)
        report = search(job.manifest, data, job.code, moments=job.moments, seed=job.seed)
        yield [EncodedEvent(REPORT, as_json(report))]
    except Exception as error:
        yield [encode(failure(error, "running"))]


def as_json(report: Report) -> bytes:
    """The report as JSON: ``clean``, which says it in one word, and all its fields."""
    return msgspec.json.encode({"clean": report.clean, **msgspec.structs.asdict(report)})


def _require_same(recorded: Manifest, present: Manifest) -> None:
    for old, new in zip(recorded.data, present.data, strict=True):
        if (old.sha256, old.actions_sha256) != (new.sha256, new.actions_sha256):
            what = "prices" if old.sha256 != new.sha256 else "corporate actions"
            raise MarketDataError(f"the {what} of {old.symbol} are not those of the run any more")
