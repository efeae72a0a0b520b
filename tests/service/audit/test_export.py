"""An export proves itself, to our verifier and to one that was written from the documentation."""

import io
import random
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from eventstore.chain import GENESIS, event_hash
from eventstore.events import NewEvent
from eventstore.merkle import leaf_hash
from service.audit.checkpoint import sign
from service.audit.errors import EvidenceError
from service.audit.key import public_hex
from service.audit.verification import Verified, verify_export
from tests.service.api.running import LONG, SHORT, Service
from tests.service.audit import independent_verifier

SEED = 20261121
FLIPS = 400

Lines = list[dict[str, Any]]


async def exported(service: Service, run_id: str, path: str = "export") -> bytes:
    response = await service.http.get(f"/backtests/{run_id}/{path}")
    assert response.status_code == 200, response.text
    return response.content


def verified(export: bytes, public_key: str | None = None) -> Verified:
    return verify_export(io.BytesIO(export), public_key)


def key_of(export: bytes) -> str:
    key: str = msgspec.json.decode(export.splitlines()[0])["checkpoint"]["public_key"]
    return key


def believed(export: bytes, public_key: str) -> tuple[bool, bool]:
    """Whether our verifier and the independent one believe the export."""
    try:
        verified(export, public_key)
    except EvidenceError:
        ours = False
    else:
        ours = True
    return ours, independent_verifier.verify(export.splitlines(), public_key)


@pytest.fixture
async def export(service: Service) -> bytes:
    # Other runs before, between and after: the run's positions are scattered over the log.
    for _ in range(3):
        await service.create(SHORT)
    run_id = await service.completed(SHORT)
    await service.completed(SHORT)
    return await exported(service, run_id)


async def test_both_verifiers_believe_the_export_of_a_run(service: Service, export: bytes) -> None:
    proven = verified(export)
    assert believed(export, key_of(export)) == (True, True)
    assert proven.ending == "completed"
    assert proven.first_event_id == 1
    assert proven.events == len(export.splitlines()) - 1
    assert proven.events == await service.core.store.head(proven.stream)


async def test_the_export_of_one_event_is_believed_too(service: Service) -> None:
    run_id = await service.completed(SHORT)
    events = await service.log(run_id)
    for event in events:
        alone = await exported(service, run_id, f"events/{event.event_id}/proof")
        assert believed(alone, key_of(alone)) == (True, True)
        assert verified(alone).events == 1
        assert verified(alone).first_event_id == event.event_id


async def test_the_export_of_a_run_under_way_says_that_it_has_not_ended(service: Service) -> None:
    run_id = await service.create(LONG)
    export = await exported(service, run_id)
    assert verified(export).ending is None
    assert believed(export, key_of(export)) == (True, True)
    await service.cancel(run_id)
    assert verified(await exported(service, run_id)).ending == "cancelled"


async def test_an_event_cannot_pass_for_another(service: Service) -> None:
    run_id = await service.completed(SHORT)
    alone = await exported(service, run_id, "events/3/proof")
    for other in (1, 2, 4):
        forged = alone.replace(b'"first_event_id":3', b'"first_event_id":%d' % other)
        assert believed(forged, key_of(alone)) == (False, False)


async def test_nothing_in_an_export_can_be_written_in_two_ways(export: bytes) -> None:
    lines = [msgspec.json.decode(line) for line in export.splitlines()]
    padded = next(line for line in lines[1:] if line["payload"].endswith("="))
    last = padded["payload"].rstrip("=")[-1]
    spare = padded["payload"].replace(f"{last}=", f"{chr(ord(last) + 1)}=")
    assert b64decode(spare, validate=True) == b64decode(padded["payload"])
    for field, value in (("payload", spare), ("hash", padded["hash"].upper())):
        forged = [{**line, field: value} if line is padded else line for line in lines]
        with pytest.raises(EvidenceError):
            verified(b"".join(msgspec.json.encode(line) + b"\n" for line in forged))


async def test_no_byte_of_an_export_can_be_changed(export: bytes) -> None:
    print(f"seed {SEED}")
    dice = random.Random(SEED)
    key = key_of(export)
    for _ in range(FLIPS):
        forged = bytearray(export)
        place = dice.randrange(len(forged))
        forged[place] ^= 1 << dice.randrange(7)
        with pytest.raises(EvidenceError):
            verified(bytes(forged), key)


def empty(lines: Lines) -> None:
    lines[0].update(events=0)
    del lines[1:]


FORGERIES: dict[str, Callable[[Lines], Any]] = {
    "the last event left out": lambda lines: lines.pop(),
    "an event left out": lambda lines: lines.pop(3),
    "two events swapped": lambda lines: lines.insert(3, lines.pop(4)),
    "an event doubled": lambda lines: lines.insert(3, lines[3]),
    "another time": lambda lines: lines[2].update(recorded_at=lines[2]["recorded_at"] + 1),
    "another type": lambda lines: lines[2].update(type="log"),
    "another payload": lambda lines: lines[2].update(payload=lines[1]["payload"]),
    "no attachment": lambda lines: lines[3].update(attachment=None),
    "an empty attachment": lambda lines: lines[1].update(attachment=""),
    "another position": lambda lines: lines[2].update(position=lines[2]["position"] + 1),
    "a shorter proof": lambda lines: lines[2]["proof"].pop(),
    "a longer proof": lambda lines: lines[2]["proof"].append("0" * 64),
    "another run": lambda lines: lines[0].update(stream="backtest-another"),
    "no events": empty,
    "another number of events": lambda lines: lines[0].update(events=1),
    "another beginning": lambda lines: lines[0].update(previous_hash="1" * 64),
    "another size": lambda lines: lines[0]["checkpoint"].update(size=2**40),
    "another format": lambda lines: lines[0].update(format="backtape-other"),
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES.keys())
async def test_both_verifiers_reject_a_forgery(
    export: bytes, forgery: Callable[[Lines], Any]
) -> None:
    lines = [msgspec.json.decode(line) for line in export.splitlines()]
    forgery(lines)
    forged = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    assert believed(forged, key_of(export)) == (False, False)


async def test_an_export_without_the_runs_last_events_cannot_say_that_it_ended(
    export: bytes,
) -> None:
    header, *events = export.splitlines(keepends=True)
    count = str(len(events))
    shorter = header.replace(f'"events":{count}'.encode(), f'"events":{len(events) - 1}'.encode())
    assert verified(b"".join([shorter, *events[:-1]])).ending is None


async def test_a_digest_that_is_not_that_of_the_events_is_rejected(service: Service) -> None:
    events = await service.log(await service.completed(SHORT))
    forged = [NewEvent(event.type, event.payload, event.attachment) for event in events]
    forged[3] = NewEvent("log", b'{"message":"nothing of the kind","level":"info"}')
    run_id = "00000000-0000-0000-0000-000000000001"
    await service.core.store.append(f"backtest-{run_id}", forged, 0)
    export = await exported(service, run_id)
    assert believed(export, key_of(export)) == (False, False)
    with pytest.raises(EvidenceError, match=f"event {len(events)}: its digest"):
        verified(export)


async def test_a_run_that_completed_without_having_been_started_is_rejected(
    service: Service,
) -> None:
    events = await service.log(await service.completed(SHORT))
    forged = [NewEvent(event.type, event.payload) for event in (events[0], events[-1])]
    run_id = "00000000-0000-0000-0000-000000000002"
    await service.core.store.append(f"backtest-{run_id}", forged, 0)
    export = await exported(service, run_id)
    assert believed(export, key_of(export)) == (False, False)
    with pytest.raises(EvidenceError, match="event 2: the run completed without having been start"):
        verified(export)


@pytest.mark.parametrize(("previous", "holds"), [(GENESIS, True), (bytes([1] * 32), False)])
def test_nothing_comes_before_the_first_event(previous: bytes, holds: bool) -> None:
    # The log's owner can sign whatever they like: this one hashed its first event as a second one.
    payload = b'{"message":"first"}'
    hashed = event_hash(previous, 1, "backtest-1", 1, "log", 0, payload, None)
    key = Ed25519PrivateKey.generate()
    header = {
        "format": "backtape-export",
        "stream": "backtest-1",
        "first_event_id": 1,
        "previous_hash": previous.hex(),
        "events": 1,
        "checkpoint": sign(key, "0" * 32, 1, leaf_hash(hashed), "2026-11-21T00:00:00+00:00"),
    }
    event = {
        "position": 1,
        "event_id": 1,
        "type": "log",
        "recorded_at": 0,
        "payload": b64encode(payload).decode(),
        "attachment": None,
        "hash": hashed.hex(),
        "proof": [],
    }
    export = b"".join(msgspec.json.encode(line) + b"\n" for line in (header, event))
    assert believed(export, public_hex(key)) == (holds, holds)


async def test_an_export_that_somebody_else_signed_is_rejected(export: bytes) -> None:
    with pytest.raises(EvidenceError, match="is signed with the key"):
        verified(export, "0" * 64)


@pytest.mark.parametrize("cut", [0, 1, 100, -1, -100])
async def test_an_export_that_breaks_off_is_rejected(export: bytes, cut: int) -> None:
    with pytest.raises(EvidenceError):
        verified(export[:cut])


async def test_a_proof_of_an_event_that_is_not_there_is_a_404(service: Service) -> None:
    run_id = await service.completed(SHORT)
    for event_id in ("0", "9999"):
        response = await service.http.get(f"/backtests/{run_id}/events/{event_id}/proof")
        assert response.status_code == 404
        assert "its events are 1 to" in response.json()["detail"]
    assert (await service.http.get("/backtests/nobody/export")).status_code == 404
    assert (await service.http.get(f"/backtests/{run_id}/export?x=1")).status_code == 400
