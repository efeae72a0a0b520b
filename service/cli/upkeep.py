"""``backtape rebuild``, ``backup`` and ``restore``: keeping a log, and all that is made of it."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.failures import failures_told
from service.cli.options import ApiKey, DataDirectory, Url

if TYPE_CHECKING:
    from service.settings import Settings


def rebuild(url: Url = None, api_key: ApiKey = None, data_dir: DataDirectory = None) -> None:
    """Fold every stored projection anew, beside the old ones, which readers see until then."""
    import uvloop

    from service.client.client import Client
    from service.settings import Settings

    async def ask(address: str, key: str | None) -> list[str]:
        async with Client(address, key, settings.tls_authority) as client:
            return await client.rebuild()

    with failures_told():
        settings = Settings.from_environment(os.environ, data_dir=data_dir)
        if url is None:
            names = uvloop.run(_rebuild_here(settings))
        else:
            names = uvloop.run(ask(url, api_key or next(iter(settings.api_keys), None)))
    typer.echo(f"rebuilt: {', '.join(names)}")


def backup(
    file: Annotated[Path, typer.Argument(help="The file to make; it must not exist.")],
    data_dir: DataDirectory = None,
) -> None:
    """Copy the log as it is now into one audited file; a service may be running on it."""
    import eventstore.backup
    from service.settings import Settings

    with failures_told():
        settings = Settings.from_environment(os.environ, data_dir=data_dir)
        report = eventstore.backup.backup(settings.log_path, file)
    typer.echo(f"{file}: log {report.log_id}, {report.events:,} events, audited")
    typer.echo(f"keep {settings.audit_key_path.name} with it, but not beside it: it can sign")


def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A backup.")],
    data_dir: DataDirectory = None,
) -> None:
    """Make a backup the log of a data folder that has none; it gets an id of its own."""
    import eventstore.backup
    from service.settings import Settings

    with failures_told():
        settings = Settings.from_environment(os.environ, data_dir=data_dir)
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        report = eventstore.backup.restore(file, settings.log_path)
    typer.echo(f"{settings.log_path}: log {report.log_id}, {report.events:,} events, audited")
    if not settings.audit_key_path.exists():
        typer.echo(f"put {settings.audit_key_path.name} back too, or a new key will be made")


async def _rebuild_here(settings: "Settings") -> list[str]:
    from eventstore.errors import OpenFailed
    from eventstore.store import EventStore
    from service import clock
    from service.projections import stored_projections

    if not settings.log_path.exists():
        raise OpenFailed(f"there is no log at {settings.log_path}")
    async with await EventStore.open(
        settings.log_path, projections=stored_projections(), clock=clock.now_microseconds
    ) as store:
        names = store.projections
        for name in names:
            await store.rebuild(name)
    return names
