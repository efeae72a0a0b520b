"""One line for each request."""

import anyio
import pytest
import structlog
from websockets.asyncio.client import connect

from service.settings import Settings
from tests.service.http.sample_app import sample_app
from tests.service.log_capture import LogCapture, captured_log
from tests.serving import client_of, exchange, serve, websocket_url


def lines(log: LogCapture) -> list[tuple[str, str, str, int | None, str | None]]:
    fields = ("event", "method", "path", "status", "key")
    return [tuple(line[field] for field in fields) for line in log.of("access")]


async def test_each_request_is_one_line() -> None:
    settings = Settings(api_keys=("first", "second"))
    with captured_log(settings) as log:
        async with client_of(sample_app(settings)) as client:
            await client.get("/search?limit=7", headers={"X-API-Key": "second"})
            await client.get("/broken", headers={"X-API-Key": "first"})
            await client.get("/hello")
    assert lines(log) == [
        ("request", "GET", "/search", 200, "key-2"),
        ("request", "GET", "/broken", 500, "key-1"),
        ("request", "GET", "/hello", 401, None),
    ]


async def test_the_line_has_the_responses_request_id_and_a_duration() -> None:
    ticks = iter(range(0, 100_000, 250))
    with captured_log(Settings()) as log:
        async with client_of(sample_app(Settings(), monotonic=lambda: next(ticks))) as client:
            response = await client.get("/hello")
    [line] = log.of("access")
    assert line["request_id"] == response.headers["X-Request-ID"]
    assert line["duration_ms"] == 0.5  # read at the start, by the rate limit, and at the end
    assert line["level"] == "info"
    assert line["timestamp"].endswith("+00:00")


async def test_a_websocket_is_one_line_with_its_close_code() -> None:
    with captured_log(Settings()) as log:
        async with serve(sample_app(Settings())) as url:
            async with connect(websocket_url(url, "/echo"), proxy=None) as socket:
                await socket.send("hello")
                assert await socket.recv() == "hello"
                await socket.close(4001)
            async with connect(websocket_url(url, "/no-such-run"), proxy=None) as socket:
                await socket.wait_closed()
    assert lines(log) == [
        ("websocket", "GET", "/echo", 4001, None),
        ("websocket", "GET", "/no-such-run", 1008, None),
    ]


async def test_a_path_cannot_forge_a_line() -> None:
    for settings in (Settings(), Settings(log_format="text")):
        with captured_log(settings) as log:
            async with client_of(sample_app(settings)) as client:
                await client.get("/x%0A%1B[31m2024-01-01 forged")
        [line] = [line for line in log.text.splitlines() if "request_id" in line]
        assert "\\n" in line
        assert "\x1b" not in line


async def test_a_client_that_leaves_half_way_is_a_line_without_status() -> None:
    announced = b"POST /order HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"
    with captured_log(Settings()) as log:
        async with serve(sample_app(Settings())) as url:
            host, port = url.removeprefix("http://").split(":")

            stream = await anyio.connect_tcp(host, int(port))
            await stream.send(announced)
            await anyio.sleep(0.05)
            await stream.aclose()
    assert lines(log) == [("request", "POST", "/order", None, None)]
    assert log.of("failures") == []


async def test_the_line_has_the_shape_of_all_others() -> None:
    with captured_log(Settings()) as log:
        async with client_of(sample_app(Settings())) as client:
            await client.get("/hello", headers={"X-Request-ID": "mine"})
        [line] = log.of("access")
        given = {"method", "path", "status", "duration_ms", "key", "client"}
        structlog.get_logger().bind(logger="access").info(
            "request", **{name: value for name, value in line.items() if name in given}
        )
    ours, structlogs = log.of("access")
    assert list(ours) == [*structlogs, "request_id"]
    assert {name: ours[name] for name in structlogs} == structlogs | {
        "timestamp": ours["timestamp"]
    }


async def test_nothing_is_written_above_its_level() -> None:
    settings = Settings(log_level="warning")
    with captured_log(settings) as log:
        async with client_of(sample_app(settings)) as client:
            await client.get("/hello")
    assert log.text == ""


@pytest.mark.parametrize("log_format", ["json", "text"])
async def test_a_long_path_is_cut_but_no_key_with_it(log_format: str) -> None:
    key = "a-long-key-that-straddles-the-cut"
    settings = Settings.from_environment({}, api_keys=(key,), log_format=log_format)
    with captured_log(settings) as log:
        async with serve(sample_app(settings)) as url:
            path = "/" + "x" * 180 + key + "y" * 300
            request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            await exchange(url, request.encode())
    assert "x" * 180 in log.text
    assert key[:8] not in log.text
    assert "y" * 30 not in log.text
