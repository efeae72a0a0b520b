"""Where a request comes from is what a trusted proxy says, and nobody else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from httpx2 import AsyncClient
from websockets.asyncio.client import connect

from eventstore.store import EventStore
from service.core import open_core_read_only
from service.projections import stored_projections
from service.server import listening
from service.settings import Settings, SettingsError
from tests.service.log_capture import captured_log
from tests.serving import websocket_url


@asynccontextmanager
async def serving(folder: Path, **chosen: Any) -> AsyncIterator[AsyncClient]:
    """A client of a service without engines."""
    settings = Settings(data_dir=folder, port=0, **chosen)
    async with await EventStore.open(settings.log_path, projections=stored_projections()):
        pass
    async with (
        open_core_read_only(settings) as core,
        listening(settings, core) as url,
        AsyncClient(base_url=url, trust_env=False) as http,
    ):
        yield http


def coming_from(*hops: str) -> dict[str, str]:
    return {"X-Forwarded-For": ", ".join(hops), "X-Forwarded-Proto": "https"}


async def remaining(http: AsyncClient, *hops: str) -> int:
    response = await http.get("/backtests", headers=coming_from(*hops))
    return int(response.headers["X-RateLimit-Remaining"])


async def test_from_anybody_else_it_is_ignored(tmp_path: Path) -> None:
    async with serving(tmp_path, rate_limit=10, trusted_proxies=("192.0.2.0/24",)) as http:
        assert await remaining(http, "203.0.113.1") == 9
        assert await remaining(http, "203.0.113.2") == 8
        assert await remaining(http, "192.0.2.1") == 7


async def test_without_the_setting_it_is_ignored(tmp_path: Path) -> None:
    async with serving(tmp_path, rate_limit=10) as http:
        assert await remaining(http, "203.0.113.1") == 9
        assert await remaining(http, "203.0.113.2") == 8


@pytest.mark.parametrize("proxies", [("127.0.0.1",), ("192.0.2.1", "127.0.0.0/8")])
async def test_each_client_behind_a_trusted_proxy_has_a_limit_of_its_own(
    tmp_path: Path, proxies: tuple[str, ...]
) -> None:
    async with serving(tmp_path, rate_limit=10, trusted_proxies=proxies) as http:
        assert await remaining(http, "203.0.113.1") == 9
        assert await remaining(http, "203.0.113.2") == 9
        assert await remaining(http, "203.0.113.1") == 8


async def test_what_a_client_puts_before_its_own_address_does_not_count(tmp_path: Path) -> None:
    proxies = ("127.0.0.1", "192.0.2.1")
    async with serving(tmp_path, rate_limit=10, trusted_proxies=proxies) as http:
        assert await remaining(http, "203.0.113.1") == 9
        assert await remaining(http, "198.51.100.7", "203.0.113.1") == 8
        assert await remaining(http, "198.51.100.8", "203.0.113.1", "192.0.2.1") == 7


async def test_a_text_that_is_no_address_takes_nothing_from_the_key_of_that_name(
    tmp_path: Path,
) -> None:
    chosen = {"api_keys": ("one",), "trusted_proxies": ("127.0.0.1",)}
    async with serving(tmp_path, rate_limit=10, **chosen) as http:
        assert [await remaining(http, name) for name in ("key-1", "key-1", "other")] == [9, 8, 7]
        known = await http.get("/backtests", headers={"X-API-Key": "one"})
    assert known.headers["X-RateLimit-Remaining"] == "9"


async def test_the_access_log_has_the_clients_address(tmp_path: Path) -> None:
    with captured_log(Settings()) as log:
        async with serving(tmp_path, trusted_proxies=("127.0.0.1",)) as http:
            await http.get("/healthz", headers=coming_from("203.0.113.1"))
            address = websocket_url(str(http.base_url), "/backtests/none/stream")
            headers = coming_from("203.0.113.2")
            async with connect(address, additional_headers=headers, proxy=None) as socket:
                await socket.wait_closed()
    clients = [line["client"] for line in log.of("access")]
    assert clients == ["203.0.113.1", "203.0.113.2"]


async def test_links_have_no_host_that_a_proxy_would_have_to_mend(tmp_path: Path) -> None:
    async with serving(tmp_path, trusted_proxies=("127.0.0.1",)) as http:
        page = await http.get("/", headers=coming_from("203.0.113.1") | {"Accept": "text/html"})
    assert page.headers["Location"] == "/docs"


@pytest.mark.parametrize("wrong", ["proxy.example", "10.0.0.1/8", "*"])
def test_what_is_no_address_is_refused(wrong: str) -> None:
    with pytest.raises(SettingsError, match=r"^BACKTAPE_TRUSTED_PROXIES: .* such as 10\.0\.0\.7"):
        Settings.from_environment({"BACKTAPE_TRUSTED_PROXIES": f"127.0.0.1, {wrong}"})
