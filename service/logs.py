"""One stream of log lines: the service's own and those of its libraries, in the same shape."""

import asyncio
import logging
import sys
from collections import deque
from collections.abc import Callable
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
    output = _Output(stream or sys.stderr)
    level = _LEVELS[settings.log_level]
    shared: list[Processor] = [
        structlog.processors.add_log_level,
        _add_timestamp,
        _add_request_id,
    ]
    finish: list[Processor] = [
        structlog.processors.format_exc_info,
        Redaction(settings.api_keys),
        _renderer(settings.log_format, output),
    ]
    structlog.configure(
        processors=shared + finish,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", output)),
        cache_logger_on_first_use=False,
    )
    _configure_standard_library(level, cast("TextIO", output), shared, finish)


def cleaner() -> Callable[[str], str]:
    """What takes API keys out of a text, as logging is configured.

    For who cuts a text before it is logged, and might cut a key in two.
    """
    processors = structlog.get_config()["processors"]
    return next((each.clean for each in processors if isinstance(each, Redaction)), str)


def json_writer() -> Callable[[str], None] | None:
    """What writes lines of JSON that a caller has made himself, free of keys, where lines are JSON.

    It is given a line without its end, on the event loop, and writes it by the end of the loop's
    pass: what many requests have to say takes one system call.
    """
    render = structlog.get_config()["processors"][-1]
    return render.write_soon if isinstance(render, _JsonRenderer) else None


class _Output:
    """Where lines go. One that cannot be written (a full disk) is lost, and breaks nothing."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._waiting: deque[str] = deque()  # any thread may empty it

    def write_soon(self, line: str) -> None:
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self.flush)
        self._waiting.append(line)

    def write(self, text: str) -> None:
        self._write_waiting()
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        self._write_waiting()
        with suppress(OSError):
            self._stream.flush()

    def _write_waiting(self) -> None:
        lines = []
        with suppress(IndexError):
            while True:
                lines.append(self._waiting.popleft())
        if lines:
            with suppress(OSError):
                self._stream.write("\n".join(lines) + "\n")


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


class _JsonRenderer:
    def __init__(self, output: _Output) -> None:
        self.write_soon = output.write_soon

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> str:
        return msgspec.json.encode(event).decode()


def _renderer(log_format: str, output: _Output) -> Processor:
    if log_format == "json":
        return _JsonRenderer(output)
    return structlog.dev.ConsoleRenderer(
        colors=False,
        pad_event_to=0,
        repr_native_str=True,
        exception_formatter=structlog.dev.plain_traceback,
    )
