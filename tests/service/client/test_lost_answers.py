"""A client whose answers are lost on the way asks again, and has made one run."""

from collections.abc import AsyncIterator

import pytest

from service.client import client as module
from service.client.client import Client
from service.client.errors import ClientError, NoAnswer, NobodyThere
from tests.service.api.optimizations.sweeping import SWEEP
from tests.service.api.running import SHORT, Service, running_service
from tests.service.client.unreliable import UNAVAILABLE, unreliable


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The loop that the service itself runs on, for as long as the module's service."""
    return ("asyncio", {"use_uvloop": True})


@pytest.fixture(scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    async with running_service(tmp_path_factory.mktemp("data"), engine_processes=1) as service:
        yield service


async def streams(service: Service) -> int:
    ((count,),) = await service.core.store.query("SELECT count(DISTINCT stream) FROM events")
    return int(count)


async def test_a_lost_answer_is_asked_for_again(service: Service) -> None:
    before = await streams(service)
    async with unreliable(service.url, losses=2) as (url, way), Client(url) as client:
        run = await client.create(SHORT)
        sweep = await client.create(SWEEP, "optimizations")
    assert way.connections >= 3
    assert await service.status(run["run_id"])
    assert sweep["optimization_id"]
    assert await streams(service) == before + 2


async def test_a_service_that_asks_to_come_back_is_asked_again(service: Service) -> None:
    before = await streams(service)
    async with unreliable(service.url, 2, UNAVAILABLE) as (url, _), Client(url) as client:
        assert (await client.create(SHORT))["state"] == "queued"
    assert await streams(service) == before + 1


async def test_the_callers_own_key_holds_over_several_calls(service: Service) -> None:
    async with Client(service.url) as client:
        first = await client.create(SHORT, idempotency_key="nightly")
        assert await client.create(SHORT, idempotency_key="nightly") == first
        with pytest.raises(ClientError, match="this key came with another request"):
            await client.create(SHORT | {"name": "changed"}, idempotency_key="nightly")


async def test_a_client_gives_up_in_the_end(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ATTEMPTS_MAX", 2)
    async with unreliable(service.url, losses=9) as (url, way), Client(url) as client:
        with pytest.raises(NoAnswer):
            await client.create(SHORT)
        assert way.connections == 2


async def test_where_nobody_listens_it_says_so_at_once() -> None:
    async with Client("http://127.0.0.1:1") as client:
        with pytest.raises(NobodyThere, match="cannot be reached"):
            await client.create(SHORT)
