"""What an optimization has come to, to look at: its report."""

from starlette.requests import Request
from starlette.responses import Response

from domain.optimizations.lifecycle import Optimization
from service.api.core import core_of
from service.api.optimization_results import require_ended
from service.http.errors import ConflictError
from service.http.operations import HTML, Answer, Operation
from service.optimizations.optimizations import get_optimization


async def report(request: Request) -> Response:
    """``GET /optimizations/{optimization_id}/report``: one HTML page, or 409 before the end."""
    core = core_of(request)
    optimization = await get_optimization(core.store, request.path_params["optimization_id"])
    require_ended(optimization)
    _require_trials(optimization)
    page = await core.optimization_reports.page(optimization.optimization_id)
    headers = {"Content-Security-Policy": page.policy}
    return Response(page.html, headers=headers, media_type="text/html")


def _require_trials(optimization: Optimization) -> None:
    if optimization.trials_completed + optimization.trials_failed:
        return
    reason = optimization.error or "it was cancelled before"
    raise ConflictError(f"not one trial has ended, so there is nothing to report: {reason}")


OPERATIONS = [
    Operation(
        method="GET",
        path="/optimizations/{optimization_id}/report",
        handler=report,
        answers=[Answer("one page that holds all that it shows", {HTML: str})],
        refuses=[404, 409],
    )
]
