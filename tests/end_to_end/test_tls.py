"""A service with a certificate: https and wss, for the commands as for any client."""

import os
from collections.abc import Iterator

import msgspec
import pytest

from service.client.client import Client
from tests.certificates import Certificates, certificates_in
from tests.end_to_end.processes import Service, backtape
from tests.serving import exchange

REQUEST = {
    "symbols": ["A"],
    "start_date": "2020-01-01",
    "end_date": "2021-01-01",
    "data_source": "synthetic",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates_in(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def service(made: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    environment = {
        **os.environ,
        "BACKTAPE_TLS_CERTIFICATE": str(made.certificate),
        "BACKTAPE_TLS_KEY": str(made.key),
    }
    service = Service(tmp_path_factory.mktemp("data"), environment=environment)
    yield service
    service.end()


async def test_a_run_is_made_and_followed_over_tls(service: Service, made: Certificates) -> None:
    assert service.url.startswith("https://127.0.0.1:")
    async with Client(service.url, authority=made.authority) as client:
        run = await client.create(REQUEST)
        events = [event async for event in client.follow(run["run_id"])]
    assert events[-1].payload["state"] == "completed"


def test_a_command_trusts_the_authority_of_the_settings(
    service: Service, made: Certificates
) -> None:
    trusting = {**os.environ, "BACKTAPE_TLS_AUTHORITY": str(made.authority)}
    told = backtape("runs", "--url", service.url, "--json", environment=trusting)
    assert told.returncode == 0, told.stderr
    assert isinstance(msgspec.json.decode(told.stdout), list)


async def test_plain_http_gets_no_answer(service: Service) -> None:
    plain = service.url.replace("https", "http")
    assert b"HTTP" not in await exchange(plain, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
