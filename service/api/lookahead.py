"""The look-ahead detector over HTTP."""

from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.runs.events import Failed, Queued, Started, code_of, decode
from domain.runs.lifecycle import RunState
from service.api.core import core_of
from service.execution.executor import ExecutorDied, LimitExceeded
from service.execution.frames import Check
from service.http.errors import ConflictError
from service.http.requests import NoQuery, decode_json, query_parameters
from service.http.responses import json_response
from service.projections import stream_of
from service.runs import get_run


class Search(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many moments to try, and the seed that they are drawn from."""

    moments: Annotated[int, Meta(ge=1, le=200)] = 20
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0


async def check(request: Request) -> Response:
    """``POST /backtests/{run_id}/lookahead-check``: the detector's report on a completed run."""
    query_parameters(request, NoQuery)
    core = core_of(request)
    body = await request.body()
    wanted = decode_json(body, Search) if body else Search()
    run = await get_run(core.store, request.path_params["run_id"])
    if run.state is not RunState.COMPLETED:
        raise ConflictError(f"only a completed run can be checked; this one is {run.state.value}")
    if core.engines is None:
        raise ConflictError("this service only reads: it has no engine to check a run with")
    first, second = await core.store.read(stream_of(run.run_id), limit=2)
    queued, started = decode(first.type, first.payload), decode(second.type, second.payload)
    assert isinstance(queued, Queued)
    assert isinstance(started, Started)
    code = code_of(queued, first.attachment)
    try:
        answer = await core.engines.check(
            Check(run.run_id, started.manifest, code, wanted.moments, wanted.seed)
        )
    except (ExecutorDied, LimitExceeded) as error:
        raise ConflictError(f"the check came to no end: {error}") from error
    if answer.type == "state":
        failed = decode(answer.type, answer.payload)
        assert isinstance(failed, Failed)
        raise ConflictError(f"the run cannot be checked: {failed.error}")
    return json_response(msgspec.Raw(answer.payload))


ROUTES = [Route("/backtests/{run_id}/lookahead-check", check, methods=["POST"])]
