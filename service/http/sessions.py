"""What goes on for as long as its API key is good: WebSockets and server-sent events."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
from starlette.types import Message, Send

from service.http.keys import ApiKeys

LOOK_SECONDS = 1.0
FAREWELL_SECONDS = 1.0


class Sessions:
    """Ends what was begun with a key when that is revoked or expires.

    One timer looks after all of them, and there is none while there are none.
    """

    def __init__(self, keys: ApiKeys) -> None:
        self._keys = keys
        self._open: dict[str | None, set[Session]] = {}
        self._timer: asyncio.TimerHandle | None = None

    @contextmanager
    def session(self, key: str | None) -> "Iterator[Session]":
        """A block that is cancelled about a second after its key is good no more."""
        with anyio.CancelScope() as scope:
            session = Session(scope)
            self._open.setdefault(key, set()).add(session)
            if self._timer is None:
                self._look_later()
            try:
                yield session
            finally:
                self._open[key].discard(session)
                if not self._open[key]:
                    del self._open[key]

    def _look_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        self._timer = None
        for key, sessions in self._open.items():
            reason = self._keys.refusal_of(key)
            if reason is not None:
                for session in sessions:
                    session.end(reason)
        if self._open:
            self._look_later()


class Session:
    """One of them. ``ended``: why, where its key ended it."""

    def __init__(self, scope: anyio.CancelScope) -> None:
        self._scope = scope
        self.ended: str | None = None

    def end(self, reason: str) -> None:
        """Cancel the block."""
        self.ended = reason
        self._scope.cancel()

    async def farewell(self, send: Send, message: Message) -> None:
        """Send the last message, if the client takes it: one that does not read never would."""
        with anyio.move_on_after(FAREWELL_SECONDS):
            await send(message)
