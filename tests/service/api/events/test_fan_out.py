"""Many clients on one run, some of which do not read: each gets everything, nobody waits."""

import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing

import anyio
import msgspec
from websockets.asyncio.client import ClientConnection, connect

from domain.runs.events import Logged
from tests.service.api.events.event_source import EventSource
from tests.service.api.events.quiet_service import END, Document, QuietService
from tests.serving import websocket_url

FAST = 60
SLOW = 4
LINES = 100
LINE = "x" * 40_000  # 4 MB together: more than sockets buffer


async def slow_socket(
    quiet: QuietService, run_id: str, clients: AsyncExitStack
) -> ClientConnection:
    """A WebSocket that holds no more than a frame or two until it is read."""
    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    small.connect(("127.0.0.1", int(quiet.url.rpartition(":")[2])))
    address = websocket_url(quiet.url, f"/backtests/{run_id}/stream")
    return await clients.enter_async_context(
        connect(address, sock=small, max_queue=1, max_size=None, proxy=None)
    )


async def test_clients_that_stop_reading_delay_no_one_and_miss_nothing(quiet: QuietService) -> None:
    run_id = await quiet.record([])
    received: list[list[Document]] = [[] for _ in range(FAST)]

    async def read(number: int) -> None:
        async with quiet.socket(run_id) as client:
            async for text in client:
                received[number].append(msgspec.json.decode(text))

    async with AsyncExitStack() as clients:
        stopped = [await slow_socket(quiet, run_id, clients) for _ in range(SLOW)]
        source = EventSource(quiet.http, f"/backtests/{run_id}/events")
        messages = await clients.enter_async_context(aclosing(source.once()))
        await anext(messages)
        with anyio.fail_after(60):
            async with anyio.create_task_group() as tasks:
                for number in range(FAST):
                    tasks.start_soon(read, number)
                for _ in range(LINES):
                    await quiet.append(run_id, [Logged(LINE)])
                await quiet.append(run_id, [END])
        log = await quiet.log(run_id)
        assert all(frames == log for frames in received)
        late = [[msgspec.json.decode(text) async for text in client] for client in stopped]
        assert all(frames == log for frames in late)
        assert [client.close_code for client in stopped] == [1000] * SLOW
        assert [msgspec.json.decode(message.data) async for message in messages] == log[1:]


async def test_those_who_come_one_after_another_all_see_each_event_live(
    quiet: QuietService,
) -> None:
    run_id = await quiet.record([])
    received: list[list[int]] = [[] for _ in range(FAST)]

    async def read(number: int) -> None:
        async with quiet.socket(run_id, f"?last_event_id={number}") as client:
            async for text in client:
                received[number].append(msgspec.json.decode(text)["event_id"])

    async def write() -> AsyncGenerator[int, None]:
        for number in range(FAST):
            yield number
            await quiet.append(run_id, [Logged(f"line {number}")])

    async with anyio.create_task_group() as tasks:
        async for number in write():
            tasks.start_soon(read, number)
        await quiet.append(run_id, [END])
    assert received == [list(range(number + 1, FAST + 3)) for number in range(FAST)]
