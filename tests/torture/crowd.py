"""The crowd: clients that post, watch, cancel and follow, whatever happens."""

from contextlib import suppress
from typing import Any, Self

import anyio
from httpx2 import AsyncClient, Limits, Response

from tests.torture.connections import HTTP_BROKEN
from tests.torture.follower import RETRY_SECONDS, Follower, listen
from tests.torture.schedule import Document, Post
from tests.torture.witness import Violation, Witness

ANSWER_SECONDS_MAX = 60


class Crowd:
    """All clients of a round."""

    def __init__(self, port: int, witness: Witness) -> None:
        self._witness = witness
        self._http = AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            trust_env=False,
            timeout=ANSWER_SECONDS_MAX,
            limits=Limits(max_connections=None),
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *failure: Any) -> None:
        await self._http.__aexit__(*failure)

    async def knock(self) -> None:
        """Wait until the service answers."""
        await self._until(200, "GET", "/healthz")

    async def listen(self) -> None:
        """Follow the whole log until cancelled."""
        await listen(self._http, self._witness)

    async def hear_out(self) -> None:
        """Wait until the one who listens has heard every event that there is."""
        head = int((await self._http.head("/events")).headers["X-Log-Head"])
        with anyio.move_on_after(ANSWER_SECONDS_MAX):
            while len(self._witness.log) < head:  # noqa: ASYNC110 (another client hears it)
                await anyio.sleep(RETRY_SECONDS)
        if len(self._witness.log) != head:
            raise Violation(f"the log holds {head} events, its feed gave {len(self._witness.log)}")

    async def see_through(self, post: Post) -> None:
        """Post a backtest when its time has come, and see it through to its end."""
        await anyio.sleep(post.at)
        status = await self._until(201, "POST", "/backtests", post.request, f"post-{post.at}")
        run_id = status["run_id"]
        self._witness.accepted[run_id] = post.request
        async with anyio.create_task_group() as clients:
            for seed in post.followers:
                clients.start_soon(Follower(self._http, self._witness, run_id, seed).follow)
            clients.start_soon(self._watch, run_id)
            if post.cancel_after is not None:
                clients.start_soon(self._cancel, run_id, post.cancel_after)

    async def _watch(self, run_id: str) -> None:
        state = "queued"
        while state in ("queued", "running"):
            status = await self._until(200, "GET", f"/backtests/{run_id}")
            self._witness.told(f"the watcher of {run_id}", status)
            state = status["state"]
            await anyio.sleep(RETRY_SECONDS)

    async def _cancel(self, run_id: str, after: float) -> None:
        await anyio.sleep(after)
        response = await self._answer("POST", f"/backtests/{run_id}/cancel", None)
        if response.status_code == 200:
            self._witness.cancelled.add(run_id)
        elif response.status_code != 409:
            raise Violation(f"cancelling run {run_id}: {_shown(response)}")

    async def _until(
        self, expected: int, method: str, path: str, body: Document | None = None, key: str = ""
    ) -> Document:
        response = await self._answer(method, path, body, key)
        if response.status_code != expected:
            raise Violation(f"{method} {path}: {_shown(response)}")
        document: Document = response.json()
        return document

    async def _answer(
        self, method: str, path: str, body: Document | None, key: str = ""
    ) -> Response:
        headers = {"Idempotency-Key": key} if key else {}
        while True:
            with suppress(*HTTP_BROKEN):
                response = await self._http.request(method, path, json=body, headers=headers)
                if "Retry-After" not in response.headers:
                    return response
            await anyio.sleep(RETRY_SECONDS)


def _shown(response: Response) -> str:
    return f"{response.status_code} {response.text[:500]}"
