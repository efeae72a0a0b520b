"""Whose certificates a client believes."""

import ssl
from pathlib import Path

import httpx2

from service.client.errors import ClientError


def trusting(authority: Path | None) -> ssl.SSLContext:
    """A client's side of TLS: believes what the system's authorities signed, or ``authority``.

    Raises ``ClientError`` where the file ``authority`` holds no certificates in PEM form.
    """
    context = httpx2.create_ssl_context(trust_env=False)
    if authority is not None:
        try:
            context.load_verify_locations(authority)
        except OSError as error:  # of OpenSSL, too
            said = error.strerror or "it holds no certificate in PEM form"
            raise ClientError(f"the authorities in {authority} cannot be used: {said}") from error
    return context
