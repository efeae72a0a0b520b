"""The service is told to stop, with sockets open and a run under way."""

import signal
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from httpx2 import AsyncClient, ConnectError
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from eventstore.chain import verify, without_gaps
from eventstore.store import EventStore
from service.client.client import Client
from tests.end_to_end.processes import Service, gone, stored, whole_log
from tests.user_strategies import install

WAITING = {
    "symbols": ["MADE", "UP"],
    "start_date": "2020-01-01",
    "end_date": "2024-01-01",
    "data_source": "synthetic",
}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_closes_what_is_open_and_the_run_goes_on_at_the_next_start(
    tmp_path: Path, number: signal.Signals
) -> None:
    data, gate = tmp_path / "data", tmp_path / "gate"
    data.mkdir()
    environment = install(tmp_path)
    strategy = {"name": "waiting", "params": {"file": str(gate)}}
    service = Service(data, environment=environment)
    try:
        async with Client(service.url) as client, AsyncClient(base_url=service.url) as http:
            run_id = (await client.create(WAITING | {"strategy": strategy}))["run_id"]
            address = service.url.replace("http", "ws") + f"/backtests/{run_id}/stream"
            async with connect(address, proxy=None) as socket:
                seen = [msgspec.json.decode(await socket.recv()) for _ in range(4)]
                engines = service.engines()
                assert service.end(number) == 0
                with suppress(ConnectionClosed):
                    await socket.recv()
                assert socket.close_code == 1012
                assert gone(engines)
            with pytest.raises(ConnectError):
                await http.get("/healthz")
        assert [event["event_id"] for event in seen] == [1, 2, 3, 4]
        assert "Traceback" not in service.stderr
        assert not service.log.with_name("log.db-wal").exists()
        async with await EventStore.open(service.log):  # the lock is free
            pass
        verify(without_gaps(await whole_log(service.log)))
        before = await stored(service.log, run_id)
        assert len(before) == 4

        gate.touch()
        service = Service(data, environment=environment)
        async with Client(service.url) as client:
            rest = [event async for event in client.follow(run_id, last_event_id=4)]
        assert rest[0].event_id == 5
        assert rest[-1].payload["state"] == "completed"
    finally:
        service.end()
    assert (await stored(service.log, run_id))[:4] == before
