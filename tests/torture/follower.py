"""Clients that follow: one run with little patience, or the whole log for as long as it goes."""

from contextlib import aclosing
from random import Random

import anyio
from httpx2 import AsyncClient

from tests.torture.connections import (
    BROKEN,
    CURSOR_BEYOND_HEAD,
    NORMAL,
    SERVICE_RESTART,
    TRY_AGAIN_LATER,
    Closed,
    over_http,
    over_socket,
)
from tests.torture.witness import Violation, Witness

RETRY_SECONDS = 0.05
PATIENCE_FRAMES_MAX = 60
ENDLESS = 1_000_000_000
HEARTBEAT = '{"type":"heartbeat"'
FAR_BEYOND = 1_000_000


class Follower:
    """A client of one run that keeps the number of its last event and breaks off all the time."""

    def __init__(self, http: AsyncClient, witness: Witness, run_id: str, seed: int) -> None:
        self._http = http
        self._witness = witness
        self._run_id = run_id
        self._chance = Random(seed)
        self._name = f"follower {seed}"
        self._last = 0
        self._ended = False

    async def follow(self) -> None:
        """Connect, read a while, break off, again and again, until the run has ended.

        Then read it once more from end to end.
        """
        while not self._ended:
            patience = self._chance.randint(1, PATIENCE_FRAMES_MAX)
            await self._connect(self._choose_cursor(), patience)
        while await self._connect(0, ENDLESS) != self._last:
            continue

    def _choose_cursor(self) -> int:
        mood = self._chance.random()
        if mood < 0.8:
            return self._last
        return self._chance.randint(0, self._last) if mood < 0.95 else self._last + FAR_BEYOND

    async def _connect(self, cursor: int, patience: int) -> int:
        """Read on from ``cursor`` until the connection or the patience ends; where that was."""
        path = f"/backtests/{self._run_id}"
        if self._chance.random() < 0.5:
            frames = over_http(self._witness, self._http, f"{path}/events", cursor)
        else:
            address = str(self._http.base_url).rstrip("/") + path
            abrupt = self._chance.random() < 0.5
            options = self._chance.choice(["", self._witness.known_log, "&heartbeat=1"])
            frames = over_socket(self._witness, address, cursor, options, abrupt=abrupt)
        try:
            async with aclosing(frames):
                async for text in frames:
                    cursor = self._note(cursor, text)
                    patience -= 1
                    if patience == 0:
                        await self._dawdle()
                        break
        except Closed as closed:
            self._require_lawful(closed, cursor)
            await anyio.sleep(RETRY_SECONDS)
        return cursor

    def _note(self, cursor: int, text: str) -> int:
        if text.startswith(HEARTBEAT):
            self._witness.felt(self._name, cursor, text)
            return cursor
        frame = self._witness.saw(self._name, self._run_id, cursor, text)
        self._last = max(self._last, frame.event_id)
        self._ended = self._ended or frame.final
        return frame.event_id

    async def _dawdle(self) -> None:
        if self._chance.random() < 0.3:
            await anyio.sleep(self._chance.uniform(0.2, 2.0))  # frames pile up on the way

    def _require_lawful(self, closed: Closed, cursor: int) -> None:
        lawful = {
            NORMAL: self._ended and cursor == self._last,
            CURSOR_BEYOND_HEAD: cursor > self._last,
            SERVICE_RESTART: True,
            TRY_AGAIN_LATER: True,
            BROKEN: True,
        }
        if closed.code is None or not lawful.get(closed.code, False):
            raise Violation(
                f"{self._name}: run {self._run_id} was closed with {closed} after event {cursor}; "
                f"the last that it knows of is {self._last}"
            )


async def listen(http: AsyncClient, witness: Witness) -> None:
    """Follow the whole log through all lives of the service, until cancelled."""
    position = 0
    while True:
        try:
            async with aclosing(over_http(witness, http, "/events", position)) as frames:
                async for text in frames:
                    position = witness.heard(position, text)
        except Closed as closed:
            if closed.code not in (SERVICE_RESTART, TRY_AGAIN_LATER, BROKEN):
                raise Violation(f"the feed was closed with {closed} at {position}") from closed
        await anyio.sleep(RETRY_SECONDS)
