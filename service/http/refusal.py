"""The answer to what is no request, or none that ends: it never reaches the app."""

import secrets
from contextvars import copy_context
from http import HTTPStatus
from typing import NamedTuple

import msgspec
import structlog

from service.http.context import Header
from service.http.edge import SECURITY_HEADERS
from service.logs import REQUEST_ID


class Refusal(NamedTuple):
    """A status and what the client is told."""

    status: int
    detail: str


def answer(refusal: Refusal, request_id: str, default_headers: list[Header]) -> bytes:
    """The whole response, as every other one of the service looks; the connection closes."""
    body = msgspec.json.encode({"detail": refusal.detail})
    headers = [
        *default_headers,
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
        (b"x-request-id", request_id.encode()),
        *SECURITY_HEADERS,
    ]
    status = HTTPStatus(refusal.status)
    lines = [b"HTTP/1.1 %d %s" % (status, status.phrase.encode())]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join([*lines, b"", body])


def log_refusal(refusal: Refusal, client: tuple[str, int] | None) -> str:
    """Write the line of a refusal to the access log; gives the request id made up for it."""
    request_id = secrets.token_hex(16)
    copy_context().run(_write_line, refusal, client, request_id)
    return request_id


def _write_line(refusal: Refusal, client: tuple[str, int] | None, request_id: str) -> None:
    REQUEST_ID.set(request_id)  # what is set here may be an earlier request's
    structlog.get_logger().info(
        "refused",
        logger="access",
        status=refusal.status,
        detail=refusal.detail,
        client=client and client[0],
    )
