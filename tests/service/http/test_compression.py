"""Answers are compressed where the client takes it and it pays, and are the same answers."""

import gzip
from collections.abc import AsyncIterator, Callable

import pytest
import zstandard
from httpx2 import AsyncClient, RemoteProtocolError, Response
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response as Answer
from starlette.responses import StreamingResponse
from starlette.routing import Route

from service.http import compression
from service.http.codings import CODINGS, Compressor
from service.http.compression import Compression
from service.http.conditional import unmodified
from tests.serving import client_of

LONG = b'{"value": "' + b"word " * 20_000 + b'"}'
TAG = '"log-7"'


async def _long(request: Request) -> Answer:
    media_type = request.query_params.get("type", "application/json")
    return Answer(LONG, media_type=media_type, headers={"Vary": "Accept"})


async def _short(request: Request) -> Answer:
    return Answer(b'{"value": 1}', media_type="application/json")


async def _tagged(request: Request) -> Answer:
    return unmodified(request, TAG) or Answer(
        LONG, headers={"ETag": TAG}, media_type="application/json"
    )


async def _coded(request: Request) -> Answer:
    return Answer(
        gzip.compress(LONG), headers={"Content-Encoding": "gzip"}, media_type="application/json"
    )


async def _empty(request: Request) -> Answer:
    return Answer(status_code=204)


async def _streamed(request: Request) -> Answer:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(LONG), 30_000):
            yield LONG[start : start + 30_000]
            yield b""

    media_type = request.query_params.get("type", "application/x-ndjson")
    headers = {"Content-Length": str(len(LONG)), "ETag": TAG}
    return StreamingResponse(pieces(), headers=headers, media_type=media_type)


async def _broken(request: Request) -> Answer:
    async def pieces() -> AsyncIterator[bytes]:
        yield LONG
        raise ConnectionResetError

    return StreamingResponse(pieces(), media_type="text/csv")


@pytest.fixture
async def client() -> AsyncIterator[AsyncClient]:
    """Of an app behind the layer; it accepts nothing that a test does not name."""
    app = Starlette(
        routes=[
            Route("/long", _long),
            Route("/short", _short),
            Route("/tagged", _tagged),
            Route("/coded", _coded),
            Route("/empty", _empty),
            Route("/streamed", _streamed),
            Route("/broken", _broken),
        ],
        middleware=[Middleware(Compression)],
    )
    async with client_of(app, headers={"Accept-Encoding": "identity"}) as client:
        yield client


async def raw(
    client: AsyncClient, path: str, accepted: str, **headers: str
) -> tuple[Response, bytes]:
    """An answer, and its body as it came."""
    async with client.stream("GET", path, headers={"Accept-Encoding": accepted} | headers) as given:
        return given, b"".join([piece async for piece in given.aiter_raw()])


def _unzstd(packed: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(packed)


UNPACK: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "zstd": _unzstd}


@pytest.mark.parametrize("coding", UNPACK)
async def test_a_long_text_is_compressed(client: AsyncClient, coding: str) -> None:
    response, body = await raw(client, "/long", coding)
    assert response.headers["Content-Encoding"] == coding
    assert response.headers["Vary"] == "Accept, Accept-Encoding"
    assert int(response.headers["Content-Length"]) == len(body) < len(LONG) / 100
    assert UNPACK[coding](body) == LONG


@pytest.mark.parametrize("coding", UNPACK)
@pytest.mark.parametrize("path", ["/streamed", "/streamed?type=text/csv"])
async def test_a_stream_is_compressed_as_it_comes(
    client: AsyncClient, path: str, coding: str
) -> None:
    response, body = await raw(client, path, coding)
    assert response.headers["Content-Encoding"] == coding
    assert "Content-Length" not in response.headers
    assert response.headers["ETag"] == f'"log-7-{coding}"'
    assert UNPACK[coding](body) == LONG


@pytest.mark.parametrize(
    ("path", "accepted"),
    [
        ("/long", ""),
        ("/long", "identity"),
        ("/long", "gzip;q=0, br"),
        ("/long?type=application/vnd.apache.parquet", "gzip"),
        ("/long?type=application/vnd.apache.arrow.stream", "zstd"),
        ("/streamed?type=text/event-stream", "gzip, zstd"),
        ("/streamed?type=text/event-stream; charset=utf-8", "gzip, zstd"),
    ],
)
async def test_what_is_not_to_be_compressed_goes_as_it_is(
    client: AsyncClient, path: str, accepted: str
) -> None:
    response, body = await raw(client, path, accepted)
    assert "Content-Encoding" not in response.headers
    assert body == LONG
    assert int(response.headers["Content-Length"]) == len(LONG)


async def test_a_short_text_is_not_worth_it(client: AsyncClient) -> None:
    response, body = await raw(client, "/short", "gzip")
    assert body == b'{"value": 1}'
    assert not {"Content-Encoding", "Vary"} & set(response.headers)


async def test_what_is_coded_already_is_not_coded_again(client: AsyncClient) -> None:
    response, body = await raw(client, "/coded", "zstd")
    assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == LONG


async def test_an_answer_without_a_body_has_no_coding(client: AsyncClient) -> None:
    response, body = await raw(client, "/empty", "gzip")
    assert (response.status_code, body) == (204, b"")
    assert "Content-Encoding" not in response.headers


async def test_a_head_has_the_headers_of_a_get(client: AsyncClient) -> None:
    get, _ = await raw(client, "/tagged", "gzip")
    head = await client.head("/tagged", headers={"Accept-Encoding": "gzip"})
    assert head.content == b""
    for name in ("Content-Encoding", "Content-Length", "ETag", "Vary"):
        assert head.headers[name] == get.headers[name]


async def test_each_variant_has_a_tag_of_its_own(client: AsyncClient) -> None:
    tags = [(await raw(client, "/tagged", each))[0].headers["ETag"] for each in ("", *UNPACK)]
    assert tags == [TAG, '"log-7-gzip"', '"log-7-zstd"']


@pytest.mark.parametrize("coding", ["", *UNPACK])
async def test_whoever_has_a_variant_is_not_sent_it_again(client: AsyncClient, coding: str) -> None:
    tag = (await raw(client, "/tagged", coding))[0].headers["ETag"]
    again, body = await raw(client, "/tagged", coding, **{"If-None-Match": f'"x", W/{tag}'})
    assert (again.status_code, body, again.headers["ETag"]) == (304, b"", tag)
    assert "Content-Encoding" not in again.headers


async def test_a_variant_of_another_version_is_no_match(client: AsyncClient) -> None:
    again, _ = await raw(client, "/tagged", "gzip", **{"If-None-Match": '"log-6-gzip"'})
    assert again.status_code == 200


async def test_a_variant_with_a_tag_is_made_once(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []

    def counted(coding: str) -> Callable[[], Compressor]:
        def begin() -> Compressor:
            begun.append(coding)
            return CODINGS[coding]()

        return begin

    monkeypatch.setattr(compression, "CODINGS", {coding: counted(coding) for coding in CODINGS})
    for coding in ("gzip", "gzip", "zstd", "gzip", "zstd"):
        response, body = await raw(client, "/tagged", coding)
        assert UNPACK[coding](body) == LONG
        assert response.headers["ETag"] == f'"log-7-{coding}"'
    assert begun == ["gzip", "zstd"]
    await raw(client, "/long", "gzip")
    await raw(client, "/long", "gzip")
    assert begun == ["gzip", "zstd", "gzip", "gzip"]


@pytest.mark.parametrize("path", ["/long", "/tagged", "/streamed"])
async def test_the_plain_variant_too_says_that_there_are_others(
    client: AsyncClient, path: str
) -> None:
    response, body = await raw(client, path, "identity")
    assert body == LONG
    assert response.headers["Vary"].endswith("Accept-Encoding")


async def test_what_is_never_compressed_does_not_vary(client: AsyncClient) -> None:
    for path in ("/short", "/coded", "/long?type=application/vnd.apache.parquet"):
        response, _ = await raw(client, path, "")
        assert "Accept-Encoding" not in response.headers.get("Vary", "")


async def test_several_lines_of_codings_are_one_list(client: AsyncClient) -> None:
    lines = [("Accept-Encoding", "gzip"), ("Accept-Encoding", "br, zstd;q=0.5")]
    async with client.stream("GET", "/long", headers=lines) as response:
        assert response.headers["Content-Encoding"] == "gzip"


async def test_a_stream_that_breaks_off_is_no_whole_answer(client: AsyncClient) -> None:
    with pytest.raises(RemoteProtocolError):
        await raw(client, "/broken", "gzip")
