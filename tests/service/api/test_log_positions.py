"""Where a write is in the log, and reads that are never from before it."""

import anyio
import pytest

from tests.service.api.running import LONG, SHORT, Service

UNSEEN = 10**9


async def test_a_write_says_where_it_is_and_a_read_from_there_on_sees_it(service: Service) -> None:
    made = await service.http.post("/backtests", json=SHORT)
    (queued, *_) = await service.log(made.json()["run_id"])
    position = made.headers["x-log-position"]
    assert position == str(queued.position)
    path, headers = made.headers["location"], {"X-Min-Log-Position": position}
    read = await service.http.get(path, headers=headers)
    assert read.status_code == 200
    assert (await service.http.head(path, headers=headers)).status_code == 200


async def test_a_cancel_says_where_it_is(service: Service) -> None:
    run_id = await service.create(LONG)
    cancelled = await service.cancel(run_id)
    last = (await service.log(run_id))[-1]
    assert cancelled.headers["x-log-position"] == str(last.position)


async def test_nobody_reads_what_was_before_his_write(service: Service) -> None:
    async def write_and_read() -> None:
        run_id = await service.create(LONG)
        position = (await service.cancel(run_id)).headers["x-log-position"]
        headers = {"X-Min-Log-Position": position}
        read = await service.http.get(f"/backtests/{run_id}", headers=headers)
        assert read.json()["state"] == "cancelled"

    async with anyio.create_task_group() as clients:
        for _ in range(10):
            clients.start_soon(write_and_read)


@pytest.mark.parametrize("path", ["/backtests", "/optimizations", "/events", "/strategies"])
async def test_a_position_that_is_not_there_is_refused(service: Service, path: str) -> None:
    headers = {"X-Min-Log-Position": str(UNSEEN)}
    answer = await service.http.get(path, headers=headers)
    assert answer.status_code == 416
    head = await service.core.store.head()
    assert answer.json()["detail"] == f"X-Min-Log-Position {UNSEEN} is beyond the head, {head}"
    assert answer.headers["x-log-id"] == service.core.store.log_id


async def test_nothing_is_written_for_who_knows_another_log(service: Service) -> None:
    before = (await service.http.get("/backtests")).headers["x-total-count"]
    headers = {"X-Min-Log-Position": str(UNSEEN)}
    answer = await service.http.post("/backtests", json=SHORT, headers=headers)
    assert answer.status_code == 416
    assert (await service.http.get("/backtests")).headers["x-total-count"] == before


@pytest.mark.parametrize("text", ["", "-1", "first", "1.5", str(2**63)])
async def test_a_position_that_is_none_is_refused(service: Service, text: str) -> None:
    answer = await service.http.get("/backtests", headers={"X-Min-Log-Position": text})
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("header X-Min-Log-Position: expected `int`")


async def test_liveness_does_not_ask_the_log(service: Service) -> None:
    headers = {"X-Min-Log-Position": str(UNSEEN)}
    assert (await service.http.get("/healthz", headers=headers)).status_code == 200
