"""Status objects of optimizations, as the wire has them."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from domain.market.moments import iso
from domain.optimizations.lifecycle import BestTrial, Optimization, SweepState
from domain.optimizations.request import Direction, SamplerName
from eventstore.store import EventStore
from service.http.conditional import entity_tag
from service.optimizations.conductor import Conductor
from service.optimizations.optimizations import UnknownOptimization, canonical
from service.optimizations.projection import OptimizationsProjection, stream_of
from service.optimizations.queries import locate_optimization
from service.stream_cache import StreamCache


class OptimizationStatus(msgspec.Struct, frozen=True):
    """An optimization's status object; times are ISO 8601, UTC.

    ``trials``: how many it comes to, at most ``max_trials``; ``trials_running``: asked for and not
    ended. ``seconds_left``: an estimate, null where there is nothing to go by. ``created_by``: the
    name of the API key that it was made with.
    """

    optimization_id: str
    name: str
    state: SweepState
    strategy: SamplerName
    objective_metric: str
    direction: Direction
    max_trials: int
    trials: int
    trials_completed: int
    trials_failed: int
    trials_running: int
    best_trial: BestTrial | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    seconds_left: float | None
    error: str | None
    log_id: str
    created_by: str | None


class CurrentOptimization(NamedTuple):
    """An optimization as the last of its ``events``, at ``position`` of the log, left it.

    ``body``: its status object in JSON.
    """

    optimization: Optimization
    position: int
    events: int
    tag: str
    body: bytes


class OptimizationStatuses:
    """Optimizations and their encoded status objects, without a read where nothing has changed.

    ``conductor`` says how long those in hand will take.
    """

    def __init__(self, store: EventStore, conductor: Conductor | None = None) -> None:
        self._store = store
        self._conductor = conductor
        self._cache: StreamCache[CurrentOptimization] = StreamCache(store)

    async def of(self, optimization_id: str) -> CurrentOptimization:
        """An optimization as it is now. Raises ``UnknownOptimization``."""
        current = self._cache.find(stream_of(optimization_id))
        if current is not None:
            return current
        known = canonical(optimization_id)
        return await self._cache.make(stream_of(known), lambda: self._read(known, optimization_id))

    async def _read(self, optimization_id: str, asked: str) -> CurrentOptimization:
        located = await locate_optimization(self._store, optimization_id)
        if located is None:
            raise UnknownOptimization(asked)
        return self.current(*located)

    def current(
        self, optimization: Optimization, position: int, events: int
    ) -> CurrentOptimization:
        """An optimization as its event number ``events``, at ``position`` of the log, left it."""
        log_id = self._store.log_id
        status = status_of(optimization, self.paces(), log_id)
        left = "" if status.seconds_left is None else status.seconds_left.hex()
        version = OptimizationsProjection.version
        tag = entity_tag(log_id, "optimization", version, position, left)
        return CurrentOptimization(optimization, position, events, tag, msgspec.json.encode(status))

    def paces(self) -> Mapping[str, float]:
        """What ``seconds_left`` goes by beside the log, at this moment: see ``Conductor``."""
        return {} if self._conductor is None else self._conductor.paces()


def status_of(
    optimization: Optimization, paces: Mapping[str, float], log_id: str
) -> OptimizationStatus:
    """Put an optimization of a log into the shape of the wire."""
    given = {
        name: getattr(optimization, name)
        for name in OptimizationStatus.__struct_fields__
        if hasattr(optimization, name)
    }
    moments = {
        name: None if given[name] is None else iso(given[name])
        for name in ("created_at", "started_at", "finished_at")
    }
    pace = paces.get(optimization.optimization_id)
    left = None if pace is None else pace * (optimization.trials - optimization.ended)
    return OptimizationStatus(**given | moments, seconds_left=left, log_id=log_id)
