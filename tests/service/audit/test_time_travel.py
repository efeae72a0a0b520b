"""What a reader saw then is what they are told now, byte for byte."""

import anyio
import pytest

from tests.service.api.running import LONG, REAL, SHORT, Document, Service

TWO_YEARS: Document = {**LONG, "end_date": "2002-01-01T00:00:00Z"}
LISTS = ("/backtests?limit=200", "/backtests?state=completed", "/backtests?state=running&limit=1")


async def body(service: Service, path: str) -> bytes:
    response = await service.http.get(path)
    assert response.status_code == 200, response.text
    return response.content


def at(path: str, parameter: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}{parameter}"


async def test_lists_recorded_while_runs_proceed_are_answered_again(service: Service) -> None:
    recorded: list[tuple[int, str, bytes]] = []
    runs = [await service.create(request) for request in (SHORT, LONG, REAL, LONG, SHORT)]
    await service.cancel(runs[3])
    ended = False
    while not ended:
        ended = (await service.status(runs[1]))["state"] == "completed"
        for path in LISTS:
            before = await service.core.store.head()
            answer = await body(service, path)
            if before == await service.core.store.head():  # else nobody knows what it was as of
                recorded.append((before, path, answer))
        await anyio.sleep(0.02)
    assert len({answer for _, _, answer in recorded}) > 5
    for position, path, answer in recorded:
        assert await body(service, at(path, f"at_position={position}")) == answer


async def test_a_run_and_its_results_as_of_each_event_never_change(service: Service) -> None:
    run_id = await service.create(TWO_YEARS)
    recorded: dict[str, bytes] = {}
    while (await service.status(run_id))["state"] != "completed":
        head = await service.core.store.head(f"backtest-{run_id}")
        for path in (f"/backtests/{run_id}", f"/backtests/{run_id}/results"):
            recorded[at(path, f"at_event={head}")] = await body(
                service, at(path, f"at_event={head}")
            )
    assert len(recorded) > 4
    for path, answer in recorded.items():
        assert await body(service, path) == answer


async def test_a_status_is_as_its_reader_saw_it_after_each_event(service: Service) -> None:
    run_id = await service.create(LONG)
    seen: set[bytes] = set()
    async with service.stream(run_id) as events:
        async for _ in events:
            seen.add(await body(service, f"/backtests/{run_id}"))
    head = await service.core.store.head(f"backtest-{run_id}")
    then = {
        await body(service, f"/backtests/{run_id}?at_event={event_id}")
        for event_id in range(1, head + 1)
    }
    assert len(seen) > 2  # how many is up to the machine
    assert seen <= then


async def test_the_last_event_leaves_what_is_there_now(service: Service) -> None:
    run_id = await service.completed(REAL)
    last = await service.core.store.head(f"backtest-{run_id}")
    for path in (f"/backtests/{run_id}", f"/backtests/{run_id}/results"):
        assert await body(service, at(path, f"at_event={last}")) == await body(service, path)
    position = await service.core.store.head()
    for path in LISTS:
        assert await body(service, at(path, f"at_position={position}")) == await body(service, path)


async def test_results_grow_with_the_events(service: Service) -> None:
    run_id = await service.completed(REAL)
    whole = await service.results(run_id)
    rows = 0
    for event in await service.log(run_id):
        path = f"/backtests/{run_id}/results?at_event={event.event_id}"
        then = (await service.http.get(path)).json()
        assert then["equity_curve"] == whole["equity_curve"][: len(then["equity_curve"])]
        assert then["trades"] == whole["trades"][: len(then["trades"])]
        assert len(then["equity_curve"]) >= rows
        rows = len(then["equity_curve"])
    assert rows == len(whole["equity_curve"]) > 0


async def test_a_list_of_the_past_pages_further(service: Service) -> None:
    for _ in range(3):
        await service.create(SHORT)
    position = await service.core.store.head()
    await service.completed(SHORT)
    whole = (await service.http.get(f"/backtests?limit=200&at_position={position}")).json()
    pages, path = [], f"/backtests?limit=2&at_position={position}"
    while path:
        response = await service.http.get(path)
        pages += response.json()
        path = response.links.get("next", {}).get("url", "")
    assert pages == whole
    assert len(pages) >= 3


async def test_before_the_first_event_there_was_nothing(service: Service) -> None:
    await service.completed(SHORT)
    assert await body(service, "/backtests?at_position=0") == b"[]"


@pytest.mark.parametrize("value", ["0", "-1", "x", "1.5", "", "9223372036854775808"])
async def test_a_moment_that_is_no_such_number_is_a_400(service: Service, value: str) -> None:
    run_id = await service.completed(SHORT)
    for path in (f"/backtests/{run_id}", f"/backtests/{run_id}/results"):
        assert (await service.http.get(f"{path}?at_event={value}")).status_code == 400
    if value != "0":
        assert (await service.http.get(f"/backtests?at_position={value}")).status_code == 400


async def test_a_moment_beyond_the_head_is_a_416(service: Service) -> None:
    run_id = await service.completed(SHORT)
    head = await service.core.store.head(f"backtest-{run_id}")
    for path in (f"/backtests/{run_id}", f"/backtests/{run_id}/results"):
        response = await service.http.get(f"{path}?at_event={head + 1}")
        assert response.status_code == 416
        assert response.json() == {"detail": f"at_event {head + 1} is beyond the head, {head}"}
    position = await service.core.store.head() + 1000
    assert (await service.http.get(f"/backtests?at_position={position}")).status_code == 416


async def test_a_run_that_is_not_there_has_no_past(service: Service) -> None:
    nobody = "/backtests/00000000-0000-0000-0000-000000000000"
    assert (await service.http.get(f"{nobody}?at_event=1")).status_code == 404
    assert (await service.http.get(f"{nobody}/results?at_event=1")).status_code == 404
