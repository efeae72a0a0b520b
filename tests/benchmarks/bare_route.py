"""The yardstick of a request: one Starlette route, a server of its own, nothing around it.

Run as ``python -m tests.benchmarks.bare_route BODY_BYTES``: ``/backtests/{run_id}`` answers a
status object as JSON, ``/bytes`` a constant body of so many bytes.
"""

import socket
import sys

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.benchmarks.processes import STARTED

STATUS = {
    "state": "completed",
    "progress": 1.0,
    "created_at": "2026-01-05T09:30:00.123456+00:00",
    "started_at": "2026-01-05T09:30:00.130112+00:00",
    "finished_at": "2026-01-05T09:30:00.430112+00:00",
    "error": None,
    "log_id": "0" * 32,
}


def main() -> None:
    """Serve until terminated."""
    body = b"." * int(sys.argv[1])

    async def status(request: Request) -> Response:
        return JSONResponse({"run_id": request.path_params["run_id"], **STATUS})

    async def constant(_: Request) -> Response:
        return Response(body, media_type="application/json")

    config = uvicorn.Config(
        Starlette(routes=[Route("/backtests/{run_id}", status), Route("/bytes", constant)]),
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        print(f"{STARTED}http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        uvloop.run(uvicorn.Server(config).serve([listener]))


if __name__ == "__main__":
    main()
