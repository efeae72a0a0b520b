"""A run's results to look at: the tear sheet."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.api.backtests import require_completed
from service.api.core import core_of
from service.http.requests import NoQuery, query_parameters
from service.runs import get_run


async def report(request: Request) -> Response:
    """``GET /backtests/{run_id}/report``: one HTML page, or 409 until the run is completed."""
    query_parameters(request, NoQuery)
    core = core_of(request)
    run = await get_run(core.store, request.path_params["run_id"])
    require_completed(run)
    page = await core.reports.page(run.run_id)
    headers = {"Content-Security-Policy": page.policy}
    return Response(page.html, headers=headers, media_type="text/html")


ROUTES = [Route("/backtests/{run_id}/report", report, methods=["GET"])]
