"""The access log: a line for each request, at a price that every request can pay."""

import logging

import msgspec
import structlog
from starlette.types import Scope

from domain.market.moments import iso
from service import clock
from service.http.context import RequestContext
from service.logs import cleaner, json_writer

PATH_LOGGED_CHARACTERS_MAX = 200

_encode = msgspec.json.Encoder().encode


class AccessLine(msgspec.Struct):
    """A line as JSON, to the order of its keys what structlog makes of the same request."""

    logger: str
    method: str
    path: str
    status: int | None
    duration_ms: float
    key: str | None
    client: str | None
    event: str
    level: str
    timestamp: str
    request_id: str


class AccessLog:
    """Writes lines, in the way for which logging is configured when this is made.

    JSON does not go through structlog's processors: they would take as long as all else that is
    done about a request. Only what a client chose is looked through for API keys.
    """

    def __init__(self) -> None:
        self._log = structlog.get_logger().bind(logger="access")
        self._is_on = self._log.is_enabled_for(logging.INFO)
        self._clean = cleaner()
        self._write_json = json_writer()

    def write(
        self, event: str, method: str, scope: Scope, context: RequestContext, duration: int
    ) -> None:
        """Write the line of one request, which took ``duration`` microseconds."""
        if not self._is_on:
            return
        path = self._clean(scope["path"])[:PATH_LOGGED_CHARACTERS_MAX]
        duration_ms = duration / 1_000
        client = scope["client"][0] if scope["client"] else None
        if self._write_json is None:
            self._log.info(
                event,
                method=method,
                path=path,
                status=context.status,
                duration_ms=duration_ms,
                key=context.key,
                client=client,
            )
            return
        line = AccessLine(
            "access",
            method,
            path,
            context.status,
            duration_ms,
            context.key,
            client,
            event,
            "info",
            iso(clock.now_microseconds()),
            self._clean(context.request_id) if context.named_by_client else context.request_id,
        )
        self._write_json(_encode(line).decode())
