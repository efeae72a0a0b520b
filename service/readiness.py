"""Whether the service can do its work: write the log, simulate, and go on with both."""

import shutil
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import anyio

from eventstore.errors import EventStoreError
from eventstore.store import EventStore
from service import clock
from service.execution.executor import Executor
from service.metrics.writing import Writing
from service.settings import Settings

MEBIBYTE = 1024 * 1024
CHECK_SECONDS_MAX = 2.0
KEPT_SECONDS = 1.0
RECENT_MICROSECONDS = 10_000_000


class NotReady(Exception):
    """A check failed; the message says what is wrong."""


class Readiness:
    """Checks, each with its name. What they find is kept for a second.

    One of them writes to the disk, and anybody may ask.
    """

    def __init__(self, checks: Mapping[str, Callable[[], Awaitable[None]]]) -> None:
        self._checks = checks
        self._asking = anyio.Lock()
        self._found: dict[str, str | None] = {}
        self._until = float("-inf")

    async def failures(self) -> dict[str, str | None]:
        """Each check, and what is wrong; ``None`` where nothing is."""
        async with self._asking:
            if anyio.current_time() >= self._until:
                self._found = await self._look()
                self._until = anyio.current_time() + KEPT_SECONDS
            return self._found

    async def _look(self) -> dict[str, str | None]:
        found: dict[str, str | None] = dict.fromkeys(self._checks)

        async def look(name: str) -> None:
            found[name] = await _failure(self._checks[name])

        async with anyio.create_task_group() as tasks:
            for name in self._checks:
                tasks.start_soon(look, name)
        return found


def readiness_of(
    settings: Settings, store: EventStore, writing: Writing, engines: Executor | None
) -> Readiness:
    """What is checked of a service: its log, its engines and its disk."""
    return Readiness(
        {
            "log": partial(_require_log, store, writing),
            "engines": partial(_require_engines, engines),
            "disk": partial(_require_space, settings),
        }
    )


async def _failure(check: Callable[[], Awaitable[None]]) -> str | None:
    try:
        with anyio.fail_after(CHECK_SECONDS_MAX):
            await check()
    except TimeoutError:
        return f"no answer within {CHECK_SECONDS_MAX:g} seconds"
    except (NotReady, EventStoreError, OSError) as error:
        return str(error)
    return None


async def _require_log(store: EventStore, writing: Writing) -> None:
    await store.require_writable()
    # Where one page still fits, an append may not.
    failure = writing.failure
    if failure and clock.monotonic_microseconds() - failure.moment < RECENT_MICROSECONDS:
        raise NotReady(failure.reason)


async def _require_engines(engines: Executor | None) -> None:
    if engines is None:
        raise NotReady("this service only reads")
    workforce = engines.workforce
    if not workforce.alive:
        raise NotReady(f"no engine process is alive: {workforce.trouble or 'they are restarted'}")


async def _require_space(settings: Settings) -> None:
    usage = await anyio.to_thread.run_sync(
        shutil.disk_usage, settings.data_dir, abandon_on_cancel=True
    )
    free = usage.free // MEBIBYTE
    if free < settings.disk_free_mib_min:
        raise NotReady(f"{free} MiB are free, {settings.disk_free_mib_min} are the least")
