"""The list of runs: newest first, filtered, in pages that miss nothing while runs arrive."""

import re

import anyio
import pytest

from tests.service.api.running import SHORT, Document, Service

RUNS = 23
STATES = "cancelled, completed, failed, queued, running"


@pytest.fixture(scope="module")
async def created(service: Service) -> list[str]:
    """Runs that have ended, oldest first; every fifth has failed."""
    failing = SHORT | {"symbols": ["NONE"]}
    run_ids = [
        await service.create(failing if number % 5 == 0 else SHORT) for number in range(RUNS)
    ]
    for run_id in run_ids:
        await service.frames(run_id)
    return run_ids


async def page(service: Service, path: str) -> tuple[list[Document], str | None]:
    """The runs of one page and the path of the next."""
    response = await service.http.get(path)
    assert response.status_code == 200, response.text
    link = response.headers.get("Link")
    following = None if link is None else re.fullmatch(r'<(/.+)>; rel="next"', link)
    return response.json(), following and following[1]


async def pages(service: Service, path: str | None) -> list[list[Document]]:
    found: list[list[Document]] = []
    while path:
        assert len(found) < RUNS, "the pages have no end"
        runs, path = await page(service, path)
        found.append(runs)
    return found


async def test_the_list_is_newest_first(service: Service, created: list[str]) -> None:
    runs, following = await page(service, "/backtests")
    assert [run["run_id"] for run in runs] == created[::-1]
    assert runs[0] == await service.status(created[-1])
    assert following is None


async def test_the_list_is_filtered_by_state(service: Service, created: list[str]) -> None:
    failed, _ = await page(service, "/backtests?state=failed")
    completed, _ = await page(service, "/backtests?state=completed")
    assert [run["run_id"] for run in failed] == created[::5][::-1]
    assert {run["state"] for run in completed} == {"completed"}
    assert len(failed) + len(completed) == RUNS
    assert await page(service, "/backtests?state=running") == ([], None)


@pytest.mark.parametrize("limit", [1, 7, RUNS - 1, RUNS, 200])
async def test_pages_hold_every_run_once(service: Service, created: list[str], limit: int) -> None:
    found = await pages(service, f"/backtests?limit={limit}")
    assert [len(runs) for runs in found[:-1]] == [limit] * (len(found) - 1)
    assert [run["run_id"] for runs in found for run in runs] == created[::-1]


async def test_the_next_page_keeps_the_filter(service: Service, created: list[str]) -> None:
    found = await pages(service, "/backtests?limit=2&state=failed")
    assert [len(runs) for runs in found] == [2, 2, 1]
    assert [run["run_id"] for runs in found for run in runs] == created[::5][::-1]


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("limit=0", "query parameter limit: expected `int` >= 1 (given: '0')"),
        ("limit=201", "query parameter limit: expected `int` <= 200 (given: '201')"),
        ("limit=ten", "query parameter limit: expected `int` (given: 'ten')"),
        ("limit=5.5", "query parameter limit: expected `int` (given: '5.5')"),
        ("limit=", "query parameter limit: expected `int` (given: '')"),
        (
            "state=done",
            f"query parameter state: invalid enum value 'done'; allowed: {STATES} (given: 'done')",
        ),
        ("before=0", "query parameter before: expected `int` >= 1 (given: '0')"),
        (
            "page=2",
            "unknown query parameter 'page'; known: limit, cursor, strategy, symbol, tag,"
            " created_after, created_before, q, order, at_position, before, state, sort",
        ),
        ("limit=1&limit=2", "query parameter limit is given more than once"),
    ],
)
async def test_a_wrong_query_is_told_what_is_allowed(
    service: Service, query: str, detail: str
) -> None:
    response = await service.http.get(f"/backtests?{query}")
    assert (response.status_code, response.json()) == (400, {"detail": detail})


async def test_a_cursor_past_every_number_is_wrong_too(service: Service) -> None:
    response = await service.http.get(f"/backtests?before={2**63}")
    assert response.status_code == 400
    assert response.json()["detail"].startswith("query parameter before: ")


# The last of the module, for it adds runs.
async def test_pages_hold_every_run_once_while_new_ones_arrive(
    service: Service, created: list[str]
) -> None:
    seen: list[str] = []
    async with anyio.create_task_group() as arrivals:

        async def arrive() -> None:
            while True:
                await service.create(SHORT)

        arrivals.start_soon(arrive)
        path: str | None = "/backtests?limit=2"
        while path:
            runs, path = await page(service, path)
            seen += [run["run_id"] for run in runs]
            assert len(set(seen)) == len(seen)
            await anyio.sleep(0.005)
        arrivals.cancel_scope.cancel()
    assert seen[-RUNS:] == created[::-1]
    everything, _ = await page(service, "/backtests?limit=200")
    assert len(everything) > len(seen), "no run arrived meanwhile"
