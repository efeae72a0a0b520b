"""The proxies' configurations under deploy/, each in a real one before a real service."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import msgspec
import pytest
from httpx2 import AsyncClient, AsyncHTTPTransport
from websockets.asyncio.client import connect

from service.client.authorities import trusting
from tests.certificates import Certificates, certificates_in
from tests.end_to_end.processes import Service, free_port

DEPLOY = Path(__file__).parents[2] / "deploy"
KEY = "a-key-that-no-log-may-hold"
CLIENT = "127.0.0.2"  # the proxy's own address, which the service trusts, is another
REQUEST = {
    "symbols": ["A"],
    "start_date": "2020-01-01",
    "end_date": "2021-01-01",
    "data_source": "synthetic",
}
NGINX = """
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{site}
}}
"""
CADDY_OPTIONS = "{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n"


class Proxy(NamedTuple):
    """A proxy before a service: its address, the folder of its logs, whom its clients trust."""

    url: str
    folder: Path
    service: Service
    authority: Path

    def logged(self) -> str:
        return "".join(file.read_text() for file in self.folder.glob("*.log"))


def nginx(folder: Path, made: Certificates, port: int, upstream: int) -> list[str]:
    site = (DEPLOY / "nginx.conf").read_text()
    site = site.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    site = site.replace("127.0.0.1:8000", f"127.0.0.1:{upstream}")
    site = site.replace("/etc/ssl/backtape/certificate.pem", str(made.certificate))
    site = site.replace("/etc/ssl/backtape/key.pem", str(made.key))
    site = site.replace("/var/log/nginx/backtape", f"{folder}/backtape")
    user = "user root;" if os.geteuid() == 0 else ""  # else it could not read its own folder
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, site=site, user=user))
    return ["-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]


def caddy(folder: Path, made: Certificates, port: int, upstream: int) -> list[str]:
    site = (DEPLOY / "Caddyfile").read_text()
    address = f"https://127.0.0.1:{port} {{\n\ttls {made.certificate} {made.key}"
    site = site.replace("backtape.example.com {", address)
    site = site.replace("127.0.0.1:8000", f"127.0.0.1:{upstream}")
    (folder / "Caddyfile").write_text(site.replace("{\n", CADDY_OPTIONS, 1))
    return ["run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


@contextmanager
def running(command: list[str], folder: Path) -> Iterator[None]:
    homes = {name: str(folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    with (folder / "output.log").open("wb") as output:
        process = subprocess.Popen(
            command, env={**os.environ, **homes}, stdout=output, stderr=output
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module", params=[nginx, caddy], ids=["nginx", "caddy"])
def proxy(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    configured = request.param
    program = shutil.which(configured.__name__)
    if program is None:
        pytest.skip(f"there is no {configured.__name__} on this machine")
    folder = tmp_path_factory.mktemp(configured.__name__)
    made = certificates_in(folder)
    told = {"BACKTAPE_API_KEY": KEY, "BACKTAPE_TRUSTED_PROXIES": "127.0.0.1"}
    service = Service(folder / "data", environment={**os.environ, **told})
    port = free_port()
    options = configured(folder, made, port, int(service.url.rpartition(":")[2]))
    with running([program, *options], folder):
        yield Proxy(f"https://127.0.0.1:{port}", folder, service, made.authority)
    service.end()


@pytest.fixture
async def http(proxy: Proxy) -> AsyncClient:
    """A client at an address of its own, of a proxy that has begun to listen."""
    transport = AsyncHTTPTransport(verify=trusting(proxy.authority), local_address=CLIENT)
    headers = {"X-API-Key": KEY, "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"}
    client = AsyncClient(base_url=proxy.url, transport=transport, headers=headers)
    port = int(proxy.url.rpartition(":")[2])
    with anyio.fail_after(10):
        while True:
            try:
                await (await anyio.connect_tcp("127.0.0.1", port)).aclose()
            except OSError:
                await anyio.sleep(0.02)
            else:
                return client


async def test_a_websocket_passes_and_its_key_is_in_no_log(proxy: Proxy, http: AsyncClient) -> None:
    async with http:
        run = (await http.post("/backtests", json=REQUEST)).json()
    stream = f"{proxy.url.replace('http', 'ws', 1)}/backtests/{run['run_id']}/stream"
    tls = trusting(proxy.authority)
    async with connect(f"{stream}?api_key={KEY}", ssl=tls, proxy=None) as socket:
        frames = [msgspec.json.decode(frame) async for frame in socket]
    assert frames[-1]["payload"]["state"] == "completed"
    assert socket.close_code == 1000
    with anyio.fail_after(10):
        while f"/backtests/{run['run_id']}/stream" not in proxy.logged():  # noqa: ASYNC110 (a file)
            await anyio.sleep(0.02)
    assert KEY not in proxy.logged()


async def test_events_leave_as_they_come(http: AsyncClient) -> None:
    streaming = http.stream("GET", "/events", headers={"Accept": "text/event-stream"})
    async with http, streaming as response:
        await http.post("/backtests", json=REQUEST)
        with anyio.fail_after(10):
            assert await anext(response.aiter_text())


async def test_the_service_is_told_the_clients_address_and_not_what_it_claims(
    proxy: Proxy, http: AsyncClient
) -> None:
    async with http:
        response = await http.get("/backtests", headers={"X-Request-ID": "who-is-it"})
    found: list[Any] = []
    with anyio.fail_after(10):
        while not found:  # lines are written a moment after their answers
            await anyio.sleep(0.02)
            lines = [msgspec.json.decode(line) for line in proxy.service.stderr.splitlines()]
            found = [line for line in lines if line.get("request_id") == "who-is-it"]
    (line,) = found
    assert (response.status_code, line["client"]) == (200, CLIENT)


async def test_a_key_is_in_no_log_while_the_service_is_away(
    proxy: Proxy, http: AsyncClient
) -> None:
    proxy.service.end()
    async with http:
        away = await http.get(f"/backtests/while-away/stream?api_key={KEY}")
    assert away.status_code == 502
    with anyio.fail_after(10):
        while "/backtests/while-away/stream" not in proxy.logged():  # noqa: ASYNC110 (a file)
            await anyio.sleep(0.02)
    assert KEY not in proxy.logged()
