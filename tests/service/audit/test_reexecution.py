"""A run comes out the same when it is simulated again, or the first difference is named."""

import math
import shutil
from pathlib import Path

import msgspec
import pytest

from domain.engine import tape
from domain.market.resolution import Resolution
from domain.runs.events import EncodedEvent, Failed, encode
from eventstore.events import Event
from eventstore.store import EventStore
from service.audit.reexecution import Reexecution, reexecute
from service.market_data.catalog import Catalog
from service.projections import stream_of
from service.runs import stored_form
from tests.service.api.running import LONG, REAL, SHORT, Document, Service, running_service
from tests.tampering import recompute_hashes, tampered

SYNTHETIC: Document = {**SHORT, "data_source": "synthetic", "benchmark_symbol": "MARKET"}


async def again(service: Service, run_id: str) -> Reexecution:
    return await reexecute(service.core.store, stream_of(run_id), service.market)


class Recorded(msgspec.Struct, frozen=True):
    """A log that was closed after one run."""

    folder: Path
    run_id: str
    events: list[Event]

    async def forged(self, copy: Path, event_id: int, **columns: object) -> Reexecution:
        """Change an event as somebody does who recomputes every hash; then simulate again."""
        shutil.copy(self.folder / "log.db", copy)
        marks = ", ".join(f"{column} = ?" for column in columns)
        with tampered(copy / "log.db") as connection:
            connection.execute(
                f"UPDATE events SET {marks} WHERE event_id = ?", (*columns.values(), event_id)
            )
            recompute_hashes(connection)
        async with await EventStore.open(copy / "log.db", read_only=True) as store:
            return await reexecute(store, stream_of(self.run_id), Catalog(self.folder / "market"))


@pytest.fixture(scope="module")
async def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    folder = tmp_path_factory.mktemp("recorded")
    async with running_service(folder, engine_processes=1) as service:
        run_id = await service.completed(REAL)
        events = await service.log(run_id)
    return Recorded(folder, run_id, events)


WARM = {**REAL, "execution": {"warmup_bars": 30, "allow_short": True, "max_leverage": 2}}


@pytest.mark.parametrize(
    "request_", [REAL, SHORT, SYNTHETIC, WARM], ids=["real", "short", "synthetic", "warm"]
)
async def test_a_run_comes_out_the_same(service: Service, request_: Document) -> None:
    run_id = await service.completed(request_)
    outcome = await again(service, run_id)
    assert outcome.findings == []
    assert outcome.notes == []
    assert outcome.compared == len(await service.log(run_id)) - 1


async def test_made_up_prices_are_made_up_again_whatever_the_catalog_holds_by_then(
    tmp_path: Path,
) -> None:
    async with running_service(tmp_path, engine_processes=1, missing_data="synthetic") as service:
        run_id = await service.completed({**SHORT, "symbols": ["AAPL", "NOBODY"]})
        held = service.market.load("AAPL", Resolution.DAY, 0, 2**60, "UTC").bars
        renamed = msgspec.structs.replace(held, symbol="NOBODY")
        service.market.write(renamed, Resolution.DAY)
        assert (await again(service, run_id)).findings == []


async def test_a_cancelled_run_is_compared_as_far_as_it_got(service: Service) -> None:
    run_id = await service.create(LONG)
    async with service.stream(run_id) as events:
        for _ in range(5):
            await events.recv()
        await service.cancel(run_id)
    outcome = await again(service, run_id)
    assert outcome.findings == []
    assert outcome.compared == len(await service.log(run_id)) - 2 > 0
    (note,) = outcome.notes
    assert "was cancelled" in note


async def test_a_run_that_its_engine_failed_is_compared_as_far_as_it_got(tmp_path: Path) -> None:
    async with running_service(tmp_path, engine_processes=1) as service:
        events = await service.log(await service.completed(SHORT))
        kept, run_id = events[:-3], "00000000-0000-0000-0000-000000000001"
        failed = stored_form([encode(Failed("an engine was killed", "running"))])
        copies = stored_form([_encoded(event) for event in kept])
        await service.core.store.append(stream_of(run_id), [*copies, *failed], 0)
        outcome = await again(service, run_id)
    assert outcome.findings == []
    assert outcome.compared == len(kept) - 1
    assert "failed (an engine was killed)" in outcome.notes[0]


async def test_a_run_that_never_started_has_nothing_to_compare(service: Service) -> None:
    run_id = await service.create({**SHORT, "symbols": ["NOBODY"]})
    await service.frames(run_id)
    outcome = await again(service, run_id)
    assert (outcome.findings, outcome.compared) == ([], 0)
    assert "never started" in outcome.notes[0]


async def test_a_run_that_is_not_there_is_a_finding(service: Service) -> None:
    outcome = await again(service, "00000000-0000-0000-0000-000000000000")
    assert [finding.check for finding in outcome.findings] == ["event"]


async def test_data_that_changed_is_named(tmp_path: Path) -> None:
    async with running_service(tmp_path, engine_processes=1) as service:
        run_id = await service.completed(REAL)
        bars = service.market.load("MSFT", Resolution.DAY, 0, 2**60, "UTC").bars
        close = bars.close.copy()
        close[-100] = math.nextafter(close[-100], 0)
        service.market.write(msgspec.structs.replace(bars, close=close), Resolution.DAY)
        recorded = {
            dataset["symbol"]: dataset["sha256"]
            for dataset in (await service.results(run_id))["manifest"]["data"]
        }
        outcome = await again(service, run_id)
    (finding,) = outcome.findings
    assert finding.check == "data"
    assert finding.event_id == 2
    assert "the prices of MSFT (catalog) are not those of the run" in finding.reason
    assert recorded["MSFT"] in finding.reason


async def test_data_that_is_gone_is_named(tmp_path: Path) -> None:
    async with running_service(tmp_path, engine_processes=1) as service:
        run_id = await service.completed(REAL)
        (tmp_path / "market" / "day" / "IBM.parquet").unlink()
        outcome = await again(service, run_id)
    (finding,) = outcome.findings
    assert "IBM" in finding.reason


async def test_a_forged_payload_is_named(recorded: Recorded, tmp_path: Path) -> None:
    event = next(
        event for event in recorded.events if event.type == "progress" and event.event_id > 5
    )
    forgery = event.payload.replace(b'"bars":', b'"bars":9')
    (finding,) = (await recorded.forged(tmp_path, event.event_id, payload=forgery)).findings
    assert (finding.check, finding.event_id) == ("reexecution", event.event_id)
    assert finding.position == event.position
    assert "its payload: bars is 9" in finding.reason


async def test_a_forged_fill_is_named(recorded: Recorded, tmp_path: Path) -> None:
    for event in recorded.events:
        if event.attachment is not None and len(tape.decode(event.attachment)["fills"]):
            break
    assert event.attachment is not None
    segment = tape.decode(event.attachment)
    segment["fills"] = segment["fills"].with_columns(price=segment["fills"]["price"] + 0.01)
    forgery = tape.encode(segment)
    (finding,) = (await recorded.forged(tmp_path, event.event_id, attachment=forgery)).findings
    assert finding.event_id == event.event_id
    assert "its attachment: row 1 of fills is" in finding.reason


async def test_a_forged_type_is_named(recorded: Recorded, tmp_path: Path) -> None:
    event = next(event for event in recorded.events if event.type == "metric")
    (finding,) = (await recorded.forged(tmp_path, event.event_id, type="log")).findings
    assert finding.event_id == event.event_id
    assert "it is a log event, the simulation gives a metric event" in finding.reason


async def test_a_forged_request_is_named(recorded: Recorded, tmp_path: Path) -> None:
    forgery = recorded.events[0].payload.replace(b'"slippage_bps":2.0', b'"slippage_bps":3.0')
    assert forgery != recorded.events[0].payload
    (finding,) = (await recorded.forged(tmp_path, 1, payload=forgery)).findings
    assert finding.event_id == 2
    assert "its manifest's request is not the one that was queued" in finding.reason


async def test_a_forged_manifest_is_named(recorded: Recorded, tmp_path: Path) -> None:
    forgery = recorded.events[1].payload.replace(
        b'"periods_per_year":252', b'"periods_per_year":365'
    )
    assert forgery != recorded.events[1].payload
    (finding,) = (await recorded.forged(tmp_path, 2, payload=forgery)).findings
    assert finding.event_id == 2
    assert "manifest.periods_per_year is 365, the simulation gives 252" in finding.reason


async def test_another_version_is_noted(recorded: Recorded, tmp_path: Path) -> None:
    forgery = recorded.events[1].payload.replace(b'"numpy":"', b'"numpy":"0.')
    outcome = await recorded.forged(tmp_path, 2, payload=forgery)
    assert "it ran with numpy 0." in outcome.notes[0]
    # Only the digest differs, for it covers the manifest.
    assert [finding.event_id for finding in outcome.findings] == [len(recorded.events)]


async def test_an_event_too_many_is_named(tmp_path: Path) -> None:
    async with running_service(tmp_path, engine_processes=1) as service:
        run_id = await service.completed(SHORT)
        last = (await service.log(run_id))[-1]
        extra = stored_form([_encoded(last)])
        await service.core.store.append(stream_of(run_id), extra, last.event_id)
        (finding,) = (await again(service, run_id)).findings
    assert finding.event_id == last.event_id + 1
    assert "after the last event that the simulation gives" in finding.reason


def _encoded(event: Event) -> EncodedEvent:
    return EncodedEvent(event.type, event.payload, event.attachment)
