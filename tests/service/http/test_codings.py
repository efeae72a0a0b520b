"""Which content coding a client gets, by what its ``Accept-Encoding`` says."""

import gzip

import pytest
import zstandard

from service.http.codings import CODINGS, preferred_coding


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("GZIP;q=1.0", "gzip"),
        ("gzip;q=1, zstd;q=0.9", "gzip"),
        ("*", "zstd"),
        ("*;q=0.5, gzip;q=0.6", "gzip"),
        ("zstd;q=0, *", "gzip"),
        ("identity;q=0.5, gzip", "gzip"),
        ("identity, gzip;q=0.5", None),
        ("gzip;q=0", None),
        ("*;q=0", None),
        ("br, deflate", None),
        ("identity", None),
        ("", None),
        ("gzip;q=", None),
        (";;,,", None),
    ],
)
def test_the_coding_that_the_client_likes_best(accepted: str, coding: str | None) -> None:
    assert preferred_coding(accepted) == coding


@pytest.mark.parametrize("coding", CODINGS)
def test_what_is_coded_piece_by_piece_is_whole(coding: str) -> None:
    compressor = CODINGS[coding]()
    packed = compressor.compress(b"one " * 1_000) + compressor.compress(b"two") + compressor.flush()
    unpack = {"gzip": gzip.decompress, "zstd": _unzstd}[coding]
    assert unpack(packed) == b"one " * 1_000 + b"two"
    assert len(packed) < 100


def _unzstd(packed: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(packed)
