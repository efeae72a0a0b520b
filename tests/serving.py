"""A real server on a real loopback socket, inside the test's own event loop."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import uvicorn
from httpx2 import AsyncClient
from starlette.types import ASGIApp

from service.http.bounded import BoundedProtocol
from service.http.sockets import BoundedSocket

EXCHANGE_SECONDS_MAX = 10


@asynccontextmanager
async def serve(app: ASGIApp, **options: Any) -> AsyncIterator[str]:
    """Serve ``app`` as production does, with its lifespan, and yield its base URL.

    ``options`` are uvicorn's. On leaving, open connections are closed as in a graceful shutdown.
    """
    config = uvicorn.Config(
        app,
        **{
            "http": BoundedProtocol,
            "ws": BoundedSocket,
            "log_config": None,
            "access_log": False,
            "proxy_headers": False,
            "server_header": False,
            "timeout_graceful_shutdown": 5,
            **options,
        },
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    listener = socket.create_server(("127.0.0.1", 0))
    await server.startup(sockets=[listener])
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        with anyio.CancelScope(shield=True):
            await server.shutdown(sockets=[listener])


@asynccontextmanager
async def client_of(app: ASGIApp, **options: Any) -> AsyncIterator[AsyncClient]:
    """Serve ``app`` and yield a client of it; ``options`` are the client's."""
    async with serve(app) as url, AsyncClient(base_url=url, trust_env=False, **options) as client:
        yield client


def websocket_url(base_url: str, path: str) -> str:
    """The address of a WebSocket of the server at ``base_url``."""
    return base_url.replace("http", "ws", 1) + path


async def exchange(base_url: str, *parts: bytes) -> bytes:
    """Send ``parts`` over a bare connection and read until the server closes it."""
    host, _, port = base_url.removeprefix("http://").partition(":")
    received = b""
    with anyio.fail_after(EXCHANGE_SECONDS_MAX):
        async with await anyio.connect_tcp(host, int(port)) as stream:
            for part in parts:
                await stream.send(part)
            async for chunk in stream:
                received += chunk
    return received
