"""Content codings: which there are, and which of them a client likes best."""

import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Protocol

import zstandard

from service.http.accept import weighed

GZIP_LEVEL = 6
GZIP_WINDOW_BITS = 31  # zlib's largest window, 15, and 16 for gzip's own header
ZSTD_LEVEL = 3


class Compressor(Protocol):
    """Takes a body piece by piece."""

    def compress(self, data: bytes, /) -> bytes:
        """Take the next piece; give what is ready."""

    def flush(self) -> bytes:
        """Give the rest."""


def _zstd() -> Compressor:
    return zstandard.ZstdCompressor(ZSTD_LEVEL).compressobj()


def _gzip() -> Compressor:
    return zlib.compressobj(GZIP_LEVEL, wbits=GZIP_WINDOW_BITS)


CODINGS: Mapping[str, Callable[[], Compressor]] = {"zstd": _zstd, "gzip": _gzip}
"""What begins each coding, the one that we like better first."""


@lru_cache(256)
def preferred_coding(accept_encoding: str) -> str | None:
    """The coding that a client likes best, of equals our first; ``None`` for none at all.

    After RFC 9110, 12.5.3.
    """
    weights = dict(weighed(accept_encoding))
    others = weights.get("*", 0.0)
    best = max(CODINGS, key=lambda coding: weights.get(coding, others))
    weight = weights.get(best, others)
    return best if weight > 0.0 and weight >= weights.get("identity", 0.0) else None
