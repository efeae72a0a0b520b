"""WebSockets that come, replay a short run and go: how many a second, beside a bare Starlette one.

All clients are in this one process, and the same ones speak to both servers.
"""

import re
import selectors
import socket
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import perf_counter

from service.market_data.catalog import Catalog
from service.market_data.sample import import_sample
from tests.benchmarks.completion import REQUEST
from tests.benchmarks.constant_stream import PATH
from tests.benchmarks.frames import RECEIVED_BYTES_MAX, handshake, text_frames
from tests.benchmarks.polling import KEY, completed, polled
from tests.benchmarks.processes import Serving, running
from tests.benchmarks.table import Row, spread

SOCKETS = 64
SECONDS = 3.0
ROUNDS = 5
CONTROL_FRAME_BYTES_MAX = 127
CLOSED_NORMALLY = re.compile(rb"\x88.\x03\xe8[^\x81]*\Z", re.DOTALL)  # with any reason


class Conversation:
    """One socket after another on the same path, each followed until it is closed with 1000."""

    def __init__(self, serving: Serving, path: str, selector: selectors.BaseSelector) -> None:
        self._serving = serving
        self._path = path
        self._selector = selector
        self.ended = 0
        self._last = b""
        self._connection: socket.socket
        self._begin()

    def receive(self) -> None:
        """Take in what has come; begin anew where that was the end."""
        received = self._connection.recv(RECEIVED_BYTES_MAX)
        assert received, "the connection broke"
        self._last = (self._last + received)[-CONTROL_FRAME_BYTES_MAX:]
        if CLOSED_NORMALLY.search(self._last):
            self.leave()
            self.ended += 1
            self._begin()

    def leave(self) -> None:
        """Close the connection."""
        self._selector.unregister(self._connection)
        self._connection.close()

    def _begin(self) -> None:
        self._last = b""
        address = (self._serving.host, self._serving.port)
        self._connection = socket.create_connection(address)
        self._connection.sendall(handshake(self._serving, self._path))
        self._selector.register(self._connection, selectors.EVENT_READ, self)


def rows() -> list[Row]:
    """Measure by turns with the yardstick, which sends as many frames of the same size."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as servers:
        import_sample(Catalog(Path(folder, "market")))
        serving = servers.enter_context(polled(Path(folder), engines=1))
        path = f"{completed(serving, REQUEST)}/stream?api_key={KEY['X-API-Key']}"
        frames = list(text_frames(serving, path))
        size = round(sum(map(len, frames)) / len(frames))
        stock = ("websockets-sansio", str(size), str(len(frames)))
        bare = servers.enter_context(running("tests.benchmarks.constant_stream", *stock))
        rates = [(_rate(serving, path), _rate(bare, PATH)) for _ in range(ROUNDS + 1)][1:]
    ours, theirs = zip(*rates, strict=True)
    return [
        Row(
            f"WebSockets, {SOCKETS} at a time: connect, replay {len(frames)} events, close",
            f"{spread(ours)} sockets/s",
            f"{spread(theirs)}, a bare Starlette one with constant frames of {size} bytes",
            f"{median(one / other for one, other in rates):.0%}",
            "",
            True,
        )
    ]


def _rate(serving: Serving, path: str) -> float:
    with selectors.DefaultSelector() as selector:
        conversations = [Conversation(serving, path, selector) for _ in range(SOCKETS)]
        start = perf_counter()
        while perf_counter() < start + SECONDS:
            for key, _ in selector.select(timeout=SECONDS):
                key.data.receive()
        seconds = perf_counter() - start
        for conversation in conversations:
            conversation.leave()
    return sum(conversation.ended for conversation in conversations) / seconds
