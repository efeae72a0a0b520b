"""Cancelling: at any moment of a run's life, and never half."""

import random
from collections.abc import AsyncIterator
from uuid import uuid4

import anyio
import msgspec
import pytest

from tests.service.api.running import LONG, REAL, SHORT, Document, Service, running_service

SEED = 7
LONGER: Document = {**LONG, "end_date": "2009-01-01T00:00:00Z"}


@pytest.fixture(scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """A service with one engine, so that a second run waits for the first."""
    async with running_service(tmp_path_factory.mktemp("data"), engine_processes=1) as service:
        yield service


def cancelled(previous_state: str) -> Document:
    return {"state": "cancelled", "previous_state": previous_state}


async def test_a_queued_run_is_cancelled_and_never_begins(service: Service) -> None:
    first, second = await service.create(LONG), await service.create(SHORT)
    response = await service.cancel(second)
    status = response.json()
    assert (response.status_code, status["run_id"]) == (200, second)
    assert (status["state"], status["started_at"]) == ("cancelled", None)
    assert status["finished_at"] is not None
    assert (await service.frames(first))[-1]["payload"]["state"] == "completed"
    await service.completed(SHORT)
    payloads = [frame["payload"] for frame in await service.frames(second)]
    assert payloads[1:] == [cancelled("queued")]


async def test_a_running_run_is_stopped_and_its_engine_takes_the_next(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = await service.create(LONGER)
    async with service.stream(run_id) as socket:
        async for text in socket:
            if msgspec.json.decode(text)["type"] == "progress":
                break
        response = await service.cancel(run_id)
        rest = [msgspec.json.decode(text) async for text in socket]
    status = response.json()
    assert (response.status_code, status["state"]) == (200, "cancelled")
    assert 0 < status["progress"] < 1
    assert rest[-1]["payload"] == cancelled("running")
    assert socket.close_code == 1000
    await service.completed(SHORT)
    assert await service.frames(run_id, rest[-1]["event_id"] - 1) == rest[-1:]
    assert await service.status(run_id) == status
    assert not caplog.records, "the engine was replaced"


async def test_a_run_that_has_ended_cannot_be_cancelled(service: Service) -> None:
    run_id = await service.completed(SHORT)
    response = await service.cancel(run_id)
    assert response.status_code == 409
    assert response.json() == {
        "detail": f"run {run_id} is completed; only a queued or running run can be cancelled"
    }


async def test_a_run_is_cancelled_once(service: Service) -> None:
    run_id = await service.create(LONG)
    codes = []

    async def cancel() -> None:
        codes.append((await service.cancel(run_id)).status_code)

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(cancel)
    assert sorted(codes) == [200, 409, 409, 409, 409]
    assert (await service.status(run_id))["state"] == "cancelled"


@pytest.mark.parametrize("run_id", [str(uuid4()), "42"])
async def test_a_run_that_is_unknown_cannot_be_cancelled(service: Service, run_id: str) -> None:
    response = await service.cancel(run_id)
    assert response.status_code == 404
    assert response.json() == {"detail": f"there is no backtest '{run_id}'"}


async def test_a_cancel_races_with_progress_and_one_of_them_wins(service: Service) -> None:
    chance = random.Random(SEED)
    print(f"seed {SEED}")
    outcomes = set()
    for _ in range(40):
        run_id = await service.create(REAL)
        async with service.stream(run_id) as socket:
            for _ in range(chance.choice([1, 2, 3, 5, 10, 20, 45])):
                await socket.recv()
            response = await service.cancel(run_id)
        frames = await service.frames(run_id)
        finals = [
            frame["event_id"]
            for frame in frames
            if frame["payload"].get("state") in ("completed", "cancelled")
        ]
        assert [frame["event_id"] for frame in frames] == list(range(1, len(frames) + 1))
        assert finals == [len(frames)]
        state = (await service.status(run_id))["state"]
        assert (response.status_code, state) in [(200, "cancelled"), (409, "completed")]
        outcomes.add(state)
    assert outcomes == {"cancelled", "completed"}
    await service.completed(SHORT)
