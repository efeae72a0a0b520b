"""Whether the process is up."""

from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.http.responses import json_response


async def healthz(_: Request) -> Response:
    """``GET /healthz``: liveness, without authentication."""
    return json_response({"status": "healthy", "version": version("backtape")})


ROUTES = [Route("/healthz", healthz, methods=["GET"])]
