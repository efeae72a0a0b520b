"""How often one client may ask, seen from the client."""

from collections.abc import Callable

from httpx2 import AsyncClient, Response
from websockets.asyncio.client import connect

from service.settings import Settings
from tests.service.http.sample_app import sample_app
from tests.serving import client_of, serve, websocket_url

NOW = 1_700_000_000


class Clock:
    """A monotonic clock that the test moves by hand."""

    def __init__(self) -> None:
        self.microseconds = 0

    def read(self) -> int:
        return self.microseconds

    def wait(self, seconds: float) -> None:
        self.microseconds += round(seconds * 1_000_000)


def clocks(clock: Clock) -> dict[str, Callable[[], int]]:
    return {"monotonic": clock.read, "now": lambda: NOW + clock.microseconds // 1_000_000}


def told(response: Response) -> tuple[int, int, int, int]:
    """Status, limit, remaining, and seconds from the first moment to the reset."""
    limit, remaining, reset = (
        int(response.headers[f"X-RateLimit-{name}"]) for name in ("Limit", "Remaining", "Reset")
    )
    return response.status_code, limit, remaining, reset - NOW


async def test_a_burst_then_429_then_one_at_a_time() -> None:
    clock = Clock()
    app = sample_app(Settings(rate_limit=3, rate_window=60), **clocks(clock))
    async with client_of(app) as client:
        assert [told(await client.get("/hello")) for _ in range(3)] == [
            (200, 3, 2, 20),
            (200, 3, 1, 40),
            (200, 3, 0, 60),
        ]
        clock.wait(0.5)
        refused = await client.get("/hello")
        assert told(refused) == (429, 3, 0, 60)
        assert refused.headers["Retry-After"] == "20"
        assert refused.json() == {"detail": "rate limit exceeded; try again in 20 s"}
        clock.wait(19.499_999)
        assert (await client.get("/hello")).headers["Retry-After"] == "1"
        clock.wait(0.000_001)
        assert told(await client.get("/hello")) == (200, 3, 0, 80)
        assert told(await client.get("/hello"))[0] == 429


async def test_waiting_as_told_is_always_enough() -> None:
    for limit in (1, 3, 7, 100, 999):
        clock = Clock()
        app = sample_app(Settings(rate_limit=limit, rate_window=60), **clocks(clock))
        async with client_of(app) as client:
            while (response := await client.get("/hello")).status_code == 200:
                clock.wait(0.001)
            clock.wait(int(response.headers["Retry-After"]))
            assert (await client.get("/hello")).status_code == 200
            clock.wait(int(response.headers["X-RateLimit-Reset"]))
            assert told(await client.get("/hello"))[2] == limit - 1


async def test_every_counted_response_says_where_the_limit_stands() -> None:
    settings = Settings(api_keys=("key",), rate_limit=50, max_body_bytes=10)
    key = {"X-API-Key": "key"}
    async with client_of(sample_app(settings), headers=key) as client:
        responses = [
            await client.get("/hello"),
            await client.get("/nowhere"),
            await client.put("/hello"),
            await client.get("/broken"),
            await client.post("/order", content=b"x" * 11),
            await client.get("/api/v1/health"),
        ]
    assert [told(response)[:3] for response in responses] == [
        (200, 50, 49),
        (404, 50, 48),
        (405, 50, 47),
        (500, 50, 46),
        (413, 50, 45),
        (200, 50, 44),
    ]


async def remaining(client: AsyncClient, key: str) -> int:
    response = await client.get("/hello", headers={"X-API-Key": key})
    return int(response.headers["X-RateLimit-Remaining"])


async def test_each_key_has_its_own_bucket_and_wrong_keys_share_the_address() -> None:
    settings = Settings(api_keys=("first", "second"), rate_limit=10)
    async with client_of(sample_app(settings)) as client:
        keys = ("first", "second", "first", "wrong", "another", "second")
        assert [await remaining(client, key) for key in keys] == [9, 9, 8, 9, 8, 8]


async def test_guessing_keys_ends_in_429_and_leaves_the_right_key_alone() -> None:
    settings = Settings(api_keys=("right",), rate_limit=2)
    async with client_of(sample_app(settings)) as client:
        guesses = [await client.get("/hello", headers={"X-API-Key": f"{n}"}) for n in range(3)]
        right = await client.get("/hello", headers={"X-API-Key": "right"})
    assert [response.status_code for response in guesses] == [401, 401, 429]
    assert right.status_code == 200


async def test_a_forwarded_address_does_not_open_a_new_bucket() -> None:
    async with client_of(sample_app(Settings(rate_limit=1))) as client:
        statuses = [
            (await client.get("/hello", headers={"X-Forwarded-For": f"10.0.0.{n}"})).status_code
            for n in range(2)
        ]
    assert statuses == [200, 429]


async def test_health_and_websocket_handshakes_are_not_counted() -> None:
    async with serve(sample_app(Settings(rate_limit=1))) as url:
        for _ in range(3):
            async with connect(websocket_url(url, "/echo"), proxy=None):
                pass
        async with AsyncClient(base_url=url, trust_env=False) as client:
            health = [await client.get("/healthz") for _ in range(3)]
            counted = await client.get("/hello")
            refused = await client.get("/hello")
            still_healthy = await client.get("/healthz")
    assert [response.status_code for response in health] == [200, 200, 200]
    assert not any("X-RateLimit-Limit" in response.headers for response in health)
    assert (counted.status_code, refused.status_code) == (200, 429)
    assert still_healthy.status_code == 200
