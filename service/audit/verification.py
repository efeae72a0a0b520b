"""The check of an export by itself: no server, no log, nothing but the file and a public key."""

from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import IO, TypeVar

import msgspec

from domain.runs.events import EncodedEvent
from eventstore.chain import GENESIS, event_hash
from eventstore.merkle import leaf_hash, verify_inclusion
from service.audit.checkpoint import HASH_BYTES, Checkpoint, from_hex, require_signature
from service.audit.errors import EvidenceError
from service.audit.export import FORMAT, Header, ProvenEvent
from service.audit.record import record_of

LINE_BYTES_MAX = 128 * 1024 * 1024

Line = TypeVar("Line", Header, ProvenEvent)


class Verified(msgspec.Struct, frozen=True):
    """What an export proves. ``ending``: how the run ends in it, ``None`` if it does not show.

    ``created_by``: the name of the API key that it was made with, where it shows one.
    """

    stream: str
    first_event_id: int
    events: int
    checkpoint: Checkpoint
    ending: str | None
    created_by: str | None


def verify_export(file: IO[bytes], public_key: str | None = None) -> Verified:
    """Check every line of an export, in the memory of one line.

    The checkpoint's signature (with ``public_key`` where one is given), each event's hash from its
    bytes and the event before, each event's place in the log, the number of events, of which there
    is one at least, and a completed run's digest. Raises ``EvidenceError`` at the first thing that
    does not hold.
    """
    header = _decoded(_read_line(file), Header, "the header")
    if header.format != FORMAT:
        raise EvidenceError(f"the header's format is {header.format!r}, not {FORMAT!r}")
    require_signature(header.checkpoint, public_key)
    if header.first_event_id == 1 and header.previous_hash != GENESIS.hex():
        raise EvidenceError("the header has an event before the first one")
    record = record_of(header.stream, whole=header.first_event_id == 1)
    count = 0
    for count, event in enumerate(_events(file, header), 1):
        record.add(f"event {header.first_event_id + count - 1}", event)
    if count != header.events:
        raise EvidenceError(f"the header announces {header.events} events, the file has {count}")
    return Verified(
        header.stream,
        header.first_event_id,
        count,
        header.checkpoint,
        record.ending,
        record.maker,
    )


def _events(file: IO[bytes], header: Header) -> Iterator[EncodedEvent]:
    checkpoint = header.checkpoint
    root = from_hex("the root", checkpoint.root, HASH_BYTES)
    previous = from_hex("the previous hash", header.previous_hash, HASH_BYTES)
    event_id = header.first_event_id
    while line := _read_line(file):
        name = f"event {event_id}"
        proven = _decoded(line, ProvenEvent, name)
        if proven.event_id != event_id:
            raise EvidenceError(f"{name} is missing: event {proven.event_id} stands in its place")
        event = EncodedEvent(
            proven.type,
            _bytes(proven.payload, name),
            None if proven.attachment is None else _bytes(proven.attachment, name),
        )
        previous = _hash(previous, header.stream, proven, event)
        if previous.hex() != proven.hash:
            raise EvidenceError(
                f"{name}: its hash does not follow from its bytes and the event before"
            )
        proof = [
            from_hex(f"{name}: a hash of the proof", text, HASH_BYTES) for text in proven.proof
        ]
        if not verify_inclusion(
            leaf_hash(previous), proven.position - 1, checkpoint.size, proof, root
        ):
            raise EvidenceError(
                f"{name}: it is not at position {proven.position} of the log that was signed"
            )
        yield event
        event_id += 1


def _hash(previous: bytes, stream: str, proven: ProvenEvent, event: EncodedEvent) -> bytes:
    return event_hash(
        previous,
        proven.position,
        stream,
        proven.event_id,
        event.type,
        proven.recorded_at,
        event.payload,
        event.attachment,
    )


def _read_line(file: IO[bytes]) -> bytes:
    line = file.readline(LINE_BYTES_MAX)
    if line and not line.endswith(b"\n"):
        raise EvidenceError("the file breaks off in the middle of a line")
    return line


def _decoded(line: bytes, kind: type[Line], name: str) -> Line:
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EvidenceError(f"{name} is not a line of an export: {error}") from error


def _bytes(text: str, name: str) -> bytes:
    try:
        value = b64decode(text, validate=True)
    except ValueError:
        value = b""
    if b64encode(value).decode() != text:  # nothing in the file may be read in two ways
        raise EvidenceError(f"{name}: its bytes are not base64")
    return value
