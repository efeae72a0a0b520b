"""Creating over HTTP, so that a client that has lost the answer can ask again."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from hashlib import sha256
from typing import Any, TypeAlias

import anyio
import msgspec
from msgspec import UNSET, UnsetType
from starlette.requests import Request
from starlette.responses import Response

from domain.runs.origin import Idempotency, Origin
from eventstore.events import Event
from service.api.core import core_of
from service.api.subscription import Place, has_ended
from service.core import Core
from service.feed.frames import is_final
from service.http.context import context_of
from service.http.errors import ConflictError
from service.http.operations import JSON
from service.http.preferences import preferred_wait
from service.http.requests import read_header
from service.idempotency import KeyInFlight, Made
from service.optimizations.statuses import CurrentOptimization
from service.statuses import CurrentRun

RETRY_AFTER_SECONDS = "1"
WRITTEN_HEADERS = ["ETag", "X-Log-Position"]
CREATED_HEADERS = [*WRITTEN_HEADERS, "Location", "Idempotency-Replayed", "Preference-Applied"]

Current: TypeAlias = CurrentRun | CurrentOptimization


async def make_once(request: Request, make: Callable[[Origin | UnsetType], Awaitable[str]]) -> Made:
    """Make what is posted, unless it was posted before with the same ``Idempotency-Key``.

    ``make`` gives the stream, whose first event is to hold the origin. Raises 400 for a key that
    is none, 409 while the first request is under way, 422 for another request, and what a full
    queue raises.
    """
    core, key = core_of(request), context_of(request.scope).key
    idempotency = await _idempotency_of(request)
    origin = Origin(UNSET if key is None else key, idempotency)

    async def make_in_place() -> str:
        async with core.queue.place(key):  # not for a replay, which adds nothing to the queue
            return await make(origin.known)

    try:
        return await core.idempotency.make_once(idempotency, make_in_place)
    except KeyInFlight as error:
        raise ConflictError(str(error), {"Retry-After": RETRY_AFTER_SECONDS}) from error


async def first_event(request: Request, made: Made) -> Event:
    """What the answer to the first request was made of, and is made of each time it comes again."""
    (first,) = await core_of(request).store.read(made.stream, limit=1, attachments=False)
    return first


async def wait_for_end(request: Request, stream: str) -> int | None:
    """Wait until the stream has ended, for as many seconds as the client prefers to.

    The wait is over, too, when the client leaves or the service stops. Gives the seconds, ``None``
    where the client has no such preference.
    """
    seconds = preferred_wait(request)
    if seconds:
        async with anyio.create_task_group() as tasks:
            wait, core = tasks.cancel_scope, core_of(request)
            wait.deadline = anyio.current_time() + seconds
            tasks.start_soon(_call_off_for_client, wait, request)
            tasks.start_soon(_call_off_for_stop, wait, core)
            await _end_of(core, stream)
            wait.cancel()
    return seconds


def created(current: Current, location: str, made: Made, waited: int | None) -> Response:
    """201 and a status object."""
    headers = {"Location": location}
    if made.replayed:
        headers["Idempotency-Replayed"] = "true"
    if waited is not None:
        headers["Preference-Applied"] = f"wait={waited}"
    return written(current, 201, headers)


def written(
    current: Current, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A status object after a write, and where in the log it is from."""
    own = {"ETag": current.tag, "X-Log-Position": str(current.position)}
    return Response(current.body, status, {**own, **(headers or {})}, JSON)


async def _idempotency_of(request: Request) -> Idempotency | UnsetType:
    key = read_header(request, "Idempotency-Key")
    if key is None:
        return UNSET
    # Read anew: how a client spaces and orders its JSON makes no other request of it.
    asked = msgspec.json.decode(await request.body())
    return Idempotency(
        key=_digest([context_of(request.scope).key, key]),
        request=_digest([request.scope["path"], asked]),
    )


def _digest(value: Any) -> str:
    return sha256(msgspec.json.encode(value, order="sorted")).hexdigest()


async def _end_of(core: Core, stream: str) -> None:
    head = await core.store.head(stream)
    (last,) = await core.store.read(stream, head - 1, 1, attachments=False)
    if is_final(last):
        return
    place = Place(stream, head, head, ended=False)
    async with aclosing(core.feed.follow(stream, head)) as pages:
        async for page in pages:
            if await has_ended(core.store, place, page):
                return


async def _call_off_for_client(wait: anyio.CancelScope, request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue
    wait.cancel()


async def _call_off_for_stop(wait: anyio.CancelScope, core: Core) -> None:
    await core.stopping.wait()
    wait.cancel()
