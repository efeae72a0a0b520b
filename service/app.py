"""The ASGI application: routes, middleware and lifespan, as data."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

from starlette.applications import Starlette

from service.api import (
    audit,
    backtests,
    events,
    health,
    lookahead,
    optimization_report,
    optimization_results,
    optimizations,
    report,
    strategies,
    stream,
)
from service.core import Core, open_core
from service.http.failures import EXCEPTION_HANDLERS
from service.http.operations import routes_of
from service.http.stack import middleware
from service.settings import Settings

OPERATIONS = [
    *health.OPERATIONS,
    *strategies.OPERATIONS,
    *backtests.OPERATIONS,
    *report.OPERATIONS,
    *lookahead.OPERATIONS,
    *optimizations.OPERATIONS,
    *optimization_results.OPERATIONS,
    *optimization_report.OPERATIONS,
    *events.OPERATIONS,
    *audit.OPERATIONS,
]


def create_app(settings: Settings, core: Core | None = None) -> Starlette:
    """Build the application; its lifespan opens a core of its own unless one is given."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Core]]:
        async with open_core(settings) if core is None else nullcontext(core) as opened:
            yield {"core": opened}

    app = Starlette(
        routes=routes_of(OPERATIONS, stream.STREAMS),
        middleware=middleware(settings),
        exception_handlers=EXCEPTION_HANDLERS,
        lifespan=lifespan,
    )
    # A redirect would be built from the request's own Host header.
    app.router.redirect_slashes = False
    return app
