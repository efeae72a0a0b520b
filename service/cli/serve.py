"""``backtape serve``."""

import os
from contextlib import suppress
from typing import Annotated

import typer

from service.cli.failures import failures_told
from service.cli.options import DataDirectory


def serve(
    data_dir: DataDirectory = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; else BACKTAPE_HOST, else 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(help="Port to listen on, 0 for a free one; else BACKTAPE_PORT, else 8000."),
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Listen beyond loopback without an API key.")
    ] = False,
) -> None:
    """Serve the HTTP and WebSocket API until Ctrl-C."""
    import uvloop

    from service.exposure import require_safe_binding
    from service.keys.strength import warn_of_short_keys
    from service.logs import configure_logging
    from service.server import serve as serve_until_stopped
    from service.settings import Settings

    with failures_told():
        settings = Settings.from_environment(os.environ, data_dir=data_dir, host=host, port=port)
        require_safe_binding(settings, insecure)
        configure_logging(settings)
        warn_of_short_keys(settings.api_keys)
        uvloop.run(serve_until_stopped(settings, _announce))


def _announce(url: str) -> None:
    with suppress(OSError):  # a full disk behind standard output stops no service
        typer.echo(f"Backtape is listening on {url} (stop with Ctrl-C)")
