"""A client of the HTTP and WebSocket API that survives broken connections."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TypeAlias
from urllib.parse import quote, urlencode
from uuid import uuid4

import anyio
import httpx2
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from service.client.answers import refusal_of
from service.client.authorities import trusting
from service.client.errors import ClientError, NoAnswer, NobodyThere, NothingThere

ATTEMPTS_MAX = 8
RETRY_SECONDS = 0.1
RETRY_SECONDS_MAX = 5.0
HTTP_SECONDS_MAX = 60
REFUSALS = {1008, 4400, 4409, 4416}

Family: TypeAlias = Literal["backtests", "optimizations"]


class StreamEvent(msgspec.Struct, frozen=True):
    """One event of a run, or an optimization, as its stream shows it."""

    event_id: int
    run_id: str
    type: str
    timestamp: str
    payload: dict[str, Any]

    @property
    def final(self) -> bool:
        """Whether the run ends with this event; an optimization may be resumed after it."""
        ended = ("completed", "failed", "cancelled")
        return self.type == "state" and self.payload["state"] in ended


_decode_event = msgspec.json.Decoder(StreamEvent).decode


class Client:
    """Talks to the service at ``url`` (http or https). An async context manager.

    ``authority``: a PEM file of authorities to trust besides the system's.
    """

    def __init__(self, url: str, api_key: str | None = None, authority: Path | None = None) -> None:
        self._url = _checked(url)
        # Without TLS there is nothing to verify: the certificates need not be loaded.
        self._tls = trusting(authority) if self._url.startswith("https:") else None
        # Header values are Latin-1 to both libraries, and UTF-8 to the service.
        self._headers = {"X-API-Key": api_key.encode().decode("latin-1")} if api_key else {}
        self._http = httpx2.AsyncClient(
            base_url=self._url,
            headers=httpx2.Headers(self._headers, encoding="latin-1"),
            timeout=HTTP_SECONDS_MAX,
            trust_env=False,
            verify=self._tls or False,
        )
        self._resources = AsyncExitStack()

    async def __aenter__(self) -> "Client":
        await self._resources.enter_async_context(self._http)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._resources.aclose()

    async def create(
        self,
        request: dict[str, Any],
        family: Family = "backtests",
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """Post a backtest or an optimization; give its status object. Raises ``ClientError``.

        It is made once, however often it has to be posted until an answer comes; with an
        ``idempotency_key`` of the caller's, however often this is called with the same request.
        """
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": idempotency_key or str(uuid4()),
        }
        answer = await self._post_until_answered(
            f"/{family}", msgspec.json.encode(request), headers
        )
        status: dict[str, Any] = msgspec.json.decode(answer)
        return status

    async def resume(self, optimization_id: str) -> dict[str, Any]:
        """Go on with an optimization that failed or was cancelled. Raises ``ClientError``."""
        path = f"/optimizations/{quote(optimization_id, safe='')}/resume"
        status: dict[str, Any] = msgspec.json.decode(await self._ask("POST", path))
        return status

    async def statuses(
        self, family: Family = "backtests", **query: str | int | None
    ) -> list[dict[str, Any]]:
        """List status objects; ``query`` is that of ``GET /{family}``. Raises ``ClientError``."""
        given = {name: value for name, value in query.items() if value is not None}
        runs: list[dict[str, Any]] = msgspec.json.decode(
            await self._ask("GET", f"/{family}?{urlencode(given)}")
        )
        return runs

    async def results(self, its_id: str) -> bytes:
        """Get the results of a run or an optimization as JSON bytes. Raises ``ClientError``."""
        return await self._ask_of_either(its_id, "results")

    async def report(self, its_id: str) -> bytes:
        """Get the report of a run or an optimization, an HTML page. Raises ``ClientError``."""
        return await self._ask_of_either(its_id, "report", "text/html; charset=utf-8")

    async def checkpoint(self) -> bytes:
        """Get a signed checkpoint of the log as JSON bytes. Raises ``ClientError``."""
        return await self._ask("GET", "/audit/checkpoint")

    async def consistency(self, old_size: int, new_size: int) -> bytes:
        """Get the proof between two sizes of the log as JSON bytes. Raises ``ClientError``."""
        return await self._ask("GET", f"/audit/consistency?from={old_size}&to={new_size}")

    async def rebuild(self) -> list[str]:
        """Have the stored projections folded anew; give their names. Raises ``ClientError``."""
        answer: dict[str, list[str]] = msgspec.json.decode(
            await self._ask("POST", "/audit/rebuild")
        )
        return answer["rebuilt"]

    async def export(self, its_id: str, event_id: int | None = None) -> AsyncGenerator[bytes, None]:
        """Yield the export of a run or an optimization, or of one event, in pieces.

        Raises ``ClientError``.
        """
        rest = "export" if event_id is None else f"events/{event_id}/proof"
        try:
            pieces = self._streamed(f"/backtests/{quote(its_id, safe='')}/{rest}")
            first = await anext(pieces)
        except NothingThere:
            pieces = self._streamed(f"/optimizations/{quote(its_id, safe='')}/{rest}")
            first = await anext(pieces)
        yield first
        async for piece in pieces:
            yield piece

    async def follow(
        self,
        run_id: str,
        last_event_id: int = 0,
        log_id: str | None = None,
        family: Family = "backtests",
    ) -> AsyncGenerator[StreamEvent, None]:
        """Yield every event after ``last_event_id``, once, in order, until the run has ended.

        A lost connection is taken up again where it broke, in the same log: the one named by
        ``log_id``, else the one of the first connection. Raises ``ClientError`` when the service
        refuses, has another log, or stays out of reach for many attempts in a row.
        """
        failures = 0
        while True:
            try:
                async with connect(
                    self._stream_url(f"/{family}/{quote(run_id, safe='')}", last_event_id, log_id),
                    additional_headers=self._headers,
                    max_size=None,
                    proxy=None,
                    ssl=self._tls,
                ) as socket:
                    log_id = log_id or _log_id(socket)
                    async for frame in socket:
                        event = _decode_event(frame)
                        last_event_id, failures = event.event_id, 0
                        yield event
                        if event.final and family == "backtests":
                            return
                if socket.close_code == 1000:
                    return
                lost = "the service went away"
            except ConnectionClosed as closed:
                if closed.rcvd is not None and closed.rcvd.code in REFUSALS:
                    raise ClientError(closed.rcvd.reason) from closed
                lost = str(closed)
            except (OSError, InvalidHandshake, TimeoutError) as error:
                lost = str(error)
            failures += 1
            if failures == ATTEMPTS_MAX:
                raise ClientError(f"{self._url} cannot be reached: {lost}")
            await _wait_after(failures)

    async def _post_until_answered(
        self, path: str, content: bytes, headers: Mapping[str, str]
    ) -> bytes:
        for failures in range(1, ATTEMPTS_MAX):
            try:
                with suppress(NoAnswer):
                    return await self._ask("POST", path, content=content, headers=headers)
            except NobodyThere:
                if failures == 1:
                    raise  # one that was there a moment ago may be starting anew
            await _wait_after(failures)
        return await self._ask("POST", path, content=content, headers=headers)

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] = {},
        media_type: str = "application/json",
    ) -> bytes:
        try:
            response = await self._http.request(method, path, content=content, headers=headers)
        except httpx2.ConnectError as error:
            raise NobodyThere(f"{self._url} cannot be reached: {error}") from error
        except httpx2.HTTPError as error:
            raise NoAnswer(f"{self._url} cannot be reached: {error}") from error
        if not response.is_success:
            raise refusal_of(response)
        if response.headers.get("content-type") != media_type:
            raise ClientError(f"{self._url} is not this service: its answer is not {media_type}")
        return response.content

    async def _ask_of_either(
        self, its_id: str, what: str, media_type: str = "application/json"
    ) -> bytes:
        name = quote(its_id, safe="")
        try:
            return await self._ask("GET", f"/backtests/{name}/{what}", media_type=media_type)
        except NothingThere as error:
            try:
                path = f"/optimizations/{name}/{what}"
                return await self._ask("GET", path, media_type=media_type)
            except NothingThere:
                raise error from None

    async def _streamed(self, path: str) -> AsyncGenerator[bytes, None]:
        try:
            async with self._http.stream("GET", path) as response:
                if not response.is_success:
                    await response.aread()
                    raise refusal_of(response)
                async for piece in response.aiter_bytes():
                    yield piece
        except httpx2.HTTPError as error:
            raise ClientError(f"{self._url} cannot be reached: {error}") from error

    def _stream_url(self, path: str, last_event_id: int, log_id: str | None) -> str:
        socket_url = "ws" + self._url.removeprefix("http")
        path += f"/stream?last_event_id={last_event_id}"
        return f"{socket_url}{path}&log_id={log_id}" if log_id else socket_url + path


def _log_id(socket: ClientConnection) -> str | None:
    return None if socket.response is None else socket.response.headers.get("X-Log-Id")


def _checked(url: str) -> str:
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL:
        parsed = httpx2.URL()
    sound = parsed.scheme in ("http", "https") and parsed.host and (parsed.port or 0) < 1 << 16
    if not sound:
        raise ClientError(f"{url!r} is not the URL of a service such as http://127.0.0.1:8000")
    return str(parsed).rstrip("/")


async def _wait_after(failures: int) -> None:
    await anyio.sleep(min(RETRY_SECONDS * 2**failures, RETRY_SECONDS_MAX))
