"""How many connections there may be, and how much, how often and how slowly one may send."""

import resource
import sys
from typing import NamedTuple

FILES_KEPT = 4_096  # for the log, engines, results, and the 2,048 that may be accepted at once


class ConnectionLimits(NamedTuple):
    """What a connection may ask of the server before it is refused.

    The bytes of a header are those of its name and value; a head's are those of all headers.
    A body is given ``body_seconds`` and one second more for each ``body_bytes_per_second`` of it.
    ``idle_seconds``: how long a connection is kept for the next request. It is longer than what
    proxies keep theirs, so that none sends a request into a connection that is being closed.
    ``unread_seconds``: how long a client without a key may leave its answers unread.
    ``message_seconds``: how long one message of a WebSocket may take. ``connections_max``: how many
    connections there may be; ``None`` for as many as the system has files for.
    """

    connections_max: int | None = None
    target_bytes_max: int = 8_000
    header_bytes_max: int = 8_000
    headers_max: int = 100
    head_bytes_max: int = 32_000
    head_seconds: float = 10
    body_seconds: float = 20
    body_bytes_per_second: int = 16 * 1024
    idle_seconds: float = 75
    requests_ahead_max: int = 100
    unread_seconds: float = 60
    frames_per_second: int = 100
    message_seconds: float = 30

    def may_be_open(self, connections: int) -> bool:
        """Whether there may be so many connections."""
        most = self.connections_max
        if most is None:
            files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
            is_unlimited = files == resource.RLIM_INFINITY
            most = sys.maxsize if is_unlimited else max(files - FILES_KEPT, files // 2)
        return connections <= most
