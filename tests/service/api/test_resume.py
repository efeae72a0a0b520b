"""A stream taken up at any cursor gives the rest of the log: nothing lost, nothing twice."""

import random

import anyio
import msgspec

from tests.service.api.running import LONG, REAL, Document, Service

SEED = 20240229


async def test_a_finished_run_resumes_at_every_cursor(service: Service) -> None:
    run_id = await service.completed(REAL)
    log = await service.logged_frames(run_id)
    for cursor in range(len(log) + 1):
        assert await service.frames(run_id, cursor) == log[cursor:]


async def test_a_running_run_resumes_at_every_cursor(service: Service) -> None:
    run_id = await service.create(LONG)
    received: dict[int, list[Document]] = {}
    heads: list[int] = []

    async def resume(cursor: int) -> None:
        heads.append(len(await service.log(run_id)))
        received[cursor] = await service.frames(run_id, cursor)

    async with anyio.create_task_group() as clients, service.stream(run_id) as socket:
        clients.start_soon(resume, 0)
        async for text in socket:
            clients.start_soon(resume, msgspec.json.decode(text)["event_id"])
    log = await service.logged_frames(run_id)
    assert received == {cursor: log[cursor:] for cursor in range(len(log) + 1)}
    assert sum(head < len(log) for head in heads) > 20, "most resumed after the run had ended"


async def test_clients_that_break_off_again_and_again_see_each_event_once(
    service: Service,
) -> None:
    run_id = await service.create(LONG)
    print(f"seed {SEED}")
    received: dict[int, list[Document]] = {number: [] for number in range(20)}

    async def follow(number: int) -> None:
        chance = random.Random(SEED + number)
        frames = received[number]
        while True:
            cursor = frames[-1]["event_id"] if frames else 0
            async with service.stream(run_id, f"?last_event_id={cursor}") as socket:
                async for text in socket:
                    frames.append(msgspec.json.decode(text))
                    if chance.random() < 0.1:
                        if chance.random() < 0.5:
                            socket.transport.abort()
                        break
                else:
                    assert socket.close_code == 1000
                    return

    async with anyio.create_task_group() as clients:
        for number in received:
            clients.start_soon(follow, number)
    log = await service.logged_frames(run_id)
    assert [event["event_id"] for event in log] == list(range(1, len(log) + 1))
    assert all(frames == log for frames in received.values())
