"""What strategies there are and what they can be told."""

from starlette.requests import Request
from starlette.responses import Response

from domain.strategies.description import Description
from service.api.core import core_of
from service.http.operations import JSON, Answer, Operation
from service.http.responses import json_response


async def index(request: Request) -> Response:
    """``GET /strategies``: every strategy with its parameters; one that is broken says how."""
    return json_response(await core_of(request).strategies.describe_all())


async def show(request: Request) -> Response:
    """``GET /strategies/{name}``: one strategy with its parameters."""
    return json_response(await core_of(request).strategies.describe(request.path_params["name"]))


OPERATIONS = [
    Operation(
        method="GET",
        path="/strategies",
        handler=index,
        answers=[Answer("the strategies, by name", {JSON: list[Description]})],
    ),
    Operation(
        method="GET",
        path="/strategies/{name}",
        handler=show,
        answers=[Answer("the strategy", {JSON: Description})],
        refuses=[404],
    ),
]
