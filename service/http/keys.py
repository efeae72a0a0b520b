"""API keys: which one a request carries, found in constant time."""

import hmac
from collections.abc import Iterator, Sequence
from hashlib import sha256
from urllib.parse import parse_qsl

from starlette.types import Scope


class ApiKeys:
    """The keys that open the service. Names are ``key-1``, ``key-2`` … in the order given."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._digests = [
            (f"key-{number}", _digest(key.encode())) for number, key in enumerate(keys, 1)
        ]

    def __bool__(self) -> bool:
        return bool(self._digests)

    def name_of(self, scope: Scope) -> str | None:
        """The name of the key that the request carries, or ``None``.

        Every credential is compared with every key, whole digests at a time: how long it takes
        says nothing about the keys.
        """
        found = None
        if self._digests:
            for credential in _credentials(scope):
                digest = _digest(credential)
                for name, known in self._digests:
                    if hmac.compare_digest(digest, known):
                        found = name
        return found


def _digest(key: bytes) -> bytes:
    return sha256(key).digest()


def _credentials(scope: Scope) -> Iterator[bytes]:
    """What the request offers: a bearer token, ``X-API-Key``, a WebSocket's ``?api_key=``."""
    for name, value in scope["headers"]:
        if name == b"x-api-key":
            yield value.strip()
        elif name == b"authorization" and value[:7].lower() == b"bearer ":
            yield value[7:].strip()
    if scope["type"] == "websocket":
        for name, text in parse_qsl(scope["query_string"].decode("latin-1")):
            if name == "api_key":
                yield text.encode()
