"""Documents too long for memory: in temporary files until they are sent."""

from collections.abc import Iterator
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import NamedTuple

CHUNK_BYTES = 256 * 1024


class LongDocument(NamedTuple):
    """A document in pieces, which lies in temporary ``files`` until those are closed.

    ``length`` is in bytes, where it is known.
    """

    pieces: Iterator[bytes]
    files: ExitStack
    length: int | None = None


def pieces_of(spool: "SpooledTemporaryFile[bytes]") -> Iterator[bytes]:
    """Read a file from its start."""
    spool.seek(0)
    while chunk := spool.read(CHUNK_BYTES):
        yield chunk
