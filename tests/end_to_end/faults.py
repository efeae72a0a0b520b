"""A real service on a folder of its own that a test can hurt, and the runs to hurt it with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import anyio
import msgspec
from httpx2 import AsyncClient, TransportError
from websockets.asyncio.client import connect

from tests.torture.process import ServiceProcess, free_port, kill, marked

Document: TypeAlias = dict[str, Any]

START_SECONDS_MAX = 30
ENDED_SECONDS_MAX = 60
LONG: Document = {
    "symbols": ["BTC/USDT", "ETH/USDT"],
    "start_date": "2010-01-01",
    "end_date": "2010-10-01",
    "resolution": "minute",
    "strategy": {"name": "ma_crossover"},
}
SHORT: Document = {"symbols": ["AAPL"], "start_date": "2001-01-02", "end_date": "2009-01-01"}


class Service:
    """``backtape serve`` on ``folder``: start it, hurt it, start it again on the same port."""

    def __init__(self, folder: Path, http: AsyncClient, port: int) -> None:
        self.folder = folder
        self.http = http
        self.process: ServiceProcess
        self._port = port

    @property
    def data(self) -> Path:
        """Its data folder."""
        return self.folder / "data"

    @property
    def written(self) -> str:
        """What it has written to standard output and standard error."""
        return (self.folder / "service.log").read_text()

    async def start(self) -> None:
        """Start it and wait until it answers."""
        self.process = await ServiceProcess.start(self.folder, self._port)
        with anyio.fail_after(START_SECONDS_MAX):
            while not await self._answers():
                self.process.require_running()

    async def create(self, request: Document) -> str:
        """Post a backtest; give its run_id."""
        response = await self.http.post("/backtests", json=request)
        assert response.status_code == 201, response.text
        run_id: str = response.json()["run_id"]
        return run_id

    async def reached(self, run_id: str, event_id: int) -> None:
        """Follow a run until it has so many events."""
        address = f"ws://127.0.0.1:{self._port}/backtests/{run_id}/stream"
        async with connect(address, proxy=None, max_size=None) as frames:
            async for text in frames:
                if msgspec.json.decode(text)["event_id"] >= event_id:
                    return

    async def ended(self, run_id: str) -> Document:
        """Wait until a run has ended; give its status."""
        with anyio.fail_after(ENDED_SECONDS_MAX):
            while True:
                status: Document = (await self.http.get(f"/backtests/{run_id}")).json()
                if status["state"] not in ("queued", "running"):
                    return status
                await anyio.sleep(0.05)

    async def _answers(self) -> bool:
        try:
            return (await self.http.get("/healthz")).is_success
        except TransportError:
            await anyio.sleep(0.05)
            return False


@asynccontextmanager
async def service_in(folder: Path) -> AsyncIterator[Service]:
    """A service that is not started yet; at the end every process of it is killed."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with AsyncClient(base_url=url, trust_env=False, timeout=30) as http:
        try:
            yield Service(folder, http, port)
        finally:
            for pid in marked(folder):
                kill(pid)
