"""No API key in the log, whatever a client does with it."""

import pytest
from websockets.asyncio.client import connect

from service.redaction import HIDDEN, Redaction
from service.settings import Settings
from tests.service.http.sample_app import sample_app
from tests.service.log_capture import captured_log
from tests.serving import client_of, exchange, serve, websocket_url

KEY = "s3cret/Key"
WRONG = "wr0ngKey"
SETTINGS = Settings(api_keys=(KEY,))


@pytest.mark.parametrize("log_format", ["json", "text"])
@pytest.mark.parametrize("log_level", ["debug", "info"])
async def test_no_key_is_logged_over_http(log_format: str, log_level: str) -> None:
    settings = Settings.from_environment(
        {}, api_keys=(KEY,), log_format=log_format, log_level=log_level
    )
    with captured_log(settings) as log:
        async with client_of(sample_app(settings)) as client:
            for key in (KEY, WRONG):
                await client.get("/hello", headers={"X-API-Key": key})
                await client.get("/broken", headers={"Authorization": f"Bearer {key}"})
                await client.get(f"/hello?api_key={key}")
    assert log.text.count("request_id") >= 6
    assert KEY not in log.text
    assert WRONG not in log.text


@pytest.mark.parametrize("log_level", ["debug", "info"])
async def test_no_key_is_logged_over_a_websocket(log_level: str) -> None:
    settings = Settings.from_environment({}, api_keys=(KEY,), log_level=log_level)
    # The first letter of either is percent-encoded in turn: the server decodes what it gets.
    queries = [
        f"api_key={KEY}",
        f"api_key={WRONG}",
        "api%5Fkey=%733cret%2FKey",
        "api%5Fkey=%77r0ngKey",
    ]
    with captured_log(settings) as log:
        async with serve(sample_app(settings)) as url:
            for path in ("/echo", "/broken-before-accept", "/nowhere"):
                for query in queries:
                    address = websocket_url(url, f"{path}?{query}")
                    async with connect(address, proxy=None) as socket:
                        await socket.close()
    assert len(log.of("access")) == 12
    for secret in (KEY, WRONG, "3cret%2FKey", "r0ngKey"):
        assert secret not in log.text


async def test_no_key_is_logged_from_a_broken_handshake() -> None:
    with captured_log(SETTINGS) as log:
        async with serve(sample_app(SETTINGS)) as url:
            handshake = (
                f"GET /echo?api_key={KEY} HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\n"
                f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
            )
            await exchange(url, handshake.encode())
    assert KEY not in log.text


def test_redaction_reaches_into_every_value() -> None:
    redact = Redaction((KEY, 'odd "key" \u00e9\\'))
    record = {
        "event": f"GET /x?a=1&api_key=anything&b=2 {KEY}",
        "list": [f"<{KEY}>", {"deep": (KEY,)}],
        "bytes": KEY.encode(),
        "error": ValueError(KEY),
        "url": "s3cret%2FKey",
        "odd": repr('odd "key" \u00e9\\'),
        "number": 1.5,
        "nothing": None,
    }
    assert redact(None, "info", record) == {
        "event": f"GET /x?a=1&api_key={HIDDEN}&b=2 {HIDDEN}",
        "list": [f"<{HIDDEN}>", {"deep": [HIDDEN]}],
        "bytes": f"b'{HIDDEN}'",
        "error": f"ValueError('{HIDDEN}')",
        "url": HIDDEN,
        "odd": f"'{HIDDEN}'",
        "number": 1.5,
        "nothing": None,
    }
