"""A WebSocket client that does next to nothing, so that the server is what is measured."""

import os
import socket
from base64 import b64encode
from collections.abc import Iterator

from tests.benchmarks.processes import Serving

RECEIVED_BYTES_MAX = 1 << 18
TEXT, CLOSE, PING = 0x81, 0x88, 0x89
EXTENDED = 126  # a length above 125 is written in the two bytes after this mark


def text_frames(serving: Serving, path: str) -> Iterator[bytes]:
    """Connect and yield the payload of every text frame until the server closes with 1000."""
    with socket.create_connection((serving.host, serving.port)) as connection:
        pending = upgrade(connection, serving, path)
        while True:
            start = 0
            while frame := frame_at(pending, start):
                opcode, first, start = frame
                if opcode == CLOSE:
                    code = int.from_bytes(pending[first : first + 2], "big")
                    assert code == 1000, code
                    return
                assert opcode in (TEXT, PING), opcode
                if opcode == TEXT:
                    yield pending[first:start]
            received = connection.recv(RECEIVED_BYTES_MAX)
            assert received, "the connection broke"
            pending = pending[start:] + received


def upgrade(connection: socket.socket, serving: Serving, path: str) -> bytes:
    """Make the connection a WebSocket; gives what has already come over it."""
    connection.sendall(handshake(serving, path))
    pending = b""
    while b"\r\n\r\n" not in pending:
        pending += connection.recv(RECEIVED_BYTES_MAX)
    head, _, pending = pending.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 "), head
    return pending


def frame_at(received: bytes, start: int) -> tuple[int, int, int] | None:
    """Opcode, first byte and end of the payload of the frame there, if it has come whole."""
    if len(received) < start + 4:
        return None
    length = received[start + 1]
    first = start + 2
    if length == EXTENDED:
        length = received[start + 2] << 8 | received[start + 3]
        first = start + 4
    if len(received) < first + length:
        return None
    return received[start], first, first + length


def handshake(serving: Serving, path: str) -> bytes:
    """The request that makes a connection a WebSocket."""
    key = b64encode(os.urandom(16)).decode()
    return (
        f"GET {path} HTTP/1.1\r\nHost: {serving.host}:{serving.port}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()
