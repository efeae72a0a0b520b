"""``If-Match``: cancel or resume only what is as the client knows it."""

from collections.abc import AsyncIterator

import pytest

from tests.service.api.optimizations.sweeping import LEARNING, begin
from tests.service.api.running import LONG, Service, running_service


@pytest.fixture(scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """A service with one engine, which the first run keeps busy: the others stay queued."""
    async with running_service(tmp_path_factory.mktemp("data"), engine_processes=1) as service:
        yield service


async def queued(service: Service) -> str:
    """The path of a run that waits behind another one."""
    await service.create(LONG)
    return f"/backtests/{await service.create(LONG)}"


async def test_it_is_cancelled_while_it_is_as_it_was(service: Service) -> None:
    path = await queued(service)
    tag = (await service.http.get(path)).headers["etag"]
    answer = await service.http.post(f"{path}/cancel", headers={"If-Match": f'"other", {tag}'})
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert answer.headers["etag"] != tag
    assert answer.headers["etag"] == (await service.http.get(path)).headers["etag"]


@pytest.mark.parametrize("form", ['"0"', "W/{}", "{}x", '"', "*x"])
async def test_it_is_left_alone_where_it_has_another_tag(service: Service, form: str) -> None:
    path = await queued(service)
    before = await service.http.get(path)
    headers = {"If-Match": form.format(before.headers["etag"])}
    answer = await service.http.post(f"{path}/cancel", headers=headers)
    assert answer.status_code == 412
    assert f"its ETag is now {before.headers['etag']}" in answer.json()["detail"]
    assert (await service.http.get(path)).json()["state"] == "queued"
    await service.http.post(f"{path}/cancel", headers={"If-Match": "*"})
    assert (await service.http.get(path)).json()["state"] == "cancelled"


async def test_what_cannot_be_done_anyway_is_said_first(service: Service) -> None:
    path = await queued(service)
    await service.http.post(f"{path}/cancel")
    answer = await service.http.post(f"{path}/cancel", headers={"If-Match": '"0"'})
    assert answer.status_code == 409, "RFC 9110, 13.2.1: a precondition is ignored then"


async def test_an_optimization_is_cancelled_and_resumed_as_it_was_known(service: Service) -> None:
    path = f"/optimizations/{await begin(service, LEARNING)}"
    unmatched = await service.http.post(f"{path}/cancel", headers={"If-Match": '"0"'})
    assert unmatched.status_code == 412
    cancelled = await service.http.post(f"{path}/cancel", headers={"If-Match": "*"})
    tag = cancelled.headers["etag"]
    assert (
        await service.http.post(f"{path}/resume", headers={"If-Match": '"0"'})
    ).status_code == 412
    resumed = await service.http.post(f"{path}/resume", headers={"If-Match": tag})
    assert resumed.status_code == 200
    assert (await service.http.post(f"{path}/cancel", headers={"If-Match": tag})).status_code == 412
    assert (await service.http.post(f"{path}/cancel")).status_code == 200
