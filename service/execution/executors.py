"""The service's executor, and the one that a sweep asks for instead."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from domain.optimizations.request import ExecutorSpec
from service.execution.child_process import ChildProcess
from service.execution.executor import Executor, ExecutorUnavailable
from service.execution.process_pool import ProcessPool
from service.execution.ray_cluster import RayCluster, is_of_this_machine
from service.settings import Settings


class Executors:
    """The service's ``own`` executor, and those that a request may ask for instead.

    ``ray_at`` makes the executor for the Ray cluster at an address, ``ray_address`` is the one for
    requests that name none.
    """

    def __init__(
        self,
        own: Executor,
        ray_at: Callable[[str], RayCluster] | None = None,
        ray_address: str = "auto",
    ) -> None:
        self.own = own
        self._ray_at = ray_at
        self._ray_address = ray_address

    async def settled(self) -> None:
        """Wait until the capacity of the service's own executor is known, or cannot be."""
        with suppress(ExecutorUnavailable):
            await _connect(self.own)

    @asynccontextmanager
    async def of(self, spec: ExecutorSpec | None) -> AsyncIterator[Executor]:
        """Open the executor that ``spec`` asks for. Raises ``ExecutorUnavailable``."""
        if self._is_own(spec):
            await _connect(self.own)
            yield self.own
        else:
            assert spec is not None
            async with self._other(spec) as cluster:
                await cluster.connect()
                yield cluster

    def _is_own(self, spec: ExecutorSpec | None) -> bool:
        if spec is None:
            return True
        if not isinstance(self.own, RayCluster):
            return spec.kind == "local"
        return spec.kind == "ray" and spec.address in (None, self._ray_address)

    def _other(self, spec: ExecutorSpec) -> RayCluster:
        if spec.kind == "local":
            raise ExecutorUnavailable("this service has no engines of its own: it runs all on Ray")
        if self._ray_at is None:
            raise ExecutorUnavailable("this service has no executor of the kind ray")
        address = spec.address or self._ray_address
        # Who drives a cluster trusts it, with whatever it sends: a client cannot ask that.
        if address != self._ray_address and not is_of_this_machine(address):
            raise ExecutorUnavailable(
                f"this service may not connect to a Ray cluster at {address}: it may to one on "
                "its own machine, and to that of the setting BACKTAPE_RAY_ADDRESS"
            )
        return self._ray_at(address)


@asynccontextmanager
async def open_executors(
    settings: Settings, started: Sequence[ChildProcess] = ()
) -> AsyncIterator[Executors]:
    """Start the service's own executor; on leaving, everything that it has under way is stopped.

    ``started``: engines that run already.
    """
    arguments = settings.engine_arguments

    def ray_at(address: str) -> RayCluster:
        return RayCluster(address, arguments, settings.run_seconds_max)

    if settings.executor == "ray":
        async with ray_at(settings.ray_address) as cluster:
            yield Executors(cluster, ray_at, settings.ray_address)
    else:
        async with ProcessPool(
            settings.engine_processes, arguments, settings.run_seconds_max, started
        ) as pool:
            yield Executors(pool, ray_at, settings.ray_address)


async def _connect(executor: Executor) -> None:
    if isinstance(executor, RayCluster):
        await executor.connect()
