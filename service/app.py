"""The ASGI application: routes, middleware and lifespan, as data."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

from starlette.applications import Starlette

from service.api import (
    audit,
    backtests,
    comparison,
    discovery,
    events,
    health,
    lists,
    lookahead,
    optimization_report,
    optimization_results,
    optimizations,
    report,
    result_parts,
    strategies,
    stream,
)
from service.core import Core, open_core
from service.http.application import Application
from service.http.keys import ApiKeys
from service.http.operations import routes_of
from service.http.stack import middleware
from service.metrics.traffic import Traffic
from service.settings import Settings

OPERATIONS = [
    *backtests.OPERATIONS,
    *health.OPERATIONS,
    *strategies.OPERATIONS,
    *result_parts.OPERATIONS,
    *lists.OPERATIONS,
    *comparison.OPERATIONS,
    *report.OPERATIONS,
    *lookahead.OPERATIONS,
    *optimizations.OPERATIONS,
    *optimization_results.OPERATIONS,
    *optimization_report.OPERATIONS,
    *events.OPERATIONS,
    *audit.OPERATIONS,
]


def create_app(
    settings: Settings, core: Core | None = None, keys: ApiKeys | None = None
) -> Starlette:
    """Build the application; its lifespan opens a core of its own unless one is given.

    ``keys``: what opens it, in the place of the settings' keys and those of the data folder.
    Raises ``KeysError`` where the latter cannot be read.
    """
    asked = ApiKeys(settings.api_keys, settings.keys_path) if keys is None else keys

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Core]]:
        async with open_core(settings) if core is None else nullcontext(core) as opened:
            yield {"core": opened}

    def guarded() -> bool:
        return asked.required

    traffic = Traffic()
    operations = discovery.described(OPERATIONS, stream.STREAMS, guarded)
    app = Application(
        routes=routes_of(operations, stream.STREAMS),
        middleware=middleware(settings, keys=asked, traffic=traffic),
        lifespan=lifespan,
    )
    app.state.traffic = traffic
    # A redirect would be built from the request's own Host header.
    app.router.redirect_slashes = False
    return app
