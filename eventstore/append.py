"""One append on its way from its caller to the ledger."""

import asyncio
from collections.abc import Sequence

import msgspec

from eventstore.events import Appended, NewEvent


class Append(msgspec.Struct, eq=False):
    """What to append, its bytes of payload and attachment, and the future its caller awaits."""

    stream: str
    events: Sequence[NewEvent]
    expected_version: int
    size: int
    future: asyncio.Future[Appended]
