"""What this process logs while a test runs."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import structlog

from service.logs import configure_logging
from service.settings import Settings
from tests.witness import given, written


class LogCapture:
    """The log as text and, where it is JSON, as records."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def records(self) -> list[dict[str, Any]]:
        return [msgspec.json.decode(line) for line in self.text.splitlines()]

    def of(self, logger: str) -> list[dict[str, Any]]:
        """The records that ``logger`` wrote."""
        return [record for record in self.records if record.get("logger") == logger]


@contextmanager
def captured_log(settings: Settings) -> Iterator[LogCapture]:
    """Log as ``settings`` say, into memory, and leave logging as it was found."""
    root, access = logging.getLogger(), logging.getLogger("uvicorn.access")
    handlers, level, propagate = root.handlers, root.level, access.propagate
    given(settings.api_keys)
    capture = LogCapture()
    configure_logging(settings, capture.stream)
    try:
        yield capture
    finally:
        written(capture.text, "a captured log")
        root.handlers, root.level, access.propagate = handlers, level, propagate
        structlog.reset_defaults()
