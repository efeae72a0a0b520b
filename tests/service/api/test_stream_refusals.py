"""How a stream ends when there is nothing to send: a close code and a reason that says why."""

from pathlib import Path
from uuid import uuid4

import pytest
from websockets.asyncio.client import connect

from tests.service.api.running import LONG, SHORT, Service, close_of, running_service
from tests.serving import websocket_url


@pytest.fixture(scope="module")
async def run_id(service: Service) -> str:
    return await service.completed(SHORT)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("?last_event_id=-1", "query parameter last_event_id: expected `int` >= 0 (given: '-1')"),
        ("?last_event_id=abc", "query parameter last_event_id: expected `int` (given: 'abc')"),
        ("?last_event_id=1.5", "query parameter last_event_id: expected `int` (given: '1.5')"),
        ("?last_event_id=", "query parameter last_event_id: expected `int` (given: '')"),
        ("?last_event_id=1&last_event_id=2", "query parameter last_event_id is given more than"),
        ("?last_event_id=99999999999999999999", "query parameter last_event_id: expected `int`"),
        ("?last_event=1", "unknown query parameter 'last_event'; known: last_event_id"),
        ("?last_event_id=" + "9x" * 200, "query parameter last_event_id: expected `int` (given: "),
    ],
)
async def test_a_cursor_that_is_none_closes_with_4400(
    service: Service, run_id: str, query: str, reason: str
) -> None:
    async with service.stream(run_id, query) as socket:
        code, given = await close_of(socket)
    assert (code, str(given)[: len(reason)]) == (4400, reason)


async def test_a_cursor_beyond_the_head_closes_with_4416(service: Service, run_id: str) -> None:
    head = len(await service.log(run_id))
    for cursor in (head + 1, 2**63 - 1):
        async with service.stream(run_id, f"?last_event_id={cursor}") as socket:
            closed = await close_of(socket)
        assert closed == (4416, f"last_event_id {cursor} is beyond the head, {head}")


@pytest.mark.parametrize("run_id", [str(uuid4()), "42", "x" * 500, "%00"])
async def test_an_unknown_run_closes_with_1008(service: Service, run_id: str) -> None:
    async with service.stream(run_id) as socket:
        code, reason = await close_of(socket)
    assert code == 1008
    assert str(reason).startswith("there is no backtest ")


async def test_an_unknown_path_closes_with_1008(service: Service) -> None:
    async with connect(websocket_url(service.url, "/nowhere"), proxy=None) as socket:
        assert await close_of(socket) == (1008, "there is nothing at /nowhere")


async def test_what_a_client_sends_means_nothing(service: Service, run_id: str) -> None:
    async with service.stream(run_id) as socket:
        await socket.send("hello")
        await socket.send(b"\x00" * 1000)
        assert len([text async for text in socket]) == len(await service.log(run_id))
    assert socket.close_code == 1000


async def test_a_run_id_in_another_spelling_is_the_same_run(service: Service, run_id: str) -> None:
    frames = await service.frames(run_id.upper())
    assert frames == await service.logged_frames(run_id)


async def test_a_service_that_stops_closes_with_1012(tmp_path: Path) -> None:
    async with running_service(tmp_path, engine_processes=1) as service:
        run_id = await service.create(LONG)
        socket = await service.stream(run_id)
        await socket.recv()
    code, _ = await close_of(socket)
    assert code == 1012
