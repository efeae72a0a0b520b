"""HTTP/1.1 for clients that send too much, too slowly or without end."""

import asyncio
from math import inf
from operator import attrgetter
from typing import Any, Literal, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from service.http.context import is_known
from service.http.heads import ResponseWriter
from service.http.limits import ConnectionLimits
from service.http.lingering import close_once_read
from service.http.refusal import Refusal, answer, log_refusal


class RefusedError(Exception):
    """Raised in the parser's callbacks, out of which it comes as a cause."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.refusal = Refusal(status, detail)


class BoundedProtocol(HttpToolsProtocol):
    """Uvicorn's HTTP protocol within ``limits``; refusals look like the app's own errors.

    A connection has one deadline for what it is to send next, and a timer that is set anew only
    where the deadline comes earlier: a request that arrives whole moves no timer.
    """

    limits = ConnectionLimits()

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._part: Literal["head", "body"] | None = None  # of the request that is being received
        self._unread_bytes = 0  # that the parser has made nothing of so far
        self._may_be_large = False
        self._refused = False
        self._now = 0.0
        self._deadline = inf
        self._wakes_at = inf
        self._timer: asyncio.TimerHandle | None = None
        self._answered: RequestResponseCycle | None = None  # the request whose turn it is
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a request."""
        super().connection_made(transport)
        self._deadline = self.loop.time() + self.limits.head_seconds
        self._set_timer()
        if not self.limits.may_be_open(len(self.connections)):
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing more."""
        self._deadline = inf
        self._set_timer()
        self._stop_watching()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Wait for the client to read; for a while, where anybody may be the client."""
        super().pause_writing()
        self._watch_reading()

    def resume_writing(self) -> None:
        """Go on; what is being closed has no more to come, and is still to be read."""
        if not self.transport.is_closing():
            self._stop_watching()
        super().resume_writing()

    def close(self) -> None:
        """Close once everything written has been sent."""
        self.transport.close()
        self._watch_reading()

    @property
    def idle_until(self) -> float:
        """When the connection is closed if no request begins; infinity where one is under way."""
        is_idle = self._part is None and not self._is_answering()
        return self._deadline if is_idle else inf

    def data_received(self, data: bytes) -> None:
        """Parse what has come; refuse what is malformed or too large."""
        if self._refused:
            return
        self._now = self.loop.time()
        self._unread_bytes += len(data)
        self._may_be_large = self._unread_bytes > self.limits.header_bytes_max
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._deadline = inf
            self._set_timer()
            if self._should_upgrade():
                self.handle_websocket_upgrade()
            else:
                self.cycle.keep_alive = False  # what follows may be in the other protocol
        except httptools.HttpParserError as error:
            self._refuse(_refusal_of(error))
        else:
            if self._unread_bytes > self.limits.head_bytes_max:
                self._refuse(self._head_too_large())
            elif self._deadline < self._wakes_at:
                self._set_timer()

    def on_message_begin(self) -> None:
        """Expect the rest of the head."""
        super().on_message_begin()
        self._part = "head"
        self._deadline = self._now + self.limits.head_seconds

    def on_url(self, url: bytes) -> None:
        """Take a piece of the request's target."""
        super().on_url(url)
        if len(self.url) > self.limits.target_bytes_max:
            raise RefusedError(
                414, f"the request's target is longer than {self.limits.target_bytes_max} bytes"
            )

    def on_headers_complete(self) -> None:
        """Serve the request, unless its head is too large, and expect the body."""
        self._require_small_head()
        self._require_lone_upgrade()
        if len(self.pipeline) == self.limits.requests_ahead_max:
            raise RefusedError(400, "too many requests were sent ahead of their answers")
        super().on_headers_complete()
        self._part = "body"
        self._deadline = self._now + self.limits.body_seconds
        self._unread_bytes = 0
        if not self.parser.should_upgrade():
            self.headers = []  # trailers are no headers of the request

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body, which gives the rest more time."""
        super().on_body(body)
        self._unread_bytes = 0
        if self._is_answering():
            self._deadline += len(body) / self.limits.body_bytes_per_second

    def on_message_complete(self) -> None:
        """Expect nothing while the request is answered."""
        super().on_message_complete()
        self._part = None
        self._unread_bytes = 0
        self._deadline = inf if self._is_answering() else self._now + self.limits.idle_seconds

    def on_response_complete(self) -> None:
        """Answer the next request, or expect one."""
        # Uvicorn's own would set and cancel a timer for every request.
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            self._watch_reading()
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._part is None:
            self._deadline = self.loop.time() + self.limits.idle_seconds
            if self._deadline < self._wakes_at:
                self._set_timer()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, cast("Any", ResponseWriter(app, cycle)))

    def _watch_reading(self) -> None:
        if self._unread is None:
            self._unread = self.loop.call_later(self.limits.unread_seconds, self._cut_off_stranger)

    def _stop_watching(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _cut_off_stranger(self) -> None:
        self._unread = None
        # Who has a key may read as slowly as he likes: he is known, and counted.
        if self._answered is not None and is_known(cast("Any", self._answered.scope)):
            self._watch_reading()
        else:
            self.transport.abort()

    def _is_answering(self) -> bool:
        return not getattr(self.cycle, "response_complete", True)  # no cycle before a request

    def _require_small_head(self) -> None:
        if len(self.headers) > self.limits.headers_max:
            raise RefusedError(431, f"the request has more than {self.limits.headers_max} headers")
        if self._may_be_large:
            sizes = [len(name) + len(value) for name, value in self.headers]
            if max(sizes, default=0) > self.limits.header_bytes_max:
                raise RefusedError(
                    431, f"a header is longer than {self.limits.header_bytes_max} bytes"
                )
            if sum(sizes) > self.limits.head_bytes_max:
                raise RefusedError(*self._head_too_large())

    def _require_lone_upgrade(self) -> None:
        if not self.parser.should_upgrade():
            return
        if self._is_answering():
            raise RefusedError(
                400, "a request that asks for another protocol was sent ahead of an answer"
            )
        # The parser takes a body after such a head for a request of its own; proxies do not.
        if any(
            name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
            for name, value in self.headers
        ):
            raise RefusedError(400, "a request that asks for another protocol can have no body")

    def _head_too_large(self) -> Refusal:
        most = self.limits.head_bytes_max
        return Refusal(431, f"the request's headers are longer than {most} bytes together")

    def _make_room(self) -> None:
        """Close a tenth of the idle connections, those nearest to their end, or else this one."""
        others = (each for each in self.connections if isinstance(each, BoundedProtocol))
        idle = [each for each in others if each is not self and each.idle_until < inf]
        idle.sort(key=attrgetter("idle_until"))
        for connection in idle[: 1 + len(idle) // 10] or [self]:
            self.connections.discard(connection)  # before it is lost: the next one counts them too
            connection.close()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._wakes_at = self._deadline
        if self._deadline < inf:
            self._timer = self.loop.call_at(self._deadline, self._look_at_the_clock)

    def _look_at_the_clock(self) -> None:
        now = self.loop.time()
        self._timer, self._wakes_at = None, inf
        if self.flow.read_paused:  # then it is not the client who makes it last
            self._deadline = max(self._deadline, now + self.limits.body_seconds)
        if now < self._deadline:
            self._set_timer()
        elif self._part is None:
            self.close()
        else:
            self._refuse(Refusal(408, self._too_slow()))

    def _too_slow(self) -> str:
        if self._part == "head":
            return f"the request's head did not come within {self.limits.head_seconds} s"
        return (
            f"the request's body did not come within {self.limits.body_seconds} s "
            f"and 1 s more for each {self.limits.body_bytes_per_second} bytes"
        )

    def _refuse(self, refusal: Refusal) -> None:
        """Answer with ``refusal`` where it is the turn of an answer, and close the connection."""
        self._refused = True
        self._deadline = inf
        request_id = log_refusal(refusal, self.client)
        if self._is_answering() and self._part != "body":
            self.cycle.keep_alive = False  # what was asked before is still answered
            return
        if self._part == "body":
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if self.cycle.response_started or self.pipeline:
                self.close()
                return
        headers = self.server_state.default_headers
        self.transport.write(answer(refusal, request_id, headers))
        self._set_timer()
        self._timer = close_once_read(self.transport, self.loop)
        self._watch_reading()


def _refusal_of(error: httptools.HttpParserError) -> Refusal:
    cause = error.__context__
    if isinstance(cause, RefusedError):
        return cause.refusal
    reason = str(error) if cause is None else "the request's target cannot be read"
    return Refusal(400, f"this is no HTTP request: {reason}")
