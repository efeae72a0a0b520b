"""Where a page ended, as a text that means nothing to whoever carries it."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from service.http.errors import BadRequestError

SEAL_BYTES = 16
CURSOR_CHARACTERS_MAX = 512
BEGIN_ANEW = "leave it out to begin anew"

CursorText: TypeAlias = Annotated[str, Meta(min_length=1, max_length=CURSOR_CHARACTERS_MAX)]


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Between two pages of what stood in the log at ``position``; ``total`` items, if counted.

    ``after`` is the sort key of the last item shown.
    """

    position: int
    after: tuple[int | float | str, ...]
    total: int | None = None


class _Content(msgspec.Struct, frozen=True, array_like=True):
    log_id: str
    of: bytes
    place: Place


class Cursors:
    """Writes and reads the cursors of one log.

    A cursor is sealed with a MAC, so that only what this service wrote is read, by whichever of its
    processes: ``secret`` has to be the same in all of them.
    """

    def __init__(self, log_id: str, secret: bytes) -> None:
        self._log_id = log_id
        self._key = hmac.digest(secret, b"backtape cursors", "sha256")
        self._decode = msgspec.msgpack.Decoder(_Content).decode

    def write(self, of: str, place: Place) -> str:
        """The cursor for ``place``. ``of`` says what is paged: a path, its filters, its order."""
        content = msgspec.msgpack.encode(_Content(self._log_id, _digest(of), place))
        return _text(self._seal(content) + content)

    def read(self, text: str, of: str) -> Place:
        """The place that was written. Raises 400 for what no page of ``of`` gave."""
        sealed = _bytes(text)
        seal, content = sealed[:SEAL_BYTES], sealed[SEAL_BYTES:]
        # Spelt anew, for several texts may stand for the same bytes.
        if _text(sealed) != text or not hmac.compare_digest(seal, self._seal(content)):
            raise BadRequestError(
                "cursor: it was changed, or is not one of this service; take it as it stands from "
                f'Link: rel="next", or {BEGIN_ANEW}'
            )
        known = self._decode(content)
        if known.log_id != self._log_id:
            raise BadRequestError(
                f"cursor: it is of the log {known.log_id}, this one is {self._log_id}; {BEGIN_ANEW}"
            )
        if known.of != _digest(of):
            raise BadRequestError(
                "cursor: it is of another list; only limit may differ from the query that it was "
                f"given for, or {BEGIN_ANEW}"
            )
        return known.place

    def _seal(self, content: bytes) -> bytes:
        return hmac.digest(self._key, content, "sha256")[:SEAL_BYTES]


def _text(sealed: bytes) -> str:
    return urlsafe_b64encode(sealed).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:  # binascii's too
        return b""


def _digest(of: str) -> bytes:
    return sha256(of.encode()).digest()[:8]
