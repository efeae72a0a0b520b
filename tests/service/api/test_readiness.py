"""``GET /readyz``: ready or not, which check says so, and who gets to know more."""

import os
import resource
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import anyio
import pytest
from httpx2 import Response

from service import readiness
from service.execution import process_pool
from service.execution.process_pool import ProcessPool
from tests.service.api.running import Service, running_service

KEY = {"X-API-Key": "secret"}


@pytest.fixture(scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """A service with a key, one engine, and answers that are not kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readiness, "KEPT_SECONDS", 0)
        patch.setattr(process_pool, "TEND_SECONDS", 0.05)
        folder = tmp_path_factory.mktemp("data")
        async with running_service(folder, api_keys=("secret",), engine_processes=1) as service:
            yield service


async def asked(service: Service, **headers: str) -> Response:
    return await service.http.get("/readyz", headers=headers)


async def test_a_service_that_can_work_is_ready(service: Service) -> None:
    response = await asked(service)
    assert (response.status_code, response.json()) == (200, {"status": "ready"})
    assert "X-RateLimit-Limit" not in response.headers
    known = {"status": "ready", "checks": ["log", "engines", "disk"]}
    assert (await asked(service, **KEY)).json() == known


@contextmanager
def unwritable_log(service: Service) -> Iterator[None]:
    """No file of this process grows: a full disk, to the log."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (service.core.store.sizes().wal, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_log_that_cannot_be_written_is_told_until_it_can(service: Service) -> None:
    with unwritable_log(service):
        stranger, known = await asked(service), await asked(service, **KEY)
    assert stranger.status_code == known.status_code == 503
    assert stranger.json() == {"detail": "not ready: log"}
    assert known.json()["detail"].startswith("not ready: log: the log cannot be written: ")
    assert known.headers["Retry-After"] == "1"
    assert (await asked(service)).status_code == 200


async def test_engines_that_are_gone_are_told_and_replaced(service: Service) -> None:
    pool = service.core.engines
    assert isinstance(pool, ProcessPool)
    (pid,) = pool.pids
    os.kill(pid, signal.SIGKILL)
    details = set()
    with anyio.fail_after(30):
        while (response := await asked(service, **KEY)).status_code == 200:
            if pool.pids not in ([pid], []):
                break  # it was replaced between two looks
        while (response := await asked(service, **KEY)).status_code == 503:
            details.add(response.json()["detail"])
    assert details <= {"not ready: engines: no engine process is alive: they are restarted"}
    (replacement,) = pool.pids
    assert replacement != pid
    assert pool.workforce.replaced == 1


async def test_one_that_stops_is_not_ready_and_begins_nothing_new(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with running_service(tmp_path_factory.mktemp("stopping"), engine_processes=1) as service:
        service.core.stopping.set()
        for method, path in (("GET", "/readyz"), ("POST", "/backtests"), ("GET", "/backtests")):
            response = await service.http.request(method, path)
            said = "the service is stopping; try again in a moment"
            assert (response.status_code, response.json()) == (503, {"detail": said})
            assert (response.headers["Retry-After"], response.headers["Connection"]) == (
                "1",
                "close",
            )
        assert (await service.http.get("/healthz")).status_code == 200
