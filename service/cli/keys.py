"""``backtape keys``: who may use a service, for what and until when."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.failures import failures_told, tell
from service.cli.options import DataDirectory, Json
from service.cli.plain import print_json
from service.keys.scopes import KeyScope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.keys.key_file import StoredKey

app = typer.Typer(name="keys", help="API keys: create, list, revoke.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Who or what it is for: ci, alice.laptop.")]


@app.command("create")
def create(
    name: Name,
    scope: Annotated[
        KeyScope,
        typer.Option(help="read; run: may create and cancel too; admin: may do everything."),
    ] = "run",
    expires: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="90d, 12h, or ISO 8601; without it, it never does."),
    ] = None,
    data_dir: DataDirectory = None,
) -> None:
    """Make a key and print it, once; a running service knows it at once."""
    from service import clock
    from service.keys.expiry import read_expiry
    from service.keys.key_file import create_key

    with failures_told():
        now = clock.now_seconds()
        expires_at = None if expires is None else read_expiry(expires, now)
        key = create_key(_keys_path(data_dir), name, scope, expires_at, now)
    ends = "never expires" if expires_at is None else f"expires at {_moment(expires_at)}"
    tell(f"{name} has the scope {scope} and {ends}; keep the key, it is not shown again:")
    typer.echo(key)


@app.command("list")
def list_keys(as_json: Json = False, data_dir: DataDirectory = None) -> None:
    """List every key that was ever made, but the keys themselves: of those nothing is kept."""
    from service.keys.key_file import read_keys

    with failures_told():
        keys = read_keys(_keys_path(data_dir))
    print_json([_told(key) for key in keys]) if as_json else _show(keys)


@app.command("revoke")
def revoke(name: Name, data_dir: DataDirectory = None) -> None:
    """Revoke a key for ever; a running service refuses it at once and closes its streams."""
    from service import clock
    from service.keys.key_file import revoke_key

    with failures_told():
        revoke_key(_keys_path(data_dir), name, clock.now_seconds())
    typer.echo(f"{name} is revoked")


def _keys_path(data_dir: Path | None) -> Path:
    from service.settings import Settings

    return Settings.from_environment(os.environ, data_dir=data_dir).keys_path


def _moment(seconds: int | None) -> str | None:
    from domain.market.moments import iso

    return None if seconds is None else iso(seconds * 1_000_000)


def _told(key: "StoredKey") -> dict[str, str | None]:
    from service import clock

    return {
        "name": key.name,
        "scope": key.scope,
        "state": key.state_at(clock.now_seconds()),
        "created_at": _moment(key.created_at),
        "expires_at": _moment(key.expires_at),
        "revoked_at": _moment(key.revoked_at),
    }


def _show(keys: "Sequence[StoredKey]") -> None:
    from rich.console import Console
    from rich.table import Table

    from service.cli.plain import plain

    if not keys:
        tell("there are no keys; `backtape keys create NAME` makes one")
        return
    table = Table("name", "scope", "state", "created", "expires", "revoked")
    for key in keys:
        table.add_row(*(plain(cell or "-") for cell in _told(key).values()))
    Console().print(table)
