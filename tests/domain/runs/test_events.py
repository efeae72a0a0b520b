"""Events to bytes and back."""

import hashlib

import msgspec
import pytest

from domain.errors import DomainError
from domain.runs import lifecycle
from domain.runs.events import (
    ERROR_CHARACTERS_MAX,
    Completed,
    Digest,
    EncodedEvent,
    Logged,
    Progressed,
    Queued,
    RunEvent,
    UnknownEventType,
    code_of,
    decode,
    encode,
    failed,
)
from domain.strategies.code import Code
from tests.domain.runs.making import EVENTS, a_request

TYPES = {"Progressed": "progress", "Measured": "metric", "Logged": "log"}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_there_and_back(event: RunEvent) -> None:
    encoded = encode(event, b"tape")
    assert encoded.type == TYPES.get(type(event).__name__, "state")
    assert encoded.attachment == b"tape"
    assert decode(encoded.type, encoded.payload) == event
    assert encode(decode(encoded.type, encoded.payload), b"tape") == encoded


def test_payloads_have_the_keys_that_the_wire_promises() -> None:
    def keys(event: RunEvent) -> list[str]:
        return list(msgspec.json.decode(encode(event).payload))

    assert keys(Logged("a line")) == ["message", "level"]
    assert keys(EVENTS[5]) == ["name", "value"]
    assert keys(Progressed(0.5, 1, 2, "", 1.0))[0] == "progress"
    for event in EVENTS:
        if encode(event).type == "state":
            assert {"state", "previous_state"} <= set(keys(event))
    assert msgspec.json.decode(encode(Queued(a_request())).payload)["previous_state"] is None


def test_a_run_of_a_users_strategy_names_it_and_keeps_its_source() -> None:
    code = Code("my_package.trend:Follow", "my_package", b"class Follow: ...")
    queued = lifecycle.queue(None, a_request(), code)
    encoded = encode(queued, code.source)
    assert msgspec.json.decode(encoded.payload)["code"] == {
        "target": "my_package.trend:Follow",
        "package": "my_package",
        "sha256": hashlib.sha256(b"class Follow: ...").hexdigest(),
    }
    read = decode(encoded.type, encoded.payload)
    assert isinstance(read, Queued)
    assert code_of(read, encoded.attachment) == code
    assert code_of(lifecycle.queue(None, a_request()), None) is None
    assert b"code" not in encode(lifecycle.queue(None, a_request())).payload


def test_a_limit_that_was_exceeded_is_named_and_else_not_mentioned() -> None:
    assert msgspec.json.decode(encode(failed("too long", "running", "time")).payload) == {
        "state": "failed",
        "error": "too long",
        "previous_state": "running",
        "exceeded": "time",
    }
    assert b"exceeded" not in encode(failed("broken", "running")).payload


def test_an_unknown_type_stops_the_reader() -> None:
    with pytest.raises(UnknownEventType, match="unknown type 'fill'") as raised:
        decode("fill", b"{}")
    assert isinstance(raised.value, DomainError)


@pytest.mark.parametrize(
    ("type_", "payload"),
    [
        ("state", b'{"state":"paused","previous_state":"running"}'),
        ("state", b"{}"),
        ("progress", b'{"progress":"half"}'),
        ("metric", b'{"name":"sharpe_ratio"}'),
        ("log", b'{"message":"a line","level":"loud"}'),
        ("log", b"not json"),
    ],
)
def test_a_payload_that_is_not_understood_stops_the_reader(type_: str, payload: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(type_, payload)


def test_a_payload_of_a_later_version_is_read_without_its_new_keys() -> None:
    assert decode("log", b'{"message":"a line","level":"info","since":"later"}') == Logged("a line")


def test_the_digest_is_sha256_over_parts_led_by_their_lengths() -> None:
    digest = Digest()
    digest.add([EncodedEvent("log", b"{}"), EncodedEvent("progress", b"[]", b"tape")])
    parts = [b"log", b"{}", b"", b"progress", b"[]", b"tape"]
    expected = hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts))
    assert digest.hexdigest() == expected.hexdigest()


def test_the_digest_does_not_depend_on_how_events_are_batched() -> None:
    events = [encode(event, b"x" if index % 2 else None) for index, event in enumerate(EVENTS)]
    whole, one_by_one = Digest(), Digest()
    whole.add(events)
    for event in events:
        one_by_one.add([event])
    assert whole.hexdigest() == one_by_one.hexdigest()


def test_completion_spells_out_its_defaults() -> None:
    payload = msgspec.json.decode(encode(Completed("ab")).payload)
    assert payload == {
        "state": "completed", "digest": "ab", "progress": 1.0, "previous_state": "running",
    }  # fmt: skip


def test_an_error_is_cut_to_a_length_and_to_text() -> None:
    ended = failed("bad \udcff name " + "x" * 10_000, "queued")
    assert ended.error.startswith("bad ? name x")
    assert len(ended.error) == ERROR_CHARACTERS_MAX
    assert decode("state", encode(ended).payload) == ended
