"""A browser's EventSource, as far as the wire shows it: WHATWG HTML, 9.2."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import NamedTuple

import msgspec
from httpx2 import AsyncClient, Response

CONNECTIONS_MAX = 20


class Message(NamedTuple):
    """What a page's listener is given."""

    type: str
    data: str
    last_event_id: str


class EventSource(msgspec.Struct):
    """Reads, reconnects with ``Last-Event-ID``, stops at an answer that is not 200.

    ``statuses``: of all answers so far. ``comments``: of all streams so far.
    """

    http: AsyncClient
    url: str
    last_event_id: str = ""
    statuses: list[int] = msgspec.field(default_factory=list)
    comments: list[str] = msgspec.field(default_factory=list)

    async def once(self) -> AsyncGenerator[Message, None]:
        """The messages of one connection."""
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        if self.last_event_id:
            headers["Last-Event-ID"] = self.last_event_id
        async with self.http.stream("GET", self.url, headers=headers) as response:
            self.statuses.append(response.status_code)
            if response.status_code != 200:
                return
            assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
            async for block in _blocks(response):
                message = self._dispatch(block)
                if message is not None:
                    yield message

    async def until_closed(self) -> AsyncGenerator[Message, None]:
        """The messages of all connections, until the server says that there will be no more."""
        while not self.statuses or self.statuses[-1] == 200:
            assert len(self.statuses) < CONNECTIONS_MAX, "it is not told to stop"
            async with aclosing(self.once()) as messages:
                async for message in messages:
                    yield message

    def _dispatch(self, lines: list[str]) -> Message | None:
        kind, data = "", []
        for line in lines:
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            match field:
                case "":
                    self.comments.append(value)
                case "event":
                    kind = value
                case "data":
                    data.append(value)
                case "id" if "\0" not in value:
                    self.last_event_id = value
        return Message(kind or "message", "\n".join(data), self.last_event_id) if data else None


async def _blocks(response: Response) -> AsyncIterator[list[str]]:
    """The lines of each block; what is not ended by an empty line is thrown away."""
    rest, lines = b"", list[str]()
    async for chunk in response.aiter_bytes():
        *whole, rest = (rest + chunk).split(b"\n")
        assert b"\r" not in chunk
        for line in whole:
            if line:
                lines.append(line.decode())
            elif lines:
                yield lines
                lines = []
