"""A query that cannot be served has a code of its own, the same over WebSocket and HTTP."""

import anyio
import pytest

from tests.service.api.events.quiet_service import END, NDJSON, SSE, QuietService, mixed
from tests.service.api.running import close_of

OTHER_LOG = "0" * 32
HEAD = 12
MALFORMED = [
    ("last_event_id=-1", "query parameter last_event_id: expected `int` >= 0 (given: '-1')"),
    ("last_event_id=1.5", "query parameter last_event_id: expected `int` (given: '1.5')"),
    ("last_event_id=null", "query parameter last_event_id: "),
    ("last_event_id=", "query parameter last_event_id: expected `int` (given: '')"),
    ("last_event_id=1&last_event_id=2", "query parameter last_event_id is given more than once"),
    ("log_id=abc", "query parameter log_id: expected `str` matching regex"),
    (f"log_id={OTHER_LOG}%0A", "query parameter log_id: expected `str` matching regex"),
    ("types=", "query parameter types: '' is not a type of event; there are state, progress,"),
    ("types=state,trade", "query parameter types: 'trade' is not a type of event; there are"),
    ("types=State", "query parameter types: 'State' is not a type of event; there are"),
    ("cursor=1", "unknown query parameter 'cursor'; known: "),
]
BEYOND = [
    (f"last_event_id={HEAD + 1}", f"last_event_id {HEAD + 1} is beyond the head, {HEAD}"),
    (f"last_event_id={2**63 - 1}", f"last_event_id {2**63 - 1} is beyond the head, {HEAD}"),
]
OTHER = [
    (f"log_id={OTHER_LOG}", "this is another log, "),
    (f"log_id={OTHER_LOG}&last_event_id=3", "this is another log, "),
    (f"log_id={OTHER_LOG}&last_event_id=99", "this is another log, "),
]
REFUSED = [
    (query, status, reason)
    for status, cases in ((400, MALFORMED), (416, BEYOND), (409, OTHER))
    for query, reason in cases
]


@pytest.fixture(scope="module")
async def run_id(quiet: QuietService) -> str:
    """A run that has ended; its head is ``HEAD``."""
    return await quiet.record([*mixed(HEAD - 2), END])


@pytest.mark.parametrize(("query", "status", "reason"), REFUSED)
async def test_a_socket_is_closed_with_4000_and_the_status(
    quiet: QuietService, run_id: str, query: str, status: int, reason: str
) -> None:
    async with quiet.socket(run_id, f"?{query}") as socket:
        with anyio.fail_after(10):
            code, given = await close_of(socket)
    assert code == 4000 + status
    assert str(given).startswith(reason[:100])


@pytest.mark.parametrize("accept", ["application/json", *SSE.values(), *NDJSON.values()])
@pytest.mark.parametrize(("query", "status", "reason"), REFUSED)
async def test_a_request_is_answered_with_the_status(
    quiet: QuietService, run_id: str, query: str, status: int, reason: str, accept: str
) -> None:
    response = await quiet.get(f"/backtests/{run_id}/events?{query}", {"Accept": accept})
    assert response.status_code == status
    assert response.json()["detail"].startswith(reason)
    assert response.headers["X-Log-Id"] == quiet.core.store.log_id


@pytest.mark.parametrize("query", [query for query, status, _ in REFUSED if status != 416])
async def test_the_global_feed_refuses_the_same(quiet: QuietService, query: str) -> None:
    run_answer = await quiet.get(f"/backtests/{await quiet.record([END])}/events?{query}")
    answer = await quiet.get(f"/events?{query}")
    assert answer.status_code in (400, 409)
    assert answer.status_code == run_answer.status_code
    wording = run_answer.text.replace("metric, log", "metric, log, trial")  # optimizations' type
    assert answer.text == wording


async def test_the_global_feed_has_a_head_of_its_own(quiet: QuietService, run_id: str) -> None:
    head = await quiet.core.store.head()
    assert head > HEAD, run_id
    assert (await quiet.get(f"/events?after={head}")).status_code == 200
    response = await quiet.get(f"/events?after={head + 1}")
    assert response.status_code == 416
    assert response.json() == {"detail": f"after {head + 1} is beyond the head, {head}"}


@pytest.mark.parametrize(
    ("header", "status", "detail"),
    [
        ("", 400, "header Last-Event-ID: expected `int`"),
        ("seven", 400, "header Last-Event-ID: expected `int`"),
        ("-1", 400, "header Last-Event-ID: expected `int` >= 0"),
        ("99999999999999999999", 400, "header Last-Event-ID: "),
        (str(HEAD + 1), 416, f"Last-Event-ID {HEAD + 1} is beyond the head, {HEAD}"),
    ],
)
async def test_the_header_of_an_event_source_is_a_cursor_like_any(
    quiet: QuietService, run_id: str, header: str, status: int, detail: str
) -> None:
    path = f"/backtests/{run_id}/events"
    response = await quiet.get(path, SSE | {"Last-Event-ID": header})
    assert response.status_code == status
    assert response.json()["detail"].startswith(detail)


@pytest.mark.parametrize(
    ("query", "accept", "detail"),
    [
        ("after=1&last_event_id=1", "*/*", "after and last_event_id are the same cursor; give one"),
        ("limit=5", "text/event-stream", "query parameter limit goes with Accept: application/js"),
        ("limit=5", "application/x-ndjson", "query parameter limit goes with Accept: application"),
        ("heartbeat=5", "application/json", "query parameter heartbeat goes with Accept: text/ev"),
        ("limit=0", "application/json", "query parameter limit: expected `int` >= 1 (given: '0')"),
        ("limit=501", "application/json", "query parameter limit: expected `int` <= 500 (given:"),
        ("heartbeat=0", "text/event-stream", "query parameter heartbeat: expected `int` >= 1"),
        ("heartbeat=3601", "text/event-stream", "query parameter heartbeat: expected `int` <= 36"),
    ],
)
async def test_an_option_that_would_mean_nothing_is_refused(
    quiet: QuietService, run_id: str, query: str, accept: str, detail: str
) -> None:
    response = await quiet.get(f"/backtests/{run_id}/events?{query}", {"Accept": accept})
    assert response.status_code == 400
    assert response.json()["detail"].startswith(detail)


@pytest.mark.parametrize("heartbeat", ["0", "3601", "x", "1.5"])
async def test_a_heartbeat_out_of_bounds_closes_with_4400(
    quiet: QuietService, run_id: str, heartbeat: str
) -> None:
    async with quiet.socket(run_id, f"?heartbeat={heartbeat}") as socket:
        code, reason = await close_of(socket)
    assert code == 4400
    assert str(reason).startswith("query parameter heartbeat: expected `int`")


async def test_an_unknown_run_is_404_in_every_form(quiet: QuietService) -> None:
    path = "/backtests/0a0a0a0a-0000-4000-8000-000000000000/events"
    for headers in ({}, SSE, NDJSON):
        response = await quiet.get(path, headers)
        assert response.status_code == 404
        assert response.json()["detail"].startswith("there is no backtest ")


async def test_an_unknown_run_of_another_log_is_told_of_the_other_log(quiet: QuietService) -> None:
    unknown = "0a0a0a0a-0000-4000-8000-000000000000"
    async with quiet.socket(unknown, f"?log_id={OTHER_LOG}") as socket:
        assert (await close_of(socket))[0] == 4409
    response = await quiet.get(f"/backtests/{unknown}/events?log_id={OTHER_LOG}")
    assert response.status_code == 409


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_events_are_only_read(quiet: QuietService, run_id: str, method: str) -> None:
    for path in ("/events", f"/backtests/{run_id}/events"):
        response = await quiet.http.request(method, path)
        assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")
