"""What the service and an engine process say to each other, and how it is framed.

A frame is four bytes of length (big-endian) and a MessagePack message.
"""

from collections.abc import Callable
from typing import BinaryIO, TypeAlias

import msgspec

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


Job: TypeAlias = Execute | Check
Command: TypeAlias = Execute | Check | Stop
Reply: TypeAlias = Ready | Batch | Done

_encode = msgspec.msgpack.Encoder().encode
_decode_command: Callable[[bytes], Command] = msgspec.msgpack.Decoder(Command).decode
_decode_reply: Callable[[bytes], Reply] = msgspec.msgpack.Decoder(Reply).decode


def pack(message: msgspec.Struct) -> bytes:
    """Frame a message."""
    body = _encode(message)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def read_body(stream: BinaryIO) -> bytes | None:
    """Wait for the next frame; ``None`` when the other side is gone, be it half-way."""
    header = stream.read(LENGTH_BYTES)
    length = int.from_bytes(header, "big")
    if len(header) < LENGTH_BYTES or len(body := stream.read(length)) < length:
        return None
    return body


def read_command(stream: BinaryIO) -> Command | None:
    """Wait for the next command; ``None`` when the other side is gone, be it half-way."""
    body = read_body(stream)
    return None if body is None else _decode_command(body)


class ReplyParser:
    """Cuts arriving bytes into replies."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[Reply]:
        """Take bytes in; give the replies that they complete."""
        self._pending += data
        replies: list[Reply] = []
        start = 0
        while start + LENGTH_BYTES <= len(self._pending):
            first = start + LENGTH_BYTES
            end = first + int.from_bytes(self._pending[start:first], "big")
            if end > len(self._pending):
                break
            replies.append(_decode_reply(bytes(self._pending[first:end])))
            start = end
        del self._pending[:start]
        return replies
