"""API keys: which one a request carries, found in constant time, and whether it is still good."""

import hmac
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl

from starlette.types import Scope

from domain.market.moments import iso
from service import clock
from service.keys.key_file import KeysError, digest_of, read_keys
from service.keys.scopes import KeyScope

LOOK_MICROSECONDS = 20_000
MICROSECONDS = 1_000_000

logger = logging.getLogger(__name__)


class Key(NamedTuple):
    """What is known of a key; ``expires_at`` in seconds since the epoch."""

    name: str
    scope: KeyScope
    expires_at: int | None = None
    revoked: bool = False


class ApiKeys:
    """The keys that open the service: those of its settings, and those of the file ``stored``.

    The former may do everything and are called ``key-1``, ``key-2`` … in the order given. The file
    is read again when it has changed: a new key opens at once, a revoked one does not 20 ms later.
    A file that is gone or cannot be read opens nothing, and never opens the service to everybody.
    Raises ``KeysError`` where it cannot be read to begin with.

    ``now`` is in seconds since the epoch.
    """

    def __init__(
        self,
        keys: Sequence[str] = (),
        stored: Path | None = None,
        now: Callable[[], int] = clock.now_seconds,
    ) -> None:
        self._given = {
            digest_of(key.encode()): Key(f"key-{number}", "admin")
            for number, key in enumerate(keys, 1)
        }
        self._stored = stored
        self._now = now
        self._looked_at = 0
        self._version = _version(stored)
        self._problem = ""
        self.required = bool(keys)
        self._take([] if stored is None else _keys_in(stored))

    def find(self, scope: Scope, moment: int) -> Key | None:
        """The key that the request carries, also one that is good no more, or ``None``.

        ``moment``: the monotonic time of the request, in microseconds. A credential is looked for
        by its digest, and compared in whole with what is found, or else with itself: how long it
        takes says nothing about the keys.
        """
        if moment - self._looked_at >= LOOK_MICROSECONDS:
            self._looked_at = moment
            self._read_if_changed()
        if not self.required:
            return None
        found = self._carried(scope)
        if found is None and self._read_if_changed():  # it may have been made a moment ago
            found = self._carried(scope)
        return found

    def refusal(self, key: Key) -> str | None:
        """Why a key is good no more, or ``None`` where it is good."""
        if key.revoked:
            return f"the API key {key.name!r} was revoked"
        if key.expires_at is not None and self._now() >= key.expires_at:
            return f"the API key {key.name!r} expired at {iso(key.expires_at * MICROSECONDS)}"
        return None

    def refusal_of(self, name: str | None) -> str | None:
        """The same of a key by its name; of ``None``, why nobody may do without one."""
        self._read_if_changed()
        if name is None:
            return "an API key is required by now" if self.required else None
        key = self._by_name.get(name)
        return f"the API key {name!r} is not there any more" if key is None else self.refusal(key)

    def _carried(self, scope: Scope) -> Key | None:
        carried = None
        for credential in credentials(scope):
            digest = digest_of(credential)
            known, key = self._by_digest.get(digest, (digest, None))
            if hmac.compare_digest(digest, known) and key is not None:
                if self.refusal(key) is None:
                    return key
                carried = key
        return carried

    def _read_if_changed(self) -> bool:
        version = _version(self._stored)
        if version == self._version or self._stored is None:
            return False
        try:
            self._take(_keys_in(self._stored))
        except (KeysError, OSError) as error:
            self._take([])
            self.required = True
            if str(error) != self._problem:
                logger.error("no stored key is good until this is mended: %s", error)
            self._problem = str(error)
            return True
        self._version, self._problem = version, ""
        return True

    def _take(self, stored: list[tuple[bytes, Key]]) -> None:
        known = [*stored, *self._given.items()]
        self._by_digest = {digest: (digest, key) for digest, key in known}
        self._by_name = {key.name: key for _, key in known}
        # Once there was a key, the service is not open again: neither when the last one is
        # revoked nor when the file is lost.
        self.required = self.required or bool(known)


def credentials(scope: Scope) -> Iterator[bytes]:
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


def _version(path: Path | None) -> tuple[int, int, int] | None:
    """What changes with every change of the file, that of its mode included."""
    try:
        told = None if path is None else path.stat()
    except OSError:
        return None
    return None if told is None else (told.st_ino, told.st_ctime_ns, told.st_size)


def _keys_in(path: Path) -> list[tuple[bytes, Key]]:
    return [
        (
            bytes.fromhex(key.digest),
            Key(key.name, key.scope, key.expires_at, key.revoked_at is not None),
        )
        for key in read_keys(path)
    ]
