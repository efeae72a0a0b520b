"""A queue that is full, a service that stops: clients are told, and what was accepted is done."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest
from anyio.abc import ByteStream
from httpx2 import AsyncClient, Response, TransportError
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from service.client.client import Client
from service.projections import RUN_STREAM
from tests.end_to_end.processes import Service, free_port, whole_log
from tests.user_strategies import install

RUN: dict[str, Any] = {
    "symbols": ["MADE", "UP"],
    "start_date": "2020-01-01",
    "end_date": "2021-01-01",
    "data_source": "synthetic",
}
ANSWER_SECONDS_MAX = 20


class Story:
    """A service whose engine is busy until ``gate`` is there, and what it has accepted."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.gate = folder / "gate"
        self.accepted: list[str] = []
        self._data = folder / "data"
        self._data.mkdir()
        self._port = free_port()
        variables = {f"BACKTAPE_{name}": value for name, value in settings.items()}
        self._environment = install(folder) | {"BACKTAPE_RATE_LIMIT": "1000000"} | variables
        self.start()

    def start(self) -> None:
        """Start it, on the same port each time."""
        self.service = Service(self._data, port=self._port, environment=self._environment)

    async def occupy(self, client: AsyncClient, key: str = "") -> None:
        """Have its engine wait for the gate."""
        strategy = {"name": "waiting", "params": {"file": str(self.gate)}}
        await self.post(client, key, RUN | {"strategy": strategy})
        await self.begun(self.accepted[-1], key)

    async def begun(self, run_id: str, key: str = "") -> None:
        """Wait until an engine has a run in hand."""
        async with (
            Client(self.service.url, api_key=key or None) as client,
            aclosing(client.follow(run_id)) as events,
        ):
            async for event in events:
                if event.payload.get("state") == "running":
                    return

    async def post(
        self, client: AsyncClient, key: str = "", request: dict[str, Any] = RUN
    ) -> Response:
        """Post a run and note it where it was accepted."""
        response = await client.post("/backtests", json=request, headers={"X-API-Key": key})
        if response.status_code == 201:
            self.accepted.append(response.json()["run_id"])
        return response

    async def posted_until_refused(self, client: AsyncClient, key: str = "") -> Response:
        """Post one after another; the refusal."""
        while (response := await self.post(client, key)).status_code == 201:
            continue
        return response

    async def require_all_done(self, key: str = "") -> None:
        """Open the gate: what was accepted is completed, and nothing else was begun."""
        self.gate.touch()
        async with Client(self.service.url, api_key=key or None) as client:
            for run_id in self.accepted:
                events = [event async for event in client.follow(run_id)]
                assert events[-1].payload["state"] == "completed"
        streams = {event.stream for event in await whole_log(self.service.log)}
        assert streams == {RUN_STREAM + run_id for run_id in self.accepted}
        assert "Traceback" not in self.service.stderr


@asynccontextmanager
async def told(folder: Path, **settings: str) -> AsyncIterator[tuple[Story, AsyncClient]]:
    """A story and a client of its service; at the end the service is stopped."""
    story = Story(folder, **settings)
    try:
        async with AsyncClient(
            base_url=story.service.url, trust_env=False, timeout=ANSWER_SECONDS_MAX
        ) as client:
            yield story, client
    finally:
        story.service.end()


async def test_a_full_queue_is_told_and_is_as_full_after_a_crash(tmp_path: Path) -> None:
    limits = {"QUEUE_MAX": "4", "QUEUE_PER_KEY_MAX": "3"}
    async with told(tmp_path, API_KEY="greedy,modest", **limits) as (story, client):
        await story.occupy(client, "greedy")
        refused = await story.posted_until_refused(client, "greedy")
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
        assert refused.json()["detail"].startswith("3 runs and optimizations of the API key 'key-1")
        full = await story.posted_until_refused(client, "modest")
        assert (full.status_code, full.headers["Retry-After"]) == (503, "1")
        assert full.json()["detail"] == "4 runs and optimizations wait already; try again later"
        assert len(story.accepted) == 1 + 3 + 1

        story.service.kill()
        story.start()
        await story.begun(story.accepted[0], "greedy")
        assert (await story.post(client, "modest")).status_code == 503
        await story.require_all_done("modest")
        assert (await story.post(client, "greedy")).status_code == 201


async def test_who_comes_while_it_stops_is_told_and_who_was_there_is_served(
    tmp_path: Path,
) -> None:
    async with told(tmp_path) as (story, client):
        await story.occupy(client)
        held = await half_posted(story.service.url)
        await anyio.sleep(0.1)  # it has arrived
        os.kill(story.service.pid, signal.SIGTERM)
        with anyio.fail_after(ANSWER_SECONDS_MAX):
            refused = await story.posted_until_refused(client)
        assert refused.status_code == 503
        assert refused.json() == {"detail": "the service is stopping; try again in a moment"}
        assert (refused.headers["Retry-After"], refused.headers["Connection"]) == ("1", "close")
        await anyio.sleep(0.2)  # for as long as somebody is served
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200
        address = story.service.url.replace("http", "ws", 1)
        async with connect(f"{address}/backtests/{story.accepted[0]}/stream", proxy=None) as socket:
            with pytest.raises(ConnectionClosed):
                await socket.recv()
        assert socket.close_code == 1012

        story.accepted.append(await finished(held))
        assert story.service.end() == 0
        with pytest.raises(TransportError):
            await client.get("/healthz")
        story.start()
        await story.require_all_done()


BODY = msgspec.json.encode(RUN)


async def half_posted(url: str) -> ByteStream:
    """A request that has begun, and whose body goes on for a while."""
    host, port = url.removeprefix("http://").split(":")
    stream = await anyio.connect_tcp(host, int(port))
    head = f"POST /backtests HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(BODY)}\r\n\r\n"
    await stream.send(head.encode() + BODY[:10])
    return stream


async def finished(held: ByteStream) -> str:
    """Send the rest; the run that was accepted."""
    async with held:
        await held.send(BODY[10:])
        answer = b""
        while not answer.endswith(b"}"):
            answer += await held.receive()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 201 "), head
    run_id: str = msgspec.json.decode(body)["run_id"]
    return run_id
