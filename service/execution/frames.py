"""What the service and an engine process say to each other, and how it is framed.

A frame is four bytes of length (big-endian) and a MessagePack message.
"""

from collections.abc import Callable
from typing import BinaryIO, Generic, TypeAlias, TypeVar

import msgspec

from domain.optimizations.manifest import SweepManifest
from domain.optimizations.request import OptimizationRequest
from domain.optimizations.search_space import Params, Trial
from domain.runs.events import EncodedEvent
from domain.runs.manifest import Manifest
from domain.runs.request import BacktestRequest
from domain.strategies.code import Code

LENGTH_BYTES = 4


class Execute(msgspec.Struct, frozen=True, tag="execute"):
    """To the engine: simulate this run and send its events.

    ``code``: the source of its strategy, where that is a user's own.
    """

    run_id: str
    request: BacktestRequest
    code: Code | None = None


class Check(msgspec.Struct, frozen=True, tag="check"):
    """To the engine: look for look-ahead in this finished run and send the report as an event."""

    run_id: str
    manifest: Manifest
    code: Code | None
    moments: int
    seed: int


class Prepare(msgspec.Struct, frozen=True, tag="prepare"):
    """To the engine: load a sweep's data and describe it, in the event with which it is running."""

    run_id: str
    request: OptimizationRequest
    code: Code | None = None


class Evaluate(msgspec.Struct, frozen=True, tag="evaluate"):
    """To the engine: evaluate these trials of a sweep and send the event with which each ended.

    In their order. After ``seconds`` it takes up no further one; what it has not come to is not
    answered. ``manifest``: of the data that they are of.
    """

    run_id: str
    request: OptimizationRequest
    code: Code | None
    manifest: SweepManifest
    trials: list[Trial]
    seconds: float


class Conclude(msgspec.Struct, frozen=True, tag="conclude"):
    """To the engine: what comes at the end of a walk-forward, with the parameters per window."""

    run_id: str
    request: OptimizationRequest
    code: Code | None
    manifest: SweepManifest
    picks: list[Params]


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """To the engine: stop this run, if it is still the one in hand."""

    run_id: str


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """From the engine: warm and waiting."""


class Batch(msgspec.Struct, frozen=True, tag="batch"):
    """From the engine: the next events of the run in hand."""

    events: list[EncodedEvent]


class Done(msgspec.Struct, frozen=True, tag="done"):
    """From the engine: it has let go of the run in hand; each ``Job`` is answered by one.

    ``worn``: it is not fit for another.
    """

    worn: bool = False


SweepJob: TypeAlias = Prepare | Evaluate | Conclude
Job: TypeAlias = Execute | Check | SweepJob
Command: TypeAlias = Job | Stop
Reply: TypeAlias = Ready | Batch | Done
Message = TypeVar("Message")

_encode = msgspec.msgpack.Encoder().encode
_decode_command: Callable[[bytes], Command] = msgspec.msgpack.Decoder(Command).decode
_decode_reply: Callable[[bytes], Reply] = msgspec.msgpack.Decoder(Reply).decode


def pack(message: msgspec.Struct) -> bytes:
    """Frame a message."""
    body = _encode(message)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def read_body(stream: BinaryIO) -> bytes | None:
    """Wait for the next frame; ``None`` when the other side is gone, be it half-way."""
    try:
        header = stream.read(LENGTH_BYTES)
        length = int.from_bytes(header, "big")
        if len(header) < LENGTH_BYTES or len(body := stream.read(length)) < length:
            return None
    except ConnectionError:  # it had left something unread
        return None
    return body


def read_command(stream: BinaryIO) -> Command | None:
    """Wait for the next command; ``None`` when the other side is gone, be it half-way."""
    body = read_body(stream)
    return None if body is None else _decode_command(body)


class FrameParser(Generic[Message]):
    """Cuts arriving bytes into messages."""

    def __init__(self, decode: Callable[[bytes], Message]) -> None:
        self._decode = decode
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """Take bytes in; give the messages that they complete."""
        self._pending += data
        messages: list[Message] = []
        start = 0
        while start + LENGTH_BYTES <= len(self._pending):
            first = start + LENGTH_BYTES
            end = first + int.from_bytes(self._pending[start:first], "big")
            if end > len(self._pending):
                break
            messages.append(self._decode(bytes(self._pending[first:end])))
            start = end
        del self._pending[:start]
        return messages


class ReplyParser(FrameParser[Reply]):
    """Cuts what arrives from an engine into replies."""

    def __init__(self) -> None:
        super().__init__(_decode_reply)
