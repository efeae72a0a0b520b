"""The yardstick of a replay: one constant frame, sent again and again by the same server.

Run as ``python -m tests.benchmarks.constant_stream FRAME_BYTES FRAMES``.
"""

import socket
import sys

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from tests.benchmarks.processes import STARTED

PATH = "/stream"


def main() -> None:
    """Serve until terminated."""
    size, count = map(int, sys.argv[1:])
    frame = "." * size

    async def stream(websocket: WebSocket) -> None:
        await websocket.accept()
        for _ in range(count):
            await websocket.send({"type": "websocket.send", "text": frame})
        await websocket.close()

    config = uvicorn.Config(
        Starlette(routes=[WebSocketRoute(PATH, stream)]),
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(f"{STARTED}http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        uvloop.run(uvicorn.Server(config).serve([listener]))


if __name__ == "__main__":
    main()
