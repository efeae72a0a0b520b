"""One append on its way from its caller to the ledger."""

import asyncio
from collections.abc import Sequence

import msgspec

from eventstore.events import Appended, NewEvent


class Append(msgspec.Struct, eq=False):
    """What to append, the bytes of it, and the future that the caller awaits.

    ``deadline`` runs while the append waits for room in the queue.
    """

    stream: str
    events: Sequence[NewEvent]
    expected_version: int
    size: int
    future: asyncio.Future[Appended]
    deadline: asyncio.TimerHandle | None = None
