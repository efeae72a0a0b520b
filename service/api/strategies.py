"""What strategies there are and what they can be told."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.api.core import core_of
from service.http.requests import NoQuery, query_parameters
from service.http.responses import json_response


async def index(request: Request) -> Response:
    """``GET /strategies``: every strategy with its parameters; one that is broken says how."""
    query_parameters(request, NoQuery)
    return json_response(await core_of(request).strategies.describe_all())


async def show(request: Request) -> Response:
    """``GET /strategies/{name}``: one of them."""
    query_parameters(request, NoQuery)
    return json_response(await core_of(request).strategies.describe(request.path_params["name"]))


ROUTES = [
    Route("/strategies", index, methods=["GET"]),
    Route("/strategies/{name}", show, methods=["GET"]),
]
