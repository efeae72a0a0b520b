"""No API key in a log line, whoever wrote it: the last thing done to a record before it is text."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

from structlog.typing import EventDict, WrappedLogger

from service.keys.key_file import MADE_KEY

HIDDEN = "[redacted]"

_QUERY_KEY = re.compile(r"(?<=[aA][pP][iI]_[kK][eE][yY]=)[^&\s\"'\\]+")


class Redaction:
    """A structlog processor that hides ``keys``, and any ``api_key=`` of a URL, in every value.

    So it does with all that looks like a key of `backtape keys create`, which nobody here knows.
    It runs after exceptions are rendered, and turns what is not plain data into text, so that
    nothing is rendered behind its back.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        spellings = {spelling for key in keys for spelling in _spellings(key)}
        longest_first = sorted(spellings, key=len, reverse=True)
        self._keys = re.compile("|".join([MADE_KEY.pattern, *map(re.escape, longest_first)]))

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """The record without secrets."""
        return {name: self.clean(value) for name, value in event.items()}

    def clean(self, value: Any) -> Any:
        """``value`` as plain data without secrets."""
        if isinstance(value, str):
            return self._hide(value)
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, dict):
            return {self._hide(str(name)): self.clean(item) for name, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.clean(item) for item in value]
        return self._hide(repr(value))

    def _hide(self, text: str) -> str:
        text = self._keys.sub(HIDDEN, text)
        return _QUERY_KEY.sub(HIDDEN, text) if "=" in text else text


def _spellings(key: str) -> set[str]:
    """How a key may look in a log: as it is, in a URL, in a ``repr`` of text or of bytes."""
    return {
        key,
        quote(key),
        quote(key, safe=""),
        quote_plus(key),
        repr(key)[1:-1],
        repr(key.encode())[2:-1],
    }
