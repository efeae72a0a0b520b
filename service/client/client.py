"""A client of the HTTP and WebSocket API that survives broken connections."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlencode

import anyio
import httpx2
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from service.client.errors import ClientError

ATTEMPTS_MAX = 8
RETRY_SECONDS = 0.1
RETRY_SECONDS_MAX = 5.0
HTTP_SECONDS_MAX = 60
REFUSALS = {1008, 4400, 4409, 4416}


class StreamEvent(msgspec.Struct, frozen=True):
    """One event of a run as its stream shows it."""

    event_id: int
    run_id: str
    type: str
    timestamp: str
    payload: dict[str, Any]

    @property
    def final(self) -> bool:
        """Whether the run has ended with this event."""
        ended = ("completed", "failed", "cancelled")
        return self.type == "state" and self.payload["state"] in ended


_decode_event = msgspec.json.Decoder(StreamEvent).decode


class Client:
    """Talks to the service at ``url`` (http or https). An async context manager."""

    def __init__(self, url: str, api_key: str | None = None) -> None:
        self._url = _checked(url)
        # Header values are Latin-1 to both libraries, and UTF-8 to the service.
        self._headers = {"X-API-Key": api_key.encode().decode("latin-1")} if api_key else {}
        self._http = httpx2.AsyncClient(
            base_url=self._url,
            headers=httpx2.Headers(self._headers, encoding="latin-1"),
            timeout=HTTP_SECONDS_MAX,
            trust_env=False,
            # Without TLS there is nothing to verify: the certificates need not be loaded.
            verify=self._url.startswith("https:"),
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

    async def create(self, request: dict[str, Any]) -> dict[str, Any]:
        """Post a backtest; give its status object. Raises ``ClientError``."""
        body = msgspec.json.encode(request)
        headers = {"Content-Type": "application/json"}
        status: dict[str, Any] = msgspec.json.decode(
            await self._ask("POST", "/backtests", content=body, headers=headers)
        )
        return status

    async def runs(self, state: str | None, limit: int) -> list[dict[str, Any]]:
        """List status objects, newest first. Raises ``ClientError``."""
        query: dict[str, str | int] = {"limit": limit} | ({"state": state} if state else {})
        runs: list[dict[str, Any]] = msgspec.json.decode(
            await self._ask("GET", f"/backtests?{urlencode(query)}")
        )
        return runs

    async def results(self, run_id: str) -> bytes:
        """Get the results document as JSON bytes. Raises ``ClientError``."""
        return await self._ask("GET", f"/backtests/{quote(run_id, safe='')}/results")

    async def report(self, run_id: str) -> bytes:
        """Get the tear sheet as one HTML page. Raises ``ClientError``."""
        path = f"/backtests/{quote(run_id, safe='')}/report"
        return await self._ask("GET", path, media_type="text/html; charset=utf-8")

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

    async def export(self, run_id: str, event_id: int | None = None) -> AsyncGenerator[bytes, None]:
        """Yield the export of a run, or of one of its events, in pieces. Raises ``ClientError``."""
        path = f"/backtests/{quote(run_id, safe='')}"
        path += "/export" if event_id is None else f"/events/{event_id}/proof"
        try:
            async with self._http.stream("GET", path) as response:
                if not response.is_success:
                    await response.aread()
                    raise ClientError(_detail(response))
                async for piece in response.aiter_bytes():
                    yield piece
        except httpx2.HTTPError as error:
            raise ClientError(f"{self._url} cannot be reached: {error}") from error

    async def follow(
        self, run_id: str, last_event_id: int = 0, log_id: str | None = None
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
                    self._stream_url(run_id, last_event_id, log_id),
                    additional_headers=self._headers,
                    max_size=None,
                    proxy=None,
                ) as socket:
                    log_id = log_id or _log_id(socket)
                    async for frame in socket:
                        event = _decode_event(frame)
                        last_event_id, failures = event.event_id, 0
                        yield event
                        if event.final:
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
            await anyio.sleep(min(RETRY_SECONDS * 2**failures, RETRY_SECONDS_MAX))

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
        except httpx2.HTTPError as error:
            raise ClientError(f"{self._url} cannot be reached: {error}") from error
        if not response.is_success:
            raise ClientError(_detail(response))
        if response.headers.get("content-type") != media_type:
            raise ClientError(f"{self._url} is not this service: its answer is not {media_type}")
        return response.content

    def _stream_url(self, run_id: str, last_event_id: int, log_id: str | None) -> str:
        socket_url = "ws" + self._url.removeprefix("http")
        path = f"/backtests/{quote(run_id, safe='')}/stream?last_event_id={last_event_id}"
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


def _detail(response: httpx2.Response) -> str:
    try:
        answer = msgspec.json.decode(response.content, type=dict[str, Any])
    except msgspec.DecodeError:
        answer = {}
    return str(answer.get("detail", f"the service answered {response.status_code}"))
