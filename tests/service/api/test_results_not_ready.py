"""Results are there when a run is completed, and a 409 says why they are not."""

from collections.abc import AsyncIterator

import pytest

from tests.service.api.running import LONG, SHORT, Document, Service, running_service


@pytest.fixture(scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """A service with one engine, so that a second run waits for the first."""
    async with running_service(tmp_path_factory.mktemp("data"), engine_processes=1) as service:
        yield service


async def refused_results(service: Service, run_id: str) -> Document:
    response = await service.http.get(f"/backtests/{run_id}/results")
    assert response.status_code == 409
    answer: Document = response.json()
    return answer


async def test_a_queued_a_running_and_a_cancelled_run_have_no_results(service: Service) -> None:
    running = await service.create(LONG)
    queued = await service.create(SHORT)
    async with service.stream(running, "?last_event_id=1") as socket:
        await socket.recv()
        assert (await service.status(running))["state"] == "running"
        assert await refused_results(service, running) == {"detail": "Results not ready"}
    assert (await service.status(queued))["state"] == "queued"
    assert await refused_results(service, queued) == {"detail": "Results not ready"}
    await service.cancel(running)
    assert await refused_results(service, running) == {
        "detail": "the run was cancelled and has no results"
    }
    assert (await service.frames(queued))[-1]["payload"]["state"] == "completed"
    assert (await service.results(queued))["run_id"] == queued


async def test_a_failed_run_answers_with_its_error(service: Service) -> None:
    run_id = await service.create(SHORT | {"symbols": ["NONE"]})
    await service.frames(run_id)
    error = (await service.status(run_id))["error"]
    assert await refused_results(service, run_id) == {
        "detail": f"the run failed and has no results: {error}"
    }
