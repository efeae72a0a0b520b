"""Events in JSON pages and as one NDJSON export."""

import msgspec
import pytest

from domain.runs.events import Logged
from service.feed.tail import PAGE_BYTES_MAX
from tests.service.api.events.quiet_service import (
    END,
    NDJSON,
    SSE,
    Document,
    QuietService,
    mixed,
)


async def paged(quiet: QuietService, path: str) -> list[Document]:
    """All pages from ``path`` on, by their links."""
    pages, following = [], path
    while following:
        response = await quiet.get(following)
        assert response.status_code == 200, response.text
        pages.append(response.json())
        link = response.headers.get("Link", "")
        following = link.partition(">")[0].removeprefix("<")
        assert link in ("", f'<{following}>; rel="next"')
    return pages


def decoded(export: bytes) -> list[Document]:
    """The lines of an export. A text's own lines would also end at U+2028."""
    assert export.endswith(b"\n") or not export
    return [msgspec.json.decode(line) for line in export.splitlines()]


@pytest.mark.parametrize("limit", [1, 2, 7, 31, 32, 33, 500])
async def test_links_lead_through_the_whole_run(quiet: QuietService, limit: int) -> None:
    run_id = await quiet.record([*mixed(30), END])
    log = await quiet.log(run_id)
    pages = await paged(quiet, f"/backtests/{run_id}/events?limit={limit}")
    assert [event for page in pages for event in page["events"]] == log
    assert [page["next"] for page in pages] == [*range(limit, 32, limit), 32]
    assert {(page["head"], page["log_id"]) for page in pages} == {(32, quiet.core.store.log_id)}


async def test_every_cursor_gives_the_rest(quiet: QuietService) -> None:
    run_id = await quiet.record([*mixed(30), END])
    log = await quiet.log(run_id)
    for cursor in range(len(log) + 1):
        path = f"/backtests/{run_id}/events?after={cursor}"
        page = (await quiet.get(path)).json()
        assert (page["events"], page["next"], page["head"]) == (log[cursor:], 32, 32)
        export = await quiet.get(path, NDJSON)
        assert decoded(export.content) == log[cursor:]


async def test_a_page_of_large_events_is_shorter(quiet: QuietService) -> None:
    run_id = await quiet.record([Logged("x" * (PAGE_BYTES_MAX // 3))] * 10)
    pages = await paged(quiet, f"/backtests/{run_id}/events")
    assert [event for page in pages for event in page["events"]] == await quiet.log(run_id)
    assert max(len(page["events"]) for page in pages) == 3


async def test_an_event_larger_than_a_page_has_one_of_its_own(quiet: QuietService) -> None:
    run_id = await quiet.record([Logged("x" * 3 * PAGE_BYTES_MAX)] * 2)
    pages = await paged(quiet, f"/backtests/{run_id}/events?after=1")
    assert [len(page["events"]) for page in pages] == [1, 1]


async def test_a_run_that_goes_on_is_polled_from_next(quiet: QuietService) -> None:
    run_id = await quiet.record(mixed(3))
    page = (await quiet.get(f"/backtests/{run_id}/events")).json()
    empty = (await quiet.get(f"/backtests/{run_id}/events?after={page['next']}")).json()
    assert (empty["events"], empty["next"], empty["head"]) == ([], 4, 4)
    await quiet.append(run_id, mixed(2))
    fresh = (await quiet.get(f"/backtests/{run_id}/events?after={empty['next']}")).json()
    assert fresh["events"] == (await quiet.log(run_id))[4:]


async def test_an_export_ends_at_the_head_that_it_announced(quiet: QuietService) -> None:
    run_id = await quiet.record(mixed(2_000))
    path = f"/backtests/{run_id}/events"
    async with quiet.http.stream("GET", path, headers=NDJSON) as response:
        assert response.headers["Content-Type"] == "application/x-ndjson"
        assert response.headers["X-Log-Head"] == "2001"
        await quiet.append(run_id, mixed(50))
        export = await response.aread()
    log = await quiet.log(run_id)
    assert decoded(export) == log[:2001]


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html", "application/json"),
        ("application/x-ndjson", "application/x-ndjson"),
        ("Application/X-NDJSON; charset=utf-8", "application/x-ndjson"),
        ("text/event-stream", "text/event-stream"),
        ("application/json, text/event-stream", "application/json"),
        ("application/json;q=0.5, text/event-stream", "text/event-stream"),
        ("application/x-ndjson;q=0.8,text/event-stream;q=0.9,*/*", "text/event-stream"),
        ("application/x-ndjson;q=0, */*", "application/json"),
        ("application/x-ndjson;q=high, */*", "application/json"),
    ],
)
async def test_the_form_is_the_one_accepted_most(
    quiet: QuietService, accept: str, form: str
) -> None:
    run_id = await quiet.record([END])
    for method in ("GET", "HEAD"):
        response = await quiet.http.request(
            method, f"/backtests/{run_id}/events", headers={"Accept": accept}
        )
        assert response.headers["Content-Type"].partition(";")[0] == form


async def test_head_answers_with_the_headers_alone(quiet: QuietService) -> None:
    run_id = await quiet.record(mixed(3))  # it goes on: a body would not end
    for path in (f"/backtests/{run_id}/events", "/events"):
        for headers in ({}, SSE, NDJSON):
            response = await quiet.http.head(path, headers=headers)
            assert (response.status_code, response.content) == (200, b"")
            assert response.headers["X-Log-Id"] == quiet.core.store.log_id
            assert "Content-Length" not in response.headers
