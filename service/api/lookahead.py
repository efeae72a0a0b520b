"""The look-ahead detector over HTTP."""

from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from domain.engine.leaks import Report
from domain.runs.events import Failed, Queued, Started, code_of, decode
from domain.runs.lifecycle import RunState
from service.api.core import core_of
from service.execution.executor import ExecutorDied, ExecutorUnavailable, LimitExceeded
from service.execution.frames import Check
from service.http.errors import ConflictError
from service.http.operations import JSON, Answer, Operation
from service.http.responses import json_response
from service.projections import stream_of
from service.runs import get_run


class Search(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many moments to try, and the seed that they are drawn from."""

    moments: Annotated[int, Meta(ge=1, le=200)] = 20
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0


USUAL_SEARCH = Search()


async def check(request: Request, body: Search = USUAL_SEARCH) -> Response:
    """``POST /backtests/{run_id}/lookahead-check``: the detector's report on a completed run."""
    core = core_of(request)
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
            Check(run.run_id, started.manifest, code, body.moments, body.seed)
        )
    except (ExecutorDied, ExecutorUnavailable, LimitExceeded) as error:
        raise ConflictError(f"the check came to no end: {error}") from error
    if answer.type == "state":
        failed = decode(answer.type, answer.payload)
        assert isinstance(failed, Failed)
        raise ConflictError(f"the run cannot be checked: {failed.error}")
    return json_response(msgspec.Raw(answer.payload))


OPERATIONS = [
    Operation(
        method="POST",
        path="/backtests/{run_id}/lookahead-check",
        handler=check,
        answers=[Answer("what was found", {JSON: Report})],
        refuses=[404, 409],
        scope="run",
    )
]
