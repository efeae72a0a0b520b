"""How much, how often and how slowly one connection may send."""

from typing import NamedTuple


class ConnectionLimits(NamedTuple):
    """What a connection may ask of the server before it is refused.

    The bytes of a header are those of its name and value; a head's are those of all headers.
    A body is given ``body_seconds`` and one second more for each ``body_bytes_per_second`` of it.
    ``idle_seconds``: how long a connection is kept for the next request. It is longer than what
    proxies keep theirs, so that none sends a request into a connection that is being closed.
    ``message_seconds``: how long one message of a WebSocket may take.
    """

    target_bytes_max: int = 8_000
    header_bytes_max: int = 8_000
    headers_max: int = 100
    head_bytes_max: int = 32_000
    head_seconds: float = 10
    body_seconds: float = 20
    body_bytes_per_second: int = 16 * 1024
    idle_seconds: float = 75
    requests_ahead_max: int = 100
    frames_per_second: int = 100
    message_seconds: float = 30
