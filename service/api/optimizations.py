"""Optimizations: create, list, status, results, cancel, resume."""

from collections.abc import Awaitable, Callable

from msgspec import UnsetType
from starlette.requests import Request
from starlette.responses import Response

from domain.optimizations.events import decode
from domain.optimizations.lifecycle import Optimization, evolve
from domain.optimizations.request import OptimizationRequest
from domain.runs.origin import Origin
from eventstore.store import EventStore
from service.api.core import core_of
from service.api.creation import (
    CREATED_HEADERS,
    WRITTEN_HEADERS,
    created,
    first_event,
    make_once,
    wait_for_end,
    written,
)
from service.http.conditional import require_match, unmodified
from service.http.operations import JSON, UNMODIFIED, Answer, Operation
from service.http.responses import encoded_response
from service.optimizations.optimizations import (
    cancel_optimization,
    create_optimization,
    resume_optimization,
)
from service.optimizations.projection import OPTIMIZATION_STREAM, stream_of
from service.optimizations.statuses import OptimizationStatus, OptimizationStatuses
from service.runs import Precondition


async def create(request: Request, body: OptimizationRequest) -> Response:
    """``POST /optimizations``: create one; 201 and its status object.

    With ``Idempotency-Key`` it is made once, however often it is posted; with ``Prefer: wait=N``
    the answer comes when it has ended.
    """
    core = core_of(request)

    async def make(origin: Origin | UnsetType) -> str:
        accepted = await core.strategies.accept_sweep(body)
        sweep = await create_optimization(core.store, accepted.request, accepted.code, origin)
        return stream_of(sweep.optimization_id)

    made = await make_once(request, make)
    its_id = made.stream.removeprefix(OPTIMIZATION_STREAM)
    waited = await wait_for_end(request, made.stream)
    if waited:
        current = await core.optimization_statuses.of(its_id)
    else:
        first = await first_event(request, made)
        sweep = evolve(its_id, None, decode(first.type, first.payload), first.recorded_at)
        # Without the conductor: it would say of a replay how long what goes on now will take.
        current = OptimizationStatuses(core.store).current(sweep, first.position, 1)
    return created(current, f"/optimizations/{its_id}", made, waited)


async def status(request: Request) -> Response:
    """``GET /optimizations/{optimization_id}``: the status object."""
    current = await core_of(request).optimization_statuses.of(_id(request))
    return unmodified(request, current.tag) or encoded_response(current.body, current.tag)


async def cancel(request: Request) -> Response:
    """``POST /optimizations/{optimization_id}/cancel``: the status, or 409 when it has ended."""
    return await _decided(request, cancel_optimization)


async def resume(request: Request) -> Response:
    """``POST /optimizations/{optimization_id}/resume``: go on with what failed or was cancelled."""
    return await _decided(request, resume_optimization)


async def _decided(
    request: Request, decide: Callable[[EventStore, str, Precondition], Awaitable[Optimization]]
) -> Response:
    core, its_id = core_of(request), _id(request)

    async def precondition() -> None:
        require_match(request, (await core.optimization_statuses.of(its_id)).tag)

    await decide(core.store, its_id, precondition)
    return written(await core.optimization_statuses.of(its_id))


def _id(request: Request) -> str:
    optimization_id: str = request.path_params["optimization_id"]
    return optimization_id


OPERATIONS = [
    Operation(
        method="POST",
        path="/optimizations",
        handler=create,
        answers=[
            Answer(
                "the optimization is in the log",
                {JSON: OptimizationStatus},
                201,
                CREATED_HEADERS,
            )
        ],
        refuses=[409, 422],
        takes=["Idempotency-Key", "Prefer"],
        scope="run",
    ),
    Operation(
        method="GET",
        path="/optimizations/{optimization_id}",
        handler=status,
        answers=[
            Answer("the optimization", {JSON: OptimizationStatus}, headers=["ETag"]),
            UNMODIFIED,
        ],
        refuses=[404],
        takes=["If-None-Match"],
    ),
    Operation(
        method="POST",
        path="/optimizations/{optimization_id}/cancel",
        handler=cancel,
        answers=[
            Answer(
                "the optimization is cancelled",
                {JSON: OptimizationStatus},
                headers=WRITTEN_HEADERS,
            )
        ],
        refuses=[404, 409, 412],
        takes=["If-Match"],
        scope="run",
    ),
    Operation(
        method="POST",
        path="/optimizations/{optimization_id}/resume",
        handler=resume,
        answers=[
            Answer("the optimization goes on", {JSON: OptimizationStatus}, headers=WRITTEN_HEADERS)
        ],
        refuses=[404, 409, 412],
        takes=["If-Match"],
        scope="run",
    ),
]
