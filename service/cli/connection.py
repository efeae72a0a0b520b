"""Every command speaks HTTP: to a running service, or to one of its own over the data folder."""

import gc
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.client.client import Client
    from service.execution.child_process import ChildProcess
    from service.settings import Settings


def with_client(
    use: Callable[["Client"], Awaitable[None]],
    url: str | None,
    api_key: str | None,
    data_dir: Path | None,
    *,
    read_only: bool,
) -> None:
    """Use a client of the service at ``url``, or without one of the data folder itself.

    ``read_only``: the folder's log is not written, and another process may have it open.
    """
    import uvloop

    from service.settings import Settings

    settings = Settings.from_environment(os.environ, data_dir=data_dir)
    key = api_key or next(iter(settings.api_keys), None)

    async def connect_and_use() -> None:
        service = _own_service(settings, read_only) if url is None else nullcontext(url)
        async with service as address:
            # Imported only now: the engine of an own service loads meanwhile.
            from service.client.client import Client

            shown_key = None if url is None else key
            async with Client(address, shown_key, settings.tls_authority) as client:
                gc.enable()
                await use(client)

    # Nothing that is imported is garbage: to look for some, now and once more when the process
    # ends, would take a quarter of a short command's time.
    gc.disable()
    try:
        uvloop.run(connect_and_use())
    finally:
        gc.freeze()
        gc.enable()


@asynccontextmanager
async def _own_service(settings: "Settings", read_only: bool) -> AsyncIterator[str]:
    """Serve the data folder on a free loopback port for this one command; gives the URL.

    It asks for no key: whoever can read the folder needs none.
    """
    from service.settings import Settings

    private = Settings(
        data_dir=settings.data_dir,
        engine_processes=1,  # for one command; each more delays its start
        missing_data=settings.missing_data,
        strategies=settings.strategies,
        run_seconds_max=settings.run_seconds_max,
        run_memory_mib_max=settings.run_memory_mib_max,
        port=0,
        log_level="warning",
        log_format="text",
    )
    async with nullcontext() if read_only else _engine(private) as engine:
        # Imported only now: the engine loads meanwhile, on another core.
        from service.core import open_core, open_core_read_only
        from service.http.keys import ApiKeys
        from service.logs import configure_logging
        from service.server import listening

        configure_logging(private)
        opened = open_core(private, [engine]) if engine else open_core_read_only(private)
        async with opened as core, listening(private, core, ApiKeys()) as url:
            yield url


@asynccontextmanager
async def _engine(settings: "Settings") -> AsyncIterator["ChildProcess"]:
    from service.execution.child_process import ChildProcess

    engine = await ChildProcess.engine(settings.engine_arguments)
    try:
        yield engine
    finally:
        await engine.kill()
