"""One stream of log lines: the service's own and those of its libraries, in the same shape."""

import asyncio
import logging
import sys
from contextlib import suppress
from contextvars import ContextVar
from typing import TextIO, cast

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from domain.market.moments import iso
from service import clock
from service.redaction import Redaction
from service.settings import Settings

REQUEST_ID: ContextVar[str] = ContextVar("request_id")
"""Set in the task of a request: every line that comes of it carries its id."""

_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def configure_logging(settings: Settings, stream: TextIO | None = None) -> None:
    """Send every log line of this process to ``stream`` (standard error), free of API keys.

    Structlog's loggers and the standard library's go through the same processors. Call it once,
    before the app is built; the server must be told to leave logging alone (``log_config=None``).
    """
    output = cast("TextIO", _Output(stream or sys.stderr))
    level = _LEVELS[settings.log_level]
    shared: list[Processor] = [
        structlog.processors.add_log_level,
        _add_timestamp,
        _add_request_id,
    ]
    finish: list[Processor] = [
        structlog.processors.format_exc_info,
        Redaction(settings.api_keys),
        _renderer(settings.log_format),
    ]
    structlog.configure(
        processors=shared + finish,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(output),
        cache_logger_on_first_use=False,
    )
    _configure_standard_library(level, output, shared, finish)


class _Output:
    """Where lines go. One that cannot be written (a full disk) is lost, and breaks nothing."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def _configure_standard_library(
    level: int, output: TextIO, shared: list[Processor], finish: list[Processor]
) -> None:
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *finish],
        )
    )
    handler.addFilter(_is_not_a_handshake)
    handler.addFilter(_is_not_a_farewell)
    root = logging.getLogger()
    root.handlers = [handler]
    # Below INFO libraries print what they receive, credentials and all.
    root.setLevel(max(level, logging.INFO))
    access = logging.getLogger("uvicorn.access")  # the access log is ours, without queries
    access.handlers = []
    access.propagate = False


def _is_not_a_handshake(record: logging.LogRecord) -> bool:
    """Uvicorn's line for a WebSocket prints the whole URL, where a browser puts its API key."""
    return '"WebSocket %s"' not in str(record.msg)


def _is_not_a_farewell(record: logging.LogRecord) -> bool:
    """Who does not read is cut off when the service stops: that is no error of its request."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def _add_timestamp(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    event["timestamp"] = iso(clock.now_microseconds())
    return event


def _add_request_id(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    request_id = REQUEST_ID.get(None)
    if request_id is not None:
        event["request_id"] = request_id
    return event


def _renderer(log_format: str) -> Processor:
    if log_format == "json":
        return _render_json
    return structlog.dev.ConsoleRenderer(
        colors=False,
        pad_event_to=0,
        repr_native_str=True,
        exception_formatter=structlog.dev.plain_traceback,
    )


def _render_json(logger: WrappedLogger, method: str, event: EventDict) -> str:
    return msgspec.json.encode(event).decode()
