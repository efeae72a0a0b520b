"""A run that never was is named, however consistent its hashes are: nobody simulated it so."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from domain.engine.simulate import simulate
from domain.market.resolution import Resolution
from domain.runs.events import (
    Cancelled,
    Completed,
    Digest,
    EncodedEvent,
    Failed,
    Measured,
    Queued,
    Started,
    encode,
)
from domain.runs.manifest import Provided, describe
from domain.runs.request import BacktestRequest, normalise
from eventstore.store import EventStore
from service.audit.reexecution import Reexecution, reexecute
from service.execution.job import ASKED_FOR, execute, from_catalog, made_up
from service.market_data.catalog import Catalog
from service.market_data.sample import import_sample
from service.projections import stored_projections
from service.runs import stored_form

STREAM = "backtest-00000000-0000-0000-0000-000000000001"
REQUEST = normalise(
    BacktestRequest(symbols=["IBM", "MSFT"], start_date="2010-01-01", end_date="2011-01-02")
)
MADE_UP = msgspec.structs.replace(REQUEST, data_source="synthetic")
MEASURED = msgspec.structs.replace(REQUEST, benchmark_symbol="AAPL")
UNKNOWN = msgspec.structs.replace(REQUEST, symbols=["IBM", "NOBODY"])

BEGINS = "IBM: bars begin on 2010-01-04, after the asked start 2010-01-01"
ENDS = "IBM: bars end on 2010-12-31, before the asked end 2011-01-02"

Events = list[EncodedEvent]

FAILED_QUEUED = encode(Failed("no data", "queued"))
FAILED = encode(Failed("an engine was killed", "running"))
CANCELLED = encode(Cancelled("running"))
METRIC = encode(Measured("total_return", 9999.0))
COMPLETED = encode(Completed(Digest().hexdigest()))


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    catalog = Catalog(tmp_path_factory.mktemp("market"))
    import_sample(catalog)
    return catalog


def queued(request: BacktestRequest) -> EncodedEvent:
    return encode(Queued(request))


def honest(
    catalog: Catalog, request: BacktestRequest = REQUEST, *, make_up: bool = False
) -> Events:
    """The run's events as the service writes them."""
    batches = execute(request, catalog, "synthetic" if make_up else "fail")
    return [queued(request), *(event for batch in batches for event in batch)]


def forged(
    request: BacktestRequest,
    data: Sequence[Provided],
    benchmark: Provided | None = None,
    warnings: Sequence[str] = (),
) -> Events:
    """The run's events as our own code gives them for a manifest that somebody made up."""
    manifest = describe(request, data, benchmark, warnings)
    bars = [provided.bars for provided in data]
    batches = simulate(manifest, bars, benchmark and benchmark.bars)
    return [queued(request), *(event for batch in batches for event in batch)]


async def audited(folder: Path, events: Events, catalog: Catalog) -> Reexecution:
    """Put the events into a new log, whose hashes are right; simulate again."""
    async with await EventStore.open(folder / "log.db", projections=stored_projections()) as store:
        await store.append(STREAM, stored_form(events), 0)
        return await reexecute(store, STREAM, catalog)


def stored(catalog: Catalog, request: BacktestRequest, *symbols: str) -> list[Provided]:
    return [from_catalog(request, catalog, symbol, 0)[0] for symbol in symbols]


def invented(request: BacktestRequest, *symbols: str) -> tuple[list[Provided], list[str]]:
    pairs = [made_up(request, symbol, 0, ASKED_FOR) for symbol in symbols]
    return [provided for provided, _ in pairs], [text for _, (text,) in pairs]


@pytest.mark.parametrize(
    "request_", [REQUEST, MADE_UP, MEASURED, UNKNOWN], ids=["real", "made up", "benchmark", "both"]
)
async def test_what_the_service_writes_is_accepted(
    catalog: Catalog, request_: BacktestRequest, tmp_path: Path
) -> None:
    events = honest(catalog, request_, make_up=True)
    outcome = await audited(tmp_path, events, catalog)
    assert (outcome.findings, outcome.notes) == ([], [])
    assert outcome.compared == len(events) - 1


SEQUENCES: dict[str, tuple[Callable[[Events], Events], int]] = {
    "completed without running": (lambda run: [run[0], run[-1]], 2),
    "metrics without running": (lambda run: [run[0], METRIC, COMPLETED], 2),
    "queued twice": (lambda run: [run[0], *run], 2),
    "queued again at the end": (lambda run: [*run, run[0]], -1),
    "running without queued": (lambda run: run[1:], 1),
    "failed while running, never started": (lambda run: [run[0], FAILED], 2),
    "failed, then a metric": (lambda run: [run[0], FAILED_QUEUED, METRIC], 3),
    "failed, then the whole run": (lambda run: [run[0], FAILED_QUEUED, *run[1:]], 3),
    "failed while running, then a metric": (lambda run: [*run[:10], FAILED, METRIC, run[-1]], 12),
    "cancelled, then the rest": (lambda run: [*run[:10], CANCELLED, *run[10:]], 12),
    "failed while queued, but started": (lambda run: [*run[:10], FAILED_QUEUED], 11),
    "completed, then cancelled": (lambda run: [*run, CANCELLED], -1),
    "completed twice": (lambda run: [*run, run[-1]], -1),
}


@pytest.mark.parametrize("name", SEQUENCES)
async def test_events_that_no_run_has_are_named(
    catalog: Catalog, name: str, tmp_path: Path
) -> None:
    forge, bad = SEQUENCES[name]
    events = forge(honest(catalog))
    (finding,) = (await audited(tmp_path, events, catalog)).findings
    assert finding.check == "reexecution"
    assert finding.event_id == (bad if bad > 0 else len(events))


async def test_a_run_that_failed_before_it_started_is_none_of_these(
    catalog: Catalog, tmp_path: Path
) -> None:
    outcome = await audited(tmp_path, honest(catalog, UNKNOWN), catalog)
    assert outcome.findings == []
    assert "never started" in outcome.notes[0]


@pytest.mark.parametrize("symbols", [["MSFT", "IBM"], ["GOOG", "MSFT"]], ids=",".join)
async def test_other_symbols_than_the_requests_are_named(
    catalog: Catalog, symbols: list[str], tmp_path: Path
) -> None:
    events = forged(REQUEST, stored(catalog, REQUEST, *symbols))
    (finding,) = (await audited(tmp_path, events, catalog)).findings
    assert f"has data of {', '.join(symbols)} and the benchmark None" in finding.reason


async def test_a_symbol_that_is_left_out_is_named(catalog: Catalog, tmp_path: Path) -> None:
    manifest = describe(REQUEST, stored(catalog, REQUEST, "IBM"), None, ())
    events = [queued(REQUEST), encode(Started(manifest))]
    (finding,) = (await audited(tmp_path, events, catalog)).findings
    assert "has data of IBM and the benchmark None" in finding.reason


@pytest.mark.parametrize(
    ("request_", "benchmark"), [(REQUEST, "AAPL"), (MEASURED, None), (MEASURED, "GOOG")]
)
async def test_another_benchmark_than_the_requests_is_named(
    catalog: Catalog, request_: BacktestRequest, benchmark: str | None, tmp_path: Path
) -> None:
    data = stored(catalog, request_, "IBM", "MSFT")
    provided = None if benchmark is None else stored(catalog, request_, benchmark)[0]
    events = forged(request_, data, provided)
    (finding,) = (await audited(tmp_path, events, catalog)).findings
    assert f"the benchmark {benchmark}" in finding.reason


async def test_made_up_prices_that_nobody_asked_for_are_named(
    catalog: Catalog, tmp_path: Path
) -> None:
    data, warnings = invented(REQUEST, "IBM", "MSFT")
    for index, told in enumerate(([], warnings)):
        folder = tmp_path / str(index)
        folder.mkdir()
        events = forged(REQUEST, data, warnings=told)
        (finding,) = (await audited(folder, events, catalog)).findings
        assert "lacks the warning 'IBM: ALL PRICES ARE MADE UP" in finding.reason


async def test_prices_from_the_catalog_where_made_up_ones_were_asked_for_are_named(
    catalog: Catalog, tmp_path: Path
) -> None:
    events = forged(MADE_UP, stored(catalog, MADE_UP, "IBM", "MSFT"))
    (finding,) = (await audited(tmp_path, events, catalog)).findings
    assert "has IBM from the catalog" in finding.reason


@pytest.mark.parametrize("invention", ["nothing to see", BEGINS + "!", BEGINS.replace("04", "05")])
async def test_invented_warnings_are_named(
    catalog: Catalog, invention: str, tmp_path: Path
) -> None:
    data = stored(catalog, REQUEST, "IBM", "MSFT")
    (finding,) = (
        await audited(tmp_path, forged(REQUEST, data, warnings=[invention]), catalog)
    ).findings
    assert f"a warning that nothing gives rise to: {invention!r}" in finding.reason


async def test_made_up_prices_need_their_warning_even_where_they_were_asked_for(
    catalog: Catalog, tmp_path: Path
) -> None:
    data, warnings = invented(MADE_UP, "IBM", "MSFT")
    (finding,) = (
        await audited(tmp_path, forged(MADE_UP, data, warnings=warnings[:1]), catalog)
    ).findings
    assert "lacks the warning 'MSFT: ALL PRICES ARE MADE UP" in finding.reason


async def test_a_catalog_that_grew_since_makes_a_note(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "market")
    import_sample(catalog)
    whole = catalog.load("IBM", Resolution.DAY, 0, 2**60, "UTC").bars
    cut = catalog.load("IBM", Resolution.DAY, REQUEST.start, REQUEST.end, "UTC").bars
    catalog.write(cut, Resolution.DAY)
    events = honest(catalog, UNKNOWN, make_up=True)
    told = [BEGINS, ENDS]
    assert all(warning.encode() in events[1].payload for warning in told)
    catalog.write(whole, Resolution.DAY)
    catalog.write(msgspec.structs.replace(whole, symbol="NOBODY"), Resolution.DAY)
    outcome = await audited(tmp_path, events, catalog)
    assert outcome.findings == []
    assert outcome.compared == len(events) - 1
    begins, ends, missing = outcome.notes
    assert begins == f"{STREAM}: the catalog has changed since: the run was told {BEGINS!r}"
    assert ends == f"{STREAM}: the catalog has changed since: the run was told {ENDS!r}"
    assert "NOBODY: ALL PRICES ARE MADE UP" in missing


async def test_a_catalog_that_was_cut_since_makes_a_note(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "market")
    import_sample(catalog)
    events = honest(catalog)
    cut = catalog.load("IBM", Resolution.DAY, REQUEST.start, REQUEST.end, "UTC").bars
    catalog.write(cut, Resolution.DAY)
    outcome = await audited(tmp_path, events, catalog)
    assert outcome.findings == []
    begins, _ = outcome.notes
    assert begins == f"{STREAM}: the catalog has changed since: it would now tell {BEGINS!r}"
