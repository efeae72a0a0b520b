"""A run's results to look at: the tear sheet."""

from starlette.requests import Request
from starlette.responses import Response

from service.api.backtests import require_completed
from service.api.core import core_of
from service.http.operations import HTML, Answer, Operation
from service.runs import get_run


async def report(request: Request) -> Response:
    """``GET /backtests/{run_id}/report``: one HTML page, or 409 until the run is completed."""
    core = core_of(request)
    run = await get_run(core.store, request.path_params["run_id"])
    require_completed(run)
    page = await core.reports.page(run.run_id)
    headers = {"Content-Security-Policy": page.policy}
    return Response(page.html, headers=headers, media_type="text/html")


OPERATIONS = [
    Operation(
        method="GET",
        path="/backtests/{run_id}/report",
        handler=report,
        answers=[Answer("one page that holds all that it shows", {HTML: str})],
        refuses=[404, 409],
    )
]
