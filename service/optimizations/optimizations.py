"""What can be done with optimizations: create, cancel, resume. Each is one decision in the log."""

from collections.abc import Callable
from uuid import UUID, uuid4

import anyio
from msgspec import UNSET, UnsetType

from domain.optimizations import lifecycle
from domain.optimizations.events import SweepEvent, encode
from domain.optimizations.lifecycle import Optimization
from domain.optimizations.request import OptimizationRequest
from domain.runs.events import EncodedEvent
from domain.runs.origin import Origin
from domain.strategies.code import Code
from eventstore.store import EventStore
from service.optimizations.projection import stream_of
from service.optimizations.queries import find_optimization
from service.runs import Precondition, decide, no_condition, stored_form


class UnknownOptimization(Exception):
    """There is no optimization of this id."""

    def __init__(self, optimization_id: str) -> None:
        super().__init__(f"there is no optimization {optimization_id!r}")


async def create_optimization(
    store: EventStore,
    request: OptimizationRequest,
    code: Code | None = None,
    origin: Origin | UnsetType = UNSET,
) -> Optimization:
    """Accept an optimization: it is in the log, and will be conducted, once this returns.

    ``request`` is normalised; ``code`` is the source of its strategy where that is a user's own.
    """
    optimization_id = str(uuid4())
    # A large grid is counted.
    pending = await anyio.to_thread.run_sync(lifecycle.submit, None, request, code, origin)
    first = encode(pending, None if code is None else code.source)
    await store.append(stream_of(optimization_id), stored_form([first]), expected_version=0)
    return await get_optimization(store, optimization_id)


async def get_optimization(store: EventStore, optimization_id: str) -> Optimization:
    """Read an optimization. Raises ``UnknownOptimization``."""
    optimization = await find_optimization(store, canonical(optimization_id))
    if optimization is None:
        raise UnknownOptimization(optimization_id)
    return optimization


async def stream_of_optimization(store: EventStore, optimization_id: str) -> str:
    """Name the stream of an optimization. Raises ``UnknownOptimization``."""
    return stream_of((await get_optimization(store, optimization_id)).optimization_id)


async def cancel_optimization(
    store: EventStore, optimization_id: str, precondition: Precondition = no_condition
) -> Optimization:
    """Cancel one that has not ended. Raises ``UnknownOptimization`` or ``IllegalMove``.

    ``precondition`` is asked of it as it is when the event is appended, if that can be.
    """
    return await _decide(store, optimization_id, lifecycle.cancel, precondition)


async def resume_optimization(
    store: EventStore, optimization_id: str, precondition: Precondition = no_condition
) -> Optimization:
    """Go on with a failed or cancelled one; raises and asks what ``cancel_optimization`` does."""
    return await _decide(store, optimization_id, lifecycle.resume, precondition)


async def _decide(
    store: EventStore,
    optimization_id: str,
    decision: Callable[[Optimization], SweepEvent],
    precondition: Precondition,
) -> Optimization:
    async def decided() -> EncodedEvent:
        event = decision(await get_optimization(store, optimization_id))
        await precondition()
        return encode(event)

    await decide(store, stream_of(canonical(optimization_id)), decided)
    return await get_optimization(store, optimization_id)


def canonical(optimization_id: str) -> str:
    """Spell an id as the log does. Raises ``UnknownOptimization``."""
    try:
        return str(UUID(optimization_id))
    except ValueError:
        raise UnknownOptimization(optimization_id) from None
