"""Many small WebSocket frames in few system calls."""

import asyncio
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

GATHERED_BYTES_MAX = 64 * 1024


class GatheringProtocol(WebSocketsSansIOProtocol):
    """Uvicorn's WebSocket protocol over a ``GatheringTransport``."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over the connection of an HTTP request to upgrade."""
        gathering = GatheringTransport(cast("asyncio.Transport", transport), self.loop)
        super().connection_made(cast("asyncio.Transport", gathering))

    def handle_ping(self) -> None:
        """Answer, unless the client does not read: its pings would pile up here as pongs."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()  # forgotten; RFC 6455, 5.5.3, wants the last one answered only


class GatheringTransport:
    """Sends at once what is written during one pass of the event loop, or as soon as it is enough.

    The system call that sends a frame of a replay costs more than all else about the frame.
    Whatever is not said here goes to the real transport.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._gathered = bytearray()

    def write(self, data: bytes) -> None:
        """Send ``data`` after what was written before."""
        if not self._gathered:
            self._loop.call_soon(self._flush)
        self._gathered += data
        if len(self._gathered) >= GATHERED_BYTES_MAX:
            self._flush()

    def close(self) -> None:
        """Close once everything written has been sent."""
        self._flush()
        self._transport.close()

    def write_eof(self) -> None:
        """Send nothing more after what was written before."""
        self._flush()
        self._transport.write_eof()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _flush(self) -> None:
        gathered, self._gathered = self._gathered, bytearray()
        if gathered and not self._transport.is_closing():
            self._transport.write(gathered)
