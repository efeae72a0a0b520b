"""WebSockets for clients that send too much, too often or without end."""

import asyncio
from typing import Any

from websockets.http11 import Request

from service.http.gathering import GatheringProtocol
from service.http.limits import ConnectionLimits
from service.http.lingering import close_once_read
from service.http.refusal import Refusal, answer, log_refusal

POLICY_VIOLATION = 1008
PIECE_BYTES = 4 * 1024  # what is parsed before a limit is looked at


class BoundedSocket(GatheringProtocol):
    """A WebSocket within ``limits``; past them it is closed with 1008 and a reason.

    A client that sends nothing, or reads nothing, is within them.
    """

    limits = ConnectionLimits()

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._second = 0
        self._frames_in_second = 0
        self._failed = False
        self._unfinished: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Take frames, or pieces of them."""
        if self.handshake_initiated and not self.handshake_complete:
            self.transport.close()  # RFC 6455, 4.1: a client has to wait for the answer first
            return
        for start in range(0, len(data), PIECE_BYTES):
            if self._failed:
                return
            super().data_received(data[start : start + PIECE_BYTES])
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self._decline(self.conn.handshake_exc)
        elif self.frames or self.conn.reader.buffer:
            self._watch_message()

    def handle_connect(self, event: Request) -> None:
        """Open the WebSocket, unless what the client sent is no handshake."""
        if self.conn.accept(event).status_code == 101:
            super().handle_connect(event)

    def handle_events(self) -> None:
        """Take whole frames, unless they come too often."""
        second = int(self.loop.time())
        if second != self._second:
            self._second, self._frames_in_second = second, 0
        came = len(self.conn.events)
        self._frames_in_second += came
        if self._frames_in_second > self.limits.frames_per_second:
            self._fail(f"more than {self.limits.frames_per_second} frames came within a second")
            return
        super().handle_events()
        if came and not self.frames:
            self._stop_watching()

    def handle_parser_exception(self) -> None:
        """Close because of what the client sent, but not before it can have read why."""
        # Uvicorn's own would close at once, which resets a connection with bytes unread.
        self._failed = True
        self._stop_watching()
        sent = self.conn.close_sent
        if sent is None:
            self.transport.close()
            return
        self.queue.put_nowait(
            {"type": "websocket.disconnect", "code": sent.code, "reason": sent.reason}
        )
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.close_timer = close_once_read(self.transport, self.loop)

    def connection_lost(self, exc: Exception | None) -> None:
        """Await nothing more."""
        self._stop_watching()
        super().connection_lost(exc)

    def _watch_message(self) -> None:
        if self._unfinished is None and not self._failed:
            self._unfinished = self.loop.call_later(self.limits.message_seconds, self._give_up)

    def _stop_watching(self) -> None:
        if self._unfinished is not None:
            self._unfinished.cancel()
            self._unfinished = None

    def _give_up(self) -> None:
        self._unfinished = None
        if self.read_paused:  # then it is not the client who makes it last
            self._watch_message()
        else:
            self._fail(f"a message did not end within {self.limits.message_seconds} s")

    def _decline(self, error: Exception) -> None:
        self._failed = True
        self.handshake_initiated = self.handshake_complete = self.close_sent = True
        refusal = Refusal(400, f"this is no WebSocket handshake: {error.__cause__ or error}")
        request_id = log_refusal(refusal, self.client)
        self.transport.write(answer(refusal, request_id, self.default_headers))
        self.close_timer = close_once_read(self.transport, self.loop)

    def _fail(self, reason: str) -> None:
        self.conn.fail(POLICY_VIOLATION, reason)
        self.handle_parser_exception()
