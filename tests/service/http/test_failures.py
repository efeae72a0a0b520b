"""From an exception to what the client gets."""

from contextlib import AsyncExitStack

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from service.settings import Settings
from tests.service.http.bare_connection import connected, refusal_in
from tests.service.http.sample_app import sample_app
from tests.service.log_capture import captured_log
from tests.serving import client_of, exchange, serve, websocket_url


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/nowhere", 404, "there is nothing at /nowhere"),
        ("/no%0Awhere", 404, "there is nothing at /no\nwhere"),
        ("/" + "a" * 1000, 404, "there is nothing at /" + "a" * 199),
        ("/missing", 404, "no run 7"),
        ("/early", 409, "Results not ready"),
        ("/refused", 400, "start_date: must be before end_date"),
    ],
)
async def test_a_refusal_is_json_with_a_detail(path: str, status: int, detail: str) -> None:
    async with client_of(sample_app(Settings())) as client:
        response = await client.get(path)
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/json"
    assert response.json() == {"detail": detail}


async def test_a_wrong_method_is_told_the_right_ones() -> None:
    async with client_of(sample_app(Settings())) as client:
        response = await client.delete("/hello")
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD"
    assert response.json() == {"detail": "DELETE is not allowed here; allowed: GET, HEAD"}


async def test_our_own_error_says_only_where_to_look() -> None:
    with captured_log(Settings()) as log:
        async with client_of(sample_app(Settings())) as client:
            response = await client.get("/broken", headers={"X-Request-ID": "find-me"})
    assert response.status_code == 500
    assert response.json() == {
        "detail": "internal error; the server's log has it under request id find-me"
    }
    [record] = log.of("failures")
    assert record["request_id"] == "find-me"
    assert record["level"] == "error"
    assert "RuntimeError: the cause is for the log only" in record["exception"]
    assert "sample_app.py" in record["exception"]
    assert log.of("uvicorn.error") == [r for r in log.of("uvicorn.error") if r["level"] == "info"]


async def test_what_a_stopping_server_cuts_off_is_a_503_like_every_other() -> None:
    head = b"POST /order HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"
    async with AsyncExitStack() as clients:
        async with serve(sample_app(Settings()), timeout_graceful_shutdown=0) as url:
            connection = await clients.enter_async_context(connected(url))
            await connection.send(head)
            assert b"100 Continue" in await connection.receive_until(b"\r\n\r\n")
        answer = await connection.remainder()
    assert refusal_in(answer) == (503, "the service is stopping; try again in a moment")


async def closing(path: str) -> tuple[int, str]:
    """The code and reason with which the WebSocket at ``path`` closes."""
    async with (
        serve(sample_app(Settings())) as url,
        connect(websocket_url(url, path), proxy=None) as socket,
    ):
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


async def test_a_refused_websocket_is_accepted_and_closed_with_a_reason() -> None:
    code, reason = await closing("/no-such-run")
    assert code == 1008
    assert reason.startswith("no run 7 and a long reason")
    assert len(reason) == 123


async def test_a_websocket_to_nowhere_is_told_so() -> None:
    assert await closing("/nowhere") == (1008, "there is nothing at /nowhere")


async def test_a_websocket_with_a_wrong_parameter_is_told_which() -> None:
    code, reason = await closing("/searching?limit=0")
    assert code == 1008
    assert reason == "query parameter limit: expected `int` >= 1 (given: '0')"


@pytest.mark.parametrize("path", ["/broken-before-accept", "/broken-after-accept"])
async def test_our_own_error_closes_a_websocket_with_1011(path: str) -> None:
    with captured_log(Settings()) as log:
        code, reason = await closing(path)
    assert code == 1011
    assert reason.startswith("internal error; the server's log has it under request id ")
    [record] = log.of("failures")
    assert "the cause is for the log only" in record["exception"]
    assert reason.endswith(record["request_id"])


@pytest.mark.parametrize("path", ["/waiting", "/flood"])
async def test_a_client_that_leaves_its_websocket_is_no_error(path: str) -> None:
    with captured_log(Settings()) as log:
        async with (
            serve(sample_app(Settings())) as url,
            connect(websocket_url(url, path), proxy=None) as socket,
        ):
            await socket.close()
    assert [line["path"] for line in log.of("access")] == [path]
    assert {record["level"] for record in log.records} == {"info"}


async def test_a_response_that_breaks_off_is_in_the_log() -> None:
    with captured_log(Settings()) as log:
        async with serve(sample_app(Settings())) as url:
            received = await exchange(url, b"GET /broken-off HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"half of it" in received
    assert not received.endswith(b"0\r\n\r\n")
    assert b"x-request-id" in received
    [record] = [record for record in log.records if record["level"] == "error"]
    assert "the cause is for the log only" in record["exception"]
