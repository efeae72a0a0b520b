"""Rows of results in pages, and curves in fewer points."""

from typing import Any

import msgspec
import pytest
from httpx2 import Response

from service.parts import parts, reading
from service.stream_events import events_until
from tests.service.api.running import LONG, REAL, Document, Service

NEXT = 'rel="next"'


@pytest.fixture(scope="module")
async def run_id(service: Service) -> str:
    return await service.completed(REAL | {"benchmark_symbol": "GOOG"})


@pytest.fixture(scope="module")
async def whole(service: Service, run_id: str) -> Document:
    return await service.results(run_id)


async def get(service: Service, run_id: str, part: str, **query: Any) -> Response:
    response = await service.http.get(f"/backtests/{run_id}/results/{part}", params=query)
    assert response.status_code == 200, response.text
    return response


async def pages(service: Service, first: Response) -> list[Response]:
    """A page and all that its links lead to."""
    found = [first]
    while link := found[-1].headers.get("Link"):
        assert link.endswith(f">; {NEXT}")
        found.append(await service.http.get(link[1 : link.index(">")]))
        assert found[-1].status_code == 200, found[-1].text
    return found


@pytest.mark.parametrize(
    ("part", "curve", "limit"),
    [("equity", "equity_curve", 300), ("trades", "trades", 7), ("exposures", "exposures", 1_000)],
)
async def test_pages_put_together_are_the_whole(
    service: Service, run_id: str, whole: Document, part: str, curve: str, limit: int
) -> None:
    found = await pages(service, await get(service, run_id, part, limit=limit))
    rows = [row for page in found for row in page.json()]
    assert rows == whole[curve]
    assert [len(page.json()) for page in found[:-1]] == [limit] * (len(found) - 1)
    assert 0 < len(found[-1].json()) <= limit
    assert {page.headers["X-Total-Count"] for page in found} == {str(len(rows))}


async def test_pages_of_another_form_are_pages_of_it(
    service: Service, run_id: str, whole: Document
) -> None:
    found = await pages(service, await get(service, run_id, "equity", limit=999, format="ndjson"))
    assert len(found) == 3
    lines = b"".join(page.content for page in found).splitlines()
    assert [msgspec.json.decode(line) for line in lines] == whole["equity_curve"]


async def test_a_cursor_without_a_limit_gives_the_rest(
    service: Service, run_id: str, whole: Document
) -> None:
    first = await get(service, run_id, "trades", limit=5)
    rest = await service.http.get(
        first.headers["Link"].partition(">")[0][1:].replace("limit=5&", "")
    )
    assert first.json() + rest.json() == whole["trades"]
    assert "Link" not in rest.headers


async def test_an_empty_part_is_one_empty_page(service: Service, run_id: str) -> None:
    response = await get(service, run_id, "recorded", limit=5)
    assert (response.json(), response.headers["X-Total-Count"]) == ([], "0")
    assert "Link" not in response.headers


async def test_rows_that_come_while_one_pages_are_on_no_page(service: Service) -> None:
    running = await service.create(LONG | {"end_date": "2000-07-01T00:00:00Z"})
    async with service.stream(running, "?types=progress") as socket:
        frame = msgspec.json.decode(await socket.recv())
    query: Document = {"at_event": frame["event_id"], "limit": 1_000}
    first = await get(service, running, "equity", **query)
    await service.frames(running)
    rows = [row for page in await pages(service, first) for row in page.json()]
    everything = await get(service, running, "equity", limit=10_000)
    assert 1_000 < len(rows) < 10_000 == len(everything.json())
    assert rows == everything.json()[: len(rows)]
    assert rows[-1]["timestamp"] == frame["payload"]["timestamp"]


async def test_a_page_far_in_is_read_from_where_it_begins(
    service: Service, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not from the start: a hundred pages would read the run a hundred times."""
    first = await get(service, run_id, "equity", limit=2_000)
    read: list[int] = []

    def noting(*arguments: Any, **options: Any) -> Any:
        read.append(options["after"])
        return events_until(*arguments, **options)

    monkeypatch.setattr(reading, "events_until", noting)
    (_, last) = await pages(service, first)
    assert len(last.json()) == 13
    ticks = [event.event_id for event in await service.log(run_id) if event.type == "progress"]
    assert read == [ticks[-2]]


async def test_cursors_of_other_lists_and_changed_ones_are_refused(
    service: Service, run_id: str
) -> None:
    first = await get(service, run_id, "trades", limit=5)
    link = first.headers["Link"].partition(">")[0][1:]
    cursor = link.partition("cursor=")[2]
    for wrong in (
        link.replace("/trades", "/orders"),
        link.replace(cursor, "AAAA"),
        link + "&format=csv",
        link.replace("limit=5", "limit=0"),
        link.replace("limit=5", "limit=10001"),
        f"/backtests/{run_id}/results/equity?max_points=50&limit=5",
        f"/backtests/{run_id}/results/equity?max_points=9",
        f"/backtests/{run_id}/results/trades?max_points=50",
        f"/backtests/{run_id}/results/metrics?limit=5",
    ):
        response = await service.http.get(wrong)
        assert response.status_code == 400, wrong
        assert response.json()["detail"]


@pytest.mark.parametrize("part", ["equity", "benchmark"])
@pytest.mark.parametrize("points", [10, 100, 2_012])
async def test_a_thinned_curve_has_its_ends_and_its_extremes(
    service: Service, run_id: str, whole: Document, part: str, points: int
) -> None:
    curve = whole[f"{part}_curve"]
    response = await get(service, run_id, part, max_points=points)
    thinned = response.json()
    assert points // 2 <= len(thinned) <= points < len(curve)
    assert response.headers["X-Total-Count"] == str(len(curve))
    places = [curve.index(point) for point in thinned]
    assert places == sorted(set(places))
    assert (places[0], places[-1]) == (0, len(curve) - 1)
    for column, extreme in (("value", min), ("value", max), ("drawdown", max)):
        if column in curve[0]:
            assert extreme(p[column] for p in thinned) == extreme(p[column] for p in curve)


async def test_a_curve_with_few_points_is_left_as_it_is(
    service: Service, run_id: str, whole: Document
) -> None:
    for points in (2_013, 100_000):
        response = await get(service, run_id, "equity", max_points=points)
        assert response.json() == whole["equity_curve"]


async def test_a_long_part_lies_in_a_file_and_is_the_same(
    service: Service, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "IN_MEMORY_BYTES_MAX", 1_000)
    query: Document = {"format": "ndjson", "at_event": 45}
    path = f"/backtests/{run_id}/results/equity"
    for _ in range(5):  # who leaves half-way harms nobody
        async with service.http.stream("GET", path, params=query) as leaving:
            assert leaving.status_code == 200
    identity = {"Accept-Encoding": "identity"}
    long = await service.http.get(path, params=query, headers=identity)
    packed = await service.http.get(path, params=query, headers={"Accept-Encoding": "gzip"})
    monkeypatch.undo()
    short = await service.http.get(path, params=query, headers=identity)
    assert long.content == packed.content == short.content
    assert int(long.headers["Content-Length"]) == len(long.content) > 100_000
    assert "Content-Length" not in packed.headers
