"""The network: uvicorn around the app, for as long as it takes or for one command."""

import asyncio
import gc
import resource
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import anyio
import uvicorn

from service.allocator import give_memory_back
from service.app import create_app
from service.core import Core, open_core
from service.exposure import tls_context
from service.http.bounded import BoundedProtocol
from service.http.keys import ApiKeys
from service.http.sockets import BoundedSocket
from service.metrics.traffic import Traffic
from service.settings import Settings

GRACE_SECONDS = 10
DRAIN_SECONDS = 5  # of those; requests under way are finished, new ones are told to come back
LOOKS_MAX = 10
LOOK_SECONDS = 0.001
DRAIN_LOOKS_MAX = int(DRAIN_SECONDS / LOOK_SECONDS)
BACKLOG_CONNECTIONS_MAX = 2048
YOUNG_OBJECTS_MAX = 50_000
CLIENT_FRAME_BYTES_MAX = 64 * 1024
SEND_BUFFER_BYTES = 256 * 1024
# A peer that is gone is noticed within two minutes, also while there is nothing to send.
KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}


class ServerFailed(Exception):
    """The server did not come up; the message says why."""


class Server(uvicorn.Server):
    """Uvicorn on one app, which leaves signals to whoever runs it."""

    def __init__(
        self, settings: Settings, core: Core, keys: ApiKeys | None, tls: ssl.SSLContext | None
    ) -> None:
        app = create_app(settings, core, keys)
        super().__init__(
            uvicorn.Config(
                app,
                http=BoundedProtocol,
                ws=BoundedSocket,
                ws_max_size=CLIENT_FRAME_BYTES_MAX,
                ws_per_message_deflate=False,
                # A client that does not read for a while does not answer pings either; it is not
                # gone. One that is gone is noticed by TCP, which has the pings to deliver.
                ws_ping_timeout=None,
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                # From anybody else they are a claim.
                proxy_headers=bool(settings.trusted_proxies),
                forwarded_allow_ips=list(settings.trusted_proxies),
                ssl_context_factory=None if tls is None else lambda *_: tls,
                timeout_graceful_shutdown=GRACE_SECONDS - DRAIN_SECONDS,
            )
        )

        self.up = anyio.Event()
        self._core = core
        self._traffic: Traffic = app.state.traffic
        self._ticking = anyio.CancelScope()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections from here on."""
        await super().startup(sockets)
        self.up.set()

    async def main_loop(self) -> None:
        """Tick until ``stop``, which does not wait for the next tick."""
        with self._ticking:
            await super().main_loop()

    def stop(self) -> None:
        """Begin to shut down."""
        self._ticking.cancel()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Refuse what is new, end the feeds, which would go on for ever, then the connections."""
        self._core.stopping.set()
        self._core.feed.close()
        for _ in range(DRAIN_LOOKS_MAX):
            if not self._traffic.in_flight:
                break
            await anyio.sleep(LOOK_SECONDS)
        for _ in range(LOOKS_MAX):
            if not (self.server_state.connections or self.server_state.tasks):
                break
            await anyio.sleep(LOOK_SECONDS)  # who has just left is gone in a moment
        else:
            await super().shutdown(sockets)
            return
        # That would wait for longer, also where nobody is left to wait for.
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        await self.lifespan.shutdown()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing. Uvicorn's own would raise the signal again, before the log is closed."""
        yield


async def serve(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM, then stop gracefully; ``announce`` is told the URL.

    Stopping: sockets are closed with 1012, requests under way are finished, new ones get a 503,
    engines are stopped, the log is closed. Raises ``OpenFailed``, ``ServerFailed`` or
    ``SettingsError``.
    """
    give_memory_back()
    tls = tls_context(settings)
    async with open_core(settings) as core, listening(settings, core, tls=tls) as url:
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        _allow_connections()
        spare_the_collector()
        announce(url)
        await stop.wait()


def _allow_connections() -> None:
    """As many as the system lets this process have; a shell's own limit is often 1,024 files."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # where "unlimited" is more than the system takes
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def spare_the_collector() -> None:
    """Let the garbage collector halt the sockets seldom, and briefly.

    All objects that there are now are taken for good. What a thousand followers allocate together
    when an event comes, and free at once, is no reason to look for garbage.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS_MAX)


@asynccontextmanager
async def listening(
    settings: Settings,
    core: Core,
    keys: ApiKeys | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[str]:
    """Serve ``core`` from here to the end of the block; gives the URL. Raises ``ServerFailed``.

    ``keys``: as of ``create_app``.
    """
    with _listen(settings) as listener:
        server = Server(settings, core, keys, tls)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_serve, server, listener)
            try:
                await server.up.wait()
                yield _url(listener, "http" if tls is None else "https")
            finally:
                server.stop()


async def _serve(server: Server, listener: socket.socket) -> None:
    # A server ends gracefully, also where the block around it fails or is cancelled.
    with anyio.CancelScope(shield=True):
        await server.serve([listener])


def _listen(settings: Settings) -> socket.socket:
    host, port = settings.host, settings.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server(
            (host, port), family=family, backlog=BACKLOG_CONNECTIONS_MAX
        )
    except OSError as error:
        raise ServerFailed(f"cannot listen on {host} port {port}: {error.strerror}") from error
    # Connections inherit these. Without the second, the kernel holds 4 MiB for who does not read.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    for name, value in KEEPALIVE.items():
        if hasattr(socket, name):  # not on every system
            listener.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return listener


def _url(listener: socket.socket, scheme: str) -> str:
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
