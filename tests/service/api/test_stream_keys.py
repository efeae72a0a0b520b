"""A stream opens to a key in a header, as a bearer token or in the query, and to nothing else."""

from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import connect

from tests.service.api.running import SHORT, Service, running_service
from tests.serving import websocket_url

KEY = "k+y/with space"


@pytest.fixture(scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    folder = tmp_path_factory.mktemp("data")
    async with running_service(folder, api_keys=(KEY,), engine_processes=1) as service:
        service.http.headers["X-API-Key"] = KEY
        yield service


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"X-API-Key": KEY}, "?last_event_id=0"),
        ({"Authorization": f"Bearer {KEY}"}, ""),
        ({}, "?api_key=k%2By%2Fwith%20space"),
        ({}, "?last_event_id=0&api_key=k%2By/with+space"),
    ],
)
async def test_each_way_of_giving_the_key_opens_the_stream(
    service: Service, headers: dict[str, str], query: str
) -> None:
    run_id = await service.create(SHORT)
    address = websocket_url(service.url, f"/backtests/{run_id}/stream{query}")
    async with connect(address, additional_headers=headers, proxy=None) as socket:
        frames = [text async for text in socket]
    assert socket.close_code == 1000
    assert len(frames) == len(await service.log(run_id))
