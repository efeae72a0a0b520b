"""A service to test from outside: real uvicorn, a real log file, real engine processes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from anyio import fail_after
from httpx2 import AsyncClient, Response
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from eventstore.events import Event
from service.core import Core, open_core
from service.feed.frames import encoded
from service.market_data.catalog import Catalog
from service.market_data.sample import import_sample
from service.projections import stream_of
from service.server import listening
from service.settings import Settings
from tests.serving import websocket_url
from tests.witness import given

Document: TypeAlias = dict[str, Any]

HANG_SECONDS = 60  # a stream that has not ended by then never will

REAL: Document = {
    "symbols": ["AAPL", "MSFT", "IBM"],
    "start_date": "2005-01-03T00:00:00Z",
    "end_date": "2012-12-31T00:00:00Z",
    "strategy": {"name": "ma_crossover", "params": {"short_period": 20, "long_period": 100}},
    "execution": {"slippage_bps": 2.0, "commission_bps": 1.0},
}
SHORT: Document = {
    "symbols": ["AAPL"],
    "start_date": "2010-01-01T00:00:00Z",
    "end_date": "2011-01-01T00:00:00Z",
}
# A million bars: about a second of progress on one engine.
LONG: Document = {
    "symbols": ["ONE", "TWO"],
    "start_date": "2000-01-01T00:00:00Z",
    "end_date": "2004-01-01T00:00:00Z",
    "resolution": "minute",
    "data_source": "synthetic",
    "strategy": {"name": "ma_crossover"},
}


class Api(msgspec.Struct, frozen=True):
    """What a client can do with a service."""

    url: str
    http: AsyncClient

    async def create(self, request: Document) -> str:
        """Post a backtest; give its run_id."""
        response = await self.http.post("/backtests", json=request)
        assert response.status_code == 201, response.text
        run_id: str = response.json()["run_id"]
        return run_id

    async def completed(self, request: Document) -> str:
        """Post a backtest and wait until it is completed."""
        run_id = await self.create(request)
        frames = await self.frames(run_id)
        assert frames[-1]["payload"]["state"] == "completed", frames[-1]
        return run_id

    async def status(self, run_id: str) -> Document:
        """The status object."""
        response = await self.http.get(f"/backtests/{run_id}")
        status: Document = response.json()
        return status

    async def results(self, run_id: str) -> Document:
        """The results document."""
        response = await self.http.get(f"/backtests/{run_id}/results")
        assert response.status_code == 200, response.text
        results: Document = response.json()
        return results

    async def cancel(self, run_id: str) -> Response:
        """Ask for the run to be cancelled."""
        return await self.http.post(f"/backtests/{run_id}/cancel")

    def stream(self, run_id: str, query: str = "") -> connect:
        """A connection to the run's stream, to be entered."""
        address = websocket_url(self.url, f"/backtests/{run_id}/stream{query}")
        # With a bounded queue the library cannot finish its closing handshake while that is full.
        return connect(address, max_size=None, max_queue=None, proxy=None)

    async def frames(self, run_id: str, last_event_id: int = 0) -> list[Document]:
        """Every frame after a cursor until the server closes, which it does with 1000."""
        with fail_after(HANG_SECONDS):
            async with self.stream(run_id, f"?last_event_id={last_event_id}") as socket:
                frames = [msgspec.json.decode(text) async for text in socket]
        assert socket.close_code == 1000
        return frames


class Service(Api, frozen=True):
    """A service in this process: over the network, and what is behind it."""

    core: Core
    market: Catalog

    async def log(self, run_id: str) -> list[Event]:
        """The run's events as the log holds them."""
        return await self.core.store.read(stream_of(run_id), limit=10_000)

    async def logged_frames(self, run_id: str) -> list[Document]:
        """What a client should receive of the run from its first event to its last so far."""
        frames = encoded(stream_of(run_id), await self.log(run_id))
        return [msgspec.json.decode(frame.text) for frame in frames]


@asynccontextmanager
async def running_service(folder: Path, **settings: Any) -> AsyncIterator[Service]:
    """Serve a folder that holds the sample prices, in this process, on a free port."""
    options: Document = {"rate_limit": 1_000_000, "engine_processes": 2, **settings}
    chosen = Settings(data_dir=folder, port=0, **options)
    given(chosen.api_keys)
    market = Catalog(chosen.market_path)
    import_sample(market)
    async with (
        open_core(chosen) as core,
        listening(chosen, core) as url,
        AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
    ):
        yield Service(url, http, core, market)


async def close_of(socket: ClientConnection) -> tuple[int | None, str | None]:
    """Read until the server closes; its code and reason."""
    with fail_after(HANG_SECONDS), suppress(ConnectionClosed):
        while True:
            await socket.recv()
    return socket.close_code, socket.close_reason
