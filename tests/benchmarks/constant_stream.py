"""The yardstick of a replay: one constant frame, sent again and again.

Run as ``python -m tests.benchmarks.constant_stream PROTOCOL FRAME_BYTES FRAMES``, where the
protocol is one of ``PROTOCOLS``: uvicorn's as it comes, or the one that the service uses.
"""

import socket
import sys
from typing import Any

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from service.http.gathering import GatheringProtocol
from tests.benchmarks.processes import STARTED

PATH = "/stream"
PROTOCOLS: dict[str, Any] = {
    "websockets-sansio": "websockets-sansio",
    "gathering": GatheringProtocol,
}


def main() -> None:
    """Serve until terminated."""
    protocol, size, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    frame = "." * size

    async def stream(websocket: WebSocket) -> None:
        await websocket.accept()
        for _ in range(count):
            await websocket.send({"type": "websocket.send", "text": frame})
        await websocket.close()

    config = uvicorn.Config(
        Starlette(routes=[WebSocketRoute(PATH, stream)]),
        http="httptools",
        ws=PROTOCOLS[protocol],
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
