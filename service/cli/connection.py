"""Every command speaks HTTP: to a running service, or to one of its own over the data folder."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.client.client import Client
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

    from service.client.client import Client
    from service.settings import Settings

    settings = Settings.from_environment(os.environ, data_dir=data_dir)

    async def connect_and_use() -> None:
        if url is not None:
            key = api_key or next(iter(settings.api_keys), None)
            async with Client(url, key) as client:
                await use(client)
        else:
            async with _own_service(settings, read_only) as own, Client(own) as client:
                await use(client)

    uvloop.run(connect_and_use())


@asynccontextmanager
async def _own_service(settings: "Settings", read_only: bool) -> AsyncIterator[str]:
    """Serve the data folder on a free loopback port for this one command; gives the URL."""
    from service.core import open_core, open_core_read_only
    from service.logs import configure_logging
    from service.server import listening
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
    configure_logging(private)
    opened = open_core_read_only(private) if read_only else open_core(private)
    async with opened as core, listening(private, core) as url:
        yield url
