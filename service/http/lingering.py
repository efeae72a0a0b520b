"""Closing a connection on a client that is still sending."""

import asyncio

import anyio
from starlette.responses import Response
from starlette.types import Receive, Send

LINGER_SECONDS = 1.0


async def send_and_linger(response: Response, receive: Receive, send: Send) -> None:
    """Send ``response`` at once, but let the connection close only a moment later.

    A socket that closes with bytes unread resets the connection, and the reset overtakes the
    answer. So what still comes is thrown away unseen, until the client stops or the time is up.
    """
    start = {"status": response.status_code, "headers": response.raw_headers}
    await send({"type": "http.response.start", **start})
    await send({"type": "http.response.body", "body": response.body, "more_body": True})
    with anyio.move_on_after(LINGER_SECONDS):
        while (await receive()).get("more_body"):
            pass
    await send({"type": "http.response.body", "body": b""})


def close_once_read(
    transport: asyncio.Transport, loop: asyncio.AbstractEventLoop
) -> asyncio.TimerHandle:
    """Close after what was written, but only a moment later, for the same reason."""
    if transport.can_write_eof():
        transport.write_eof()
    transport.resume_reading()
    return loop.call_later(LINGER_SECONDS, transport.close)
