"""The executor on a Ray cluster. Nothing of Ray is imported here: a process of its own drives it.

The machine of the service must be a node of the cluster, and every node must have the same
Backtape, Python and libraries. See ``docs/scaling.md``.
"""

import ipaddress
import logging
import math
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from types import TracebackType

import anyio

from domain.runs.events import EncodedEvent
from domain.runs.request import BacktestRequest
from domain.strategies.code import Code
from service.execution.executor import ExecutorDied, ExecutorUnavailable, Workforce
from service.execution.frames import Check, Execute, Job, SweepJob
from service.execution.ray_connection import RayConnection

logger = logging.getLogger(__name__)

CONNECT_SECONDS_MAX = 9.0
REFUSAL_SECONDS = 1.0  # so long a cluster that did not answer is not asked again
CAPACITY_UNKNOWN = 8
TEND_SECONDS = 5.0

_HOST_AND_PORT = re.compile(r"(?P<host>[^\s:/\[\]]+|\[[0-9a-fA-F:.]+\]):(?P<port>[0-9]{1,5})")


class RayCluster:
    """An ``Executor`` on the Ray cluster at ``address``. An async context manager.

    ``address``: ``host:port`` of its head, or ``auto`` for the one that this machine is a node of.
    ``arguments``: the market folder, what to do about missing data, and how many MiB of memory a
    run may take; ``run_seconds_max``: how long a run may keep its processor busy. It connects when
    it is first asked for something, and again when the connection was lost.
    """

    def __init__(
        self, address: str, arguments: Sequence[str], run_seconds_max: float = math.inf
    ) -> None:
        self._address = address
        self._arguments = arguments
        self._run_seconds_max = run_seconds_max
        self._connection: RayConnection | None = None
        self._connecting = anyio.Lock()
        self._refusal = "", -math.inf
        self._lost = 0
        self._processors = CAPACITY_UNKNOWN

    @property
    def capacity(self) -> int:
        """The number of the cluster's processors, as they were when it was connected to."""
        return self._processors

    @property
    def pids(self) -> list[int]:
        """The process that drives the cluster, if it is connected."""
        return [self._connection.pid] if self._connection and self._connection.alive else []

    @property
    def workforce(self) -> Workforce:
        """The process that drives the cluster; see ``Executor``."""
        alive, (reason, _) = len(self.pids), self._refusal
        busy = self._connection.jobs if alive and self._connection else 0
        return Workforce(alive, busy, self._lost, None if alive else reason or None)

    async def tend(self) -> None:
        """Connect again where the connection was lost; see ``Executor``."""
        while True:
            await anyio.sleep(TEND_SECONDS)
            with suppress(ExecutorUnavailable):  # which ``workforce`` tells
                await self.connect()

    async def __aenter__(self) -> "RayCluster":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with anyio.CancelScope(shield=True):
            if self._connection:
                await self._connection.kill()

    async def connect(self) -> RayConnection:
        """Connect, if it is not connected. Raises ``ExecutorUnavailable`` within ten seconds."""
        async with self._connecting:
            if self._connection and self._connection.alive:
                return self._connection
            reason, until = self._refusal
            if anyio.current_time() < until:
                raise ExecutorUnavailable(reason)
            try:
                self._connection = await self._connected()
            except ExecutorUnavailable as error:
                self._refusal = str(error), anyio.current_time() + REFUSAL_SECONDS
                raise
            self._processors = self._connection.processors
            return self._connection

    def execute(
        self, run_id: str, request: BacktestRequest, code: Code | None = None
    ) -> AsyncGenerator[list[EncodedEvent], None]:
        """Simulate a run on some node; see ``Executor``."""
        return self._do(Execute(run_id, request, code))

    def evaluate(self, job: SweepJob) -> AsyncGenerator[list[EncodedEvent], None]:
        """Do a sweep's job on some node; its data is in the object store once."""
        return self._do(job)

    async def check(self, check: Check) -> EncodedEvent:
        """Look for look-ahead on some node; see ``Executor``."""
        async with aclosing(self._do(check)) as batches:
            async for events in batches:
                return events[0]
        raise ExecutorDied("the Ray cluster gave no answer")

    async def _do(self, job: Job) -> AsyncGenerator[list[EncodedEvent], None]:
        connection = await self.connect()
        async with aclosing(connection.do(job, self._run_seconds_max)) as batches:
            async for events in batches:
                yield events

    async def _connected(self) -> RayConnection:
        if self._connection:
            logger.warning("the connection to the Ray cluster was lost")
            self._lost += 1
            await self._connection.kill()
            self._connection = None
        try:
            with anyio.fail_after(CONNECT_SECONDS_MAX):
                await _require_listener(self._address)
                return await self._started()
        except TimeoutError as error:
            reason = f"it has not answered for {CONNECT_SECONDS_MAX:g} seconds"
            raise ExecutorUnavailable(f"no Ray cluster at {self._address}: {reason}") from error
        except ExecutorUnavailable as error:
            raise ExecutorUnavailable(f"no Ray cluster at {self._address}: {error}") from error

    async def _started(self) -> RayConnection:
        with anyio.CancelScope(shield=True):
            connection = await RayConnection.start([self._address, *self._arguments])
        try:
            await connection.connected()
        except BaseException:
            with anyio.CancelScope(shield=True):
                await connection.kill()
            raise
        return connection


async def _require_listener(address: str) -> None:
    # Ray itself would try for most of a minute.
    if address == "auto":
        return
    host, port = host_and_port(address)
    try:
        await (await anyio.connect_tcp(host, port)).aclose()
    except OSError as error:
        raise ExecutorUnavailable("nothing answers there") from error


def host_and_port(address: str) -> tuple[str, int]:
    """Read an address. Raises ``ExecutorUnavailable`` for what is none."""
    found = _HOST_AND_PORT.fullmatch(address)
    if found is None or int(found["port"]) > 65_535:
        raise ExecutorUnavailable("an address is host:port of the cluster's head, or auto")
    return found["host"].strip("[]"), int(found["port"])


def is_of_this_machine(address: str) -> bool:
    """Whether an address can only be of a cluster whose head is on this machine."""
    if address == "auto":
        return True
    try:
        host, _ = host_and_port(address)
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except (ExecutorUnavailable, ValueError):
        return False
