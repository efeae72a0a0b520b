"""Answers as gzip or zstd, where the client takes it and it pays."""

import re
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import anyio
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.http.codings import CODINGS, Compressor, preferred_coding
from service.kept import Kept

BODY_BYTES_MIN = 1_024
INLINE_BYTES_MAX = 16 * 1024  # up to here a thread costs more than the work
KEPT_BYTES_MAX = 32 * 1024 * 1024
TEXT = (b"application/json", b"application/x-ndjson", b"text/")
EVENT_STREAM = b"text/event-stream"  # each event is to be read as soon as it is sent
CONDITIONS = frozenset({b"if-none-match", b"if-match"})

Variants: TypeAlias = Kept[tuple[str, bytes, str, str]]
"""Compressed bodies by path, query, entity tag and coding."""

_VARIANT_TAG = re.compile(rf'-({"|".join(CODINGS)})"'.encode())


class Compression:
    """Compresses bodies of text from 1 KiB on, for clients that send ``Accept-Encoding``.

    A compressed variant of what has a strong ETag has one of its own, ``"x-gzip"`` beside ``"x"``
    (RFC 9110, 8.8.3.3), and is kept to be sent again. From requests the suffix is taken off.
    Every variant has ``Vary: Accept-Encoding``, the plain one too.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._variants: Variants = Kept(KEPT_BYTES_MAX)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        accepted, plain, known = b"", scope, b""
        for name, value in scope["headers"]:
            if name == b"accept-encoding":
                accepted = b"%b,%b" % (accepted, value) if accepted else value
            elif name in CONDITIONS and _VARIANT_TAG.search(value):
                plain, known = _with_plain_tags(scope), value
        coding = preferred_coding(accepted.decode("latin-1")) if accepted else None
        if coding is None:
            send = _naming_variants(send)
        else:
            send = _Answer(scope, send, coding, known, self._variants).send
        await self._app(plain, receive, send)


class _Answer:
    """One answer on its way. Its start waits for the first piece of the body.

    ``known``: the header with tags of variants that the client has, if it sent one.
    """

    def __init__(
        self, scope: Scope, send: Send, coding: str, known: bytes, variants: Variants
    ) -> None:
        self._scope = scope
        self._send = send
        self._coding = coding
        self._known = known
        self._variants = variants
        self._start: Message | None = None
        self._compressor: Compressor | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif self._start is not None:
            await self._first(self._start, message)
        elif self._compressor is not None:
            await self._next(self._compressor, message)
        else:
            await self._send(message)

    async def _begin(self, start: Message) -> None:
        if start["status"] == 304 and self._known:
            await self._send(self._not_modified(start))
        elif _is_text(start):
            self._start = start
        else:
            await self._send(start)

    async def _first(self, start: Message, message: Message) -> None:
        self._start = None
        body, more = message.get("body", b""), message.get("more_body", False)
        if len(body) < BODY_BYTES_MIN and not more:
            await self._send(start)
            await self._send(message)
            return
        headers = MutableHeaders(raw=list(start["headers"]))
        headers.add_vary_header("Accept-Encoding")
        if more:
            self._compressor = CODINGS[self._coding]()
            del headers["Content-Length"]
        else:
            body = await self._packed(headers.get("ETag"), body)
            headers["Content-Length"] = str(len(body))
        headers["Content-Encoding"] = self._coding
        if tag := self._variant_of(headers.get("ETag", "")):
            headers["ETag"] = tag
        await self._send({**start, "headers": headers.raw})
        if self._compressor is not None:
            await self._next(self._compressor, message)
        else:
            await self._send({**message, "body": body})

    async def _next(self, compressor: Compressor, message: Message) -> None:
        more = message.get("more_body", False)
        packed = await _off_the_loop(compressor.compress, message.get("body", b""))
        if not more:
            packed += compressor.flush()
        if packed or not more:
            await self._send({**message, "body": packed})

    async def _packed(self, tag: str | None, body: bytes) -> bytes:
        if tag is None:
            return await _off_the_loop(self._compress, body)
        key = self._scope["path"], self._scope["query_string"], tag, self._coding
        packed = self._variants.find(key)
        if packed is None:
            packed = await _off_the_loop(self._compress, body)
            self._variants.keep(key, packed)
        return packed

    def _compress(self, body: bytes) -> bytes:
        compressor = CODINGS[self._coding]()
        return compressor.compress(body) + compressor.flush()

    def _not_modified(self, start: Message) -> Message:
        """Name the variant that the client has."""
        headers = MutableHeaders(raw=list(start["headers"]))
        tag = self._variant_of(headers.get("ETag", ""))
        if tag and tag.encode() in self._known:
            headers["ETag"] = tag
            headers.add_vary_header("Accept-Encoding")
        return {**start, "headers": headers.raw}

    def _variant_of(self, tag: str) -> str | None:
        return f'{tag[:-1]}-{self._coding}"' if tag.startswith('"') else None


def _naming_variants(send: Send) -> Send:
    """Say of what goes out as it is, too, that others are sent it compressed."""

    def send_naming_variants(message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start" and _varies(message):
            headers = MutableHeaders(raw=list(message["headers"]))
            headers.add_vary_header("Accept-Encoding")
            message = {**message, "headers": headers.raw}
        return send(message)

    return send_naming_variants


async def _off_the_loop(work: Callable[[bytes], bytes], body: bytes) -> bytes:
    if len(body) <= INLINE_BYTES_MAX:
        return work(body)
    return await anyio.to_thread.run_sync(work, body)


def _varies(start: Message) -> bool:
    return start["status"] != 304 and _is_long(start) and _is_text(start)


def _is_long(start: Message) -> bool:
    for name, value in start["headers"]:
        if name == b"content-length":
            return int(value) >= BODY_BYTES_MIN
    return True  # a stream, or without a body and then no text


def _is_text(start: Message) -> bool:
    media_type = b""
    for name, value in start["headers"]:
        if name == b"content-encoding":
            return False
        if name == b"content-type":
            media_type = value
    return media_type.startswith(TEXT) and not media_type.startswith(EVENT_STREAM)


def _with_plain_tags(scope: Scope) -> Scope:
    headers = [
        (name, _VARIANT_TAG.sub(b'"', value) if name in CONDITIONS else value)
        for name, value in scope["headers"]
    ]
    return {**scope, "headers": headers}
