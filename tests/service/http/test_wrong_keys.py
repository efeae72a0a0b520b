"""Who offers wrong keys is told to stop; who has a right one never is."""

import pytest
from httpx2 import AsyncClient
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from service.http.attempts import WRONG_KEYS_MAX, WrongKeys
from service.settings import Settings
from tests.service.http.sample_app import sample_app
from tests.serving import client_of, serve, websocket_url

SETTINGS = Settings(api_keys=("right",), rate_limit=1000)
SECOND = 1_000_000


async def statuses(client: AsyncClient, *keys: str) -> list[int]:
    return [(await client.get("/hello", headers={"X-API-Key": key})).status_code for key in keys]


async def test_too_many_wrong_keys_are_429_and_a_right_one_is_let_in_all_the_same() -> None:
    wrong = [f"wrong {number}" for number in range(WRONG_KEYS_MAX)]
    app = sample_app(SETTINGS, monotonic=lambda: 0)
    async with client_of(app) as client:
        assert await statuses(client, *wrong) == [401] * WRONG_KEYS_MAX
        refused = await client.get("/hello", headers={"X-API-Key": "one more"})
        assert refused.status_code == 429
        assert refused.headers["Retry-After"] == "3"
        detail = "too many wrong API keys from this address; try again in 3 s"
        assert refused.json() == {"detail": detail}
        assert await statuses(client, "right", "wrong", "right") == [200, 429, 200]
        assert (await client.get("/hello")).status_code == 401  # who offers none does not guess


@pytest.mark.parametrize("path", ["/readyz", "/docs"])
async def test_keys_tried_on_an_open_path_count_too(path: str) -> None:
    wrong = {"X-API-Key": "wrong"}
    async with client_of(sample_app(SETTINGS, monotonic=lambda: 0)) as client:
        answers = [await client.get(path, headers=wrong) for _ in range(WRONG_KEYS_MAX + 1)]
        assert [answer.status_code for answer in answers] == [404] * WRONG_KEYS_MAX + [429]
        right = {"X-API-Key": "right"}
        open_to_all = [await client.get(path, headers=headers) for headers in ({}, right)]
        assert [answer.status_code for answer in open_to_all] == [404, 404]  # no such routes here


async def test_keys_tried_over_websockets_count_too() -> None:
    async with serve(sample_app(SETTINGS, monotonic=lambda: 0)) as url:
        reasons = []
        for _ in range(WRONG_KEYS_MAX + 1):
            address = websocket_url(url, "/echo?api_key=wrong")
            async with connect(address, proxy=None) as socket:
                with pytest.raises(ConnectionClosed) as closed:
                    await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1008
            reasons.append(closed.value.rcvd.reason)
        async with connect(websocket_url(url, "/echo?api_key=right"), proxy=None) as socket:
            await socket.send("hello")
            assert await socket.recv() == "hello"
    assert "a valid API key is required" in reasons[-2]
    assert reasons[-1] == "too many wrong API keys from this address; try again in 3 s"


def test_each_address_has_its_own_count_which_passes() -> None:
    wrong_keys = WrongKeys()
    waits = [wrong_keys.count("10.0.0.1", now=0) for _ in range(WRONG_KEYS_MAX + 1)]
    assert waits == [0] * WRONG_KEYS_MAX + [3 * SECOND]
    assert wrong_keys.count("10.0.0.2", now=0) == 0
    assert wrong_keys.count("10.0.0.1", now=3 * SECOND) == 0


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8::1", "2001:db8::2:3:4:5", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
        ("unknown", "unknown", True),
    ],
)
def test_an_ipv6_network_is_one_address(first: str, second: str, same: bool) -> None:
    wrong_keys = WrongKeys()
    for _ in range(WRONG_KEYS_MAX):
        wrong_keys.count(first, now=0)
    assert (wrong_keys.count(second, now=0) > 0) is same


def test_the_memory_is_bounded_however_many_addresses_try() -> None:
    wrong_keys = WrongKeys()
    for number in range(20_000):
        wrong_keys.count(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", now=0)
    assert len(wrong_keys) == 10_000
