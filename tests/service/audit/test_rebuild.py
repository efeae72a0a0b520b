"""Every answer is the same after all that is derived has been made again."""

import sqlite3
from contextlib import closing
from pathlib import Path

import anyio

from service.projections import stored_projections
from tests.service.api.running import LONG, REAL, SHORT, Service


async def bodies(service: Service) -> dict[str, bytes]:
    listed = (await service.http.get("/backtests?limit=200")).json()
    paths = [
        "/backtests",
        "/backtests?limit=2",
        "/backtests?state=completed",
        "/backtests?state=failed",
    ]
    for run in listed:
        paths += [f"/backtests/{run['run_id']}", f"/backtests/{run['run_id']}/results"]
    return {path: (await service.http.get(path)).content for path in paths}


async def rebuild(service: Service) -> None:
    response = await service.http.post("/audit/rebuild")
    assert response.status_code == 200, response.text
    assert response.json() == {"rebuilt": [projection.name for projection in stored_projections()]}


async def some_runs(service: Service) -> None:
    for request in (REAL, SHORT, {**SHORT, "symbols": ["NOBODY"]}):
        run_id = await service.create(request)
        await service.frames(run_id)
    await service.cancel(await service.create(LONG))


async def test_every_body_is_the_same_after_a_rebuild(service: Service) -> None:
    await some_runs(service)
    before = await bodies(service)
    assert len(before) >= 12
    await rebuild(service)
    assert await bodies(service) == before


async def test_a_rebuild_mends_a_table_that_was_changed(service: Service, folder: Path) -> None:
    await some_runs(service)
    before = await bodies(service)
    with closing(sqlite3.connect(folder / "log.db", isolation_level=None)) as connection:
        connection.execute("DELETE FROM runs WHERE ordinal % 2 = 0")
        connection.execute("UPDATE runs SET state = 'failed'")
    assert await bodies(service) != before
    await rebuild(service)
    assert await bodies(service) == before


async def test_readers_and_runs_go_on_during_a_rebuild(service: Service) -> None:
    await some_runs(service)
    first = (await service.http.get("/backtests")).json()[-1]
    answers = []
    rebuilding = True

    async def read() -> None:
        while rebuilding:
            response = await service.http.get(f"/backtests/{first['run_id']}")
            answers.append((response.status_code, response.json()))
            await anyio.sleep(0.005)  # engines give way to who reads

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        for _ in range(10):
            await rebuild(service)
            await service.completed(SHORT)
        rebuilding = False
    assert len(answers) >= 10
    assert all(answer == (200, first) for answer in answers)
