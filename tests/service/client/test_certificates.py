"""Over TLS the client believes only who a known authority vouches for."""

import asyncio
import ssl
from pathlib import Path

import pytest

from service.client.client import Client
from service.client.errors import ClientError
from tests.certificates import certificates_in


async def test_a_certificate_that_nobody_known_vouches_for_is_refused(tmp_path: Path) -> None:
    made = certificates_in(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)
    server = await asyncio.start_server(
        lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context
    )
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with Client(f"HTTPS://127.0.0.1:{port}") as client:
            with pytest.raises(ClientError, match="certificate verify failed"):
                await client.statuses(limit=1)


def test_a_file_without_authorities_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="no certificate"):
        Client("https://127.0.0.1:1", authority=certificates_in(tmp_path).key)
    with pytest.raises(ClientError, match="No such file"):
        Client("https://127.0.0.1:1", authority=tmp_path / "missing.pem")
