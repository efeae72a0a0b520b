"""A service without engines: nobody executes its runs, the test appends their events itself."""

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import msgspec
from httpx2 import AsyncClient, Response
from websockets.asyncio.client import connect

from domain.runs.events import Cancelled, Logged, Measured, Progressed, Queued, RunEvent, encode
from domain.runs.request import BacktestRequest
from eventstore.store import EventStore
from service import clock
from service.audit.key import open_key
from service.core import Core
from service.feed.feed import Feed
from service.feed.frames import encoded
from service.market_data.catalog import Catalog
from service.projections import stored_projections, stream_of
from service.report.reports import Reports
from service.results import Results
from service.runs import stored_form
from service.server import listening
from service.settings import Settings
from service.strategies.strategies import Strategies
from tests.serving import websocket_url

Document: TypeAlias = dict[str, Any]

REQUEST = BacktestRequest(symbols=["AAPL"], start_date="2024-01-01", end_date="2024-12-31")
END = Cancelled("queued")
SILENCE_SECONDS_MAX = 10  # less than between two heartbeats: what should end does not hang a test
SSE = {"Accept": "text/event-stream"}
NDJSON = {"Accept": "application/x-ndjson"}


class QuietService(msgspec.Struct, frozen=True):
    """What a test needs of it."""

    url: str
    http: AsyncClient
    core: Core

    async def record(self, events: Sequence[RunEvent]) -> str:
        """Write a run: queued, then ``events``. Gives its run_id."""
        run_id = str(uuid4())
        await self.append(run_id, [Queued(REQUEST), *events])
        return run_id

    async def append(self, run_id: str, events: Sequence[RunEvent]) -> None:
        """Write further events of a run, in one append."""
        stream, store = stream_of(run_id), self.core.store
        await store.append(
            stream, stored_form([encode(event) for event in events]), await store.head(stream)
        )

    async def log(self, run_id: str | None) -> list[Document]:
        """All events of a run, or of the whole log, as clients should get them."""
        stream, store = None if run_id is None else stream_of(run_id), self.core.store
        page = await store.read_page(stream, limit=10_000)
        assert page.cursor == page.head
        return [msgspec.json.decode(frame.text) for frame in encoded(stream, page.events)]

    async def get(self, path: str, headers: Document | None = None) -> Response:
        """One GET."""
        return await self.http.get(path, headers=headers)

    def socket(self, run_id: str, query: str = "") -> connect:
        """A connection to the run's stream, to be entered."""
        address = websocket_url(self.url, f"/backtests/{run_id}/stream{query}")
        return connect(address, max_size=None, max_queue=None, proxy=None)


@asynccontextmanager
async def quiet_service(
    folder: Path, *, port: int = 0, **options: Any
) -> AsyncIterator[QuietService]:
    """Serve the log in ``folder``; ``options`` are settings."""
    settings = Settings(data_dir=folder, port=port, **{"rate_limit": 1_000_000} | options)
    async with await EventStore.open(
        settings.log_path, projections=stored_projections(), clock=clock.now_microseconds
    ) as store:
        key, strategies = open_key(settings.audit_key_path), Strategies(None, 4096)
        reports = Reports(store, Catalog(settings.market_path))
        core = Core(store, Results(store), key, Feed(store), strategies, None, reports)
        async with (
            listening(settings, core) as url,
            AsyncClient(base_url=url, trust_env=False, timeout=SILENCE_SECONDS_MAX) as http,
        ):
            yield QuietService(url, http, core)


def mixed(count: int, seed: int = 1) -> list[RunEvent]:
    """Events of all types but ``state``, in a random order."""
    chance = random.Random(seed)
    makers = (
        lambda n: Logged(f"line {n}: ü, \u2028 and \n are data"),
        lambda n: Measured(f"metric {n}", n / 3),
        lambda n: Progressed(n / count, n, count, "2024-01-01T00:00:00+00:00", 1.0),
    )
    return [chance.choice(makers)(number) for number in range(count)]
