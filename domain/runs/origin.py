"""Where a run or an optimization comes from: what its first event says of the request."""

import msgspec
from msgspec import UNSET, UnsetType


class Idempotency(msgspec.Struct, frozen=True):
    """A request that may come again, as two SHA-256, hexadecimal.

    ``key``: of the key that names the request, and of whose it is. ``request``: of what was asked.
    """

    key: str
    request: str


class Origin(msgspec.Struct, frozen=True):
    """Who asked. ``key``: the name of the API key, never the key itself.

    ``idempotency``: where the client gave the request a key of its own.
    """

    key: str | UnsetType = UNSET
    idempotency: Idempotency | UnsetType = UNSET

    @property
    def known(self) -> "Origin | UnsetType":
        """Itself, or nothing at all where nothing is known: the log then has no word of it."""
        return UNSET if self == Origin() else self


class _Beginning(msgspec.Struct, frozen=True):
    origin: Origin | UnsetType = UNSET


_decode = msgspec.json.Decoder(_Beginning).decode


def origin_of(payload: bytes) -> Origin | UnsetType:
    """Read the origin out of a first event, whichever kind of stream it begins."""
    return _decode(payload).origin


def name_of_maker(origin: Origin | UnsetType) -> str | None:
    """Name the API key that a run was made with; ``None`` where there was none."""
    return None if origin is UNSET or origin.key is UNSET else origin.key
