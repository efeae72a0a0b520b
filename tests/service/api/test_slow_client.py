"""A client that does not read misses nothing, and nobody waits for it."""

import socket
from uuid import uuid4

import msgspec
import pytest
from websockets.asyncio.client import connect

from domain.runs.events import Cancelled, Logged, Queued, encode
from domain.runs.request import BacktestRequest
from service.projections import stream_of
from service.runs import stored_form
from tests.service.api.running import SHORT, Service
from tests.serving import websocket_url

LINES = 5_000
LINE = "x" * 4_000  # 20 MB together: far more than sockets buffer


@pytest.fixture(scope="module")
async def talkative_run(service: Service) -> str:
    """A run with a very long log, which nobody executes: it was cancelled."""
    run_id = str(uuid4())
    request = msgspec.convert(SHORT, BacktestRequest)
    lines = [encode(Logged(LINE))] * LINES
    events = stored_form([encode(Queued(request)), *lines, encode(Cancelled("queued"))])
    await service.core.store.append(stream_of(run_id), events, expected_version=0)
    return run_id


async def test_a_client_that_stops_reading_gets_everything_in_the_end(
    service: Service, talkative_run: str
) -> None:
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect(("127.0.0.1", int(service.url.rpartition(":")[2])))
    address = websocket_url(service.url, f"/backtests/{talkative_run}/stream")
    async with connect(address, sock=slow, max_queue=1, max_size=None) as client:
        first = msgspec.json.decode(await client.recv())
        # While it sleeps, another client reads all there is, and a backtest runs from end to end.
        others = await service.frames(talkative_run)
        await service.completed(SHORT)
        frames = [first] + [msgspec.json.decode(text) async for text in client]
    assert client.close_code == 1000
    assert len(frames) == LINES + 2
    assert frames == others == await service.logged_frames(talkative_run)
