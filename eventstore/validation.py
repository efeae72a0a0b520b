"""What an append may hold; checked before it is queued, so that the writer meets no surprises."""

from collections.abc import Sequence

from eventstore.errors import InvalidArgument
from eventstore.events import NewEvent
from eventstore.limits import Limits


def checked_size(
    stream: str, events: Sequence[NewEvent], expected_version: int, limits: Limits
) -> int:
    """The append's bytes of payload and attachment. Raises ``InvalidArgument``."""
    _check_name("stream name", stream, limits.stream_bytes_max)
    if type(expected_version) is not int or expected_version < 0:
        raise InvalidArgument(f"expected_version is {expected_version!r}, it must be an int >= 0")
    if not 0 < len(events) <= limits.append_events_max:
        raise InvalidArgument(
            f"{len(events)} events in one append, between 1 and {limits.append_events_max} may be"
        )
    size = 0
    for event in events:
        if type(event) is not NewEvent:
            raise InvalidArgument(f"an append takes NewEvent, not {type(event).__name__}")
        _check_name("event type", event.type, limits.type_bytes_max)
        size += _byte_count("payload", event.payload)
        if event.attachment is not None:
            size += _byte_count("attachment", event.attachment)
    if size > limits.append_bytes_max:
        raise InvalidArgument(f"{size} bytes in one append, the limit is {limits.append_bytes_max}")
    return size


def check_page(after: int, limit: int) -> None:
    """Raise ``InvalidArgument`` for a cursor below 0 or a page of no events."""
    if after < 0 or limit < 1:
        raise InvalidArgument(
            f"a page of {limit} events after {after}: at least 1, after 0 or more"
        )


def _check_name(what: str, name: str, bytes_max: int) -> None:
    if type(name) is not str:
        raise InvalidArgument(f"the {what} is {type(name).__name__}, it must be str")
    try:
        length = len(name) if name.isascii() else len(name.encode())
    except UnicodeEncodeError as error:
        raise InvalidArgument(f"the {what} {name!r} cannot be written as UTF-8") from error
    if not 0 < length <= bytes_max or "\0" in name:
        raise InvalidArgument(
            f"the {what} {name!r} must have 1 to {bytes_max} bytes of UTF-8 and no NUL"
        )


def _byte_count(what: str, value: bytes) -> int:
    if type(value) is not bytes:
        raise InvalidArgument(f"the {what} is {type(value).__name__}, it must be bytes")
    return len(value)
