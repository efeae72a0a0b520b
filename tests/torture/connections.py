"""One connection of a client to a stream, over a WebSocket or as server-sent events."""

from collections.abc import AsyncGenerator

from httpx2 import AsyncClient, TransportError
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.torture.witness import Witness

NORMAL = 1000
BROKEN = 1006
SERVICE_RESTART = 1012
TRY_AGAIN_LATER = 1013
CURSOR_BEYOND_HEAD = 4416
CODE_OF_STATUS = {204: NORMAL, 416: CURSOR_BEYOND_HEAD, 503: TRY_AGAIN_LATER}

# anyio trips over the socket of a connection that breaks in the very moment that it is made
HTTP_BROKEN = (TransportError, AttributeError)


class Closed(Exception):
    """How a connection ended: a WebSocket's close code, or what says the same over HTTP."""

    def __init__(self, code: int | None, reason: str | None) -> None:
        super().__init__(f"{code} ({reason})")
        self.code = code


async def over_socket(
    witness: Witness, address: str, cursor: int, options: str, *, abrupt: bool
) -> AsyncGenerator[str, None]:
    """Yield frames, then raise ``Closed``; who breaks off is ``abrupt``, or says goodbye.

    ``options`` are added to the query.
    """
    try:
        async with connect(
            f"{address}/stream?last_event_id={cursor}{options}".replace("http", "ws", 1),
            max_size=None,
            max_queue=1,
            proxy=None,
            close_timeout=1,
        ) as socket:
            assert socket.response is not None
            witness.reached(socket.response.headers["X-Log-Id"])
            try:
                async for text in socket:
                    yield str(text)
            except GeneratorExit:
                if abrupt:
                    socket.transport.abort()
                raise
        raise Closed(socket.close_code, socket.close_reason)
    except ConnectionClosed as closed:
        received = closed.rcvd
        raise Closed(received.code if received else BROKEN, str(closed)) from closed
    except (OSError, EOFError, InvalidHandshake) as error:
        raise Closed(BROKEN, str(error)) from error


async def over_http(
    witness: Witness, http: AsyncClient, path: str, cursor: int
) -> AsyncGenerator[str, None]:
    """Yield frames, then raise ``Closed``."""
    headers = {"Accept": "text/event-stream", "Last-Event-ID": str(cursor)}
    try:
        async with http.stream("GET", path, headers=headers) as response:
            if response.status_code != 200:
                code = CODE_OF_STATUS.get(response.status_code, response.status_code)
                raise Closed(code, (await response.aread()).decode())
            witness.reached(response.headers["X-Log-Id"])
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    yield line.removeprefix("data: ")
    except HTTP_BROKEN as error:
        raise Closed(BROKEN, str(error)) from error
    raise Closed(SERVICE_RESTART, "the response has ended")
