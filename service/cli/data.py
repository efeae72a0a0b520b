"""`backtape data`: prices into the catalog, and what it holds."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.market.resolution import Resolution
from service.cli.failures import failures_told, tell
from service.cli.options import DataDirectory
from service.cli.plain import plain

if TYPE_CHECKING:
    from domain.market.actions import Actions
    from service.market_data.catalog import Catalog
    from service.market_data.parquet import Entry

app = typer.Typer(name="data", help="Market data: import prices, list them.", no_args_is_help=True)


@app.command("import")
def import_file(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="A CSV or Parquet file of bars.")
    ],
    symbol: Annotated[str, typer.Option(help="What the prices are of, e.g. AAPL or BTC/USDT.")],
    resolution: Annotated[Resolution, typer.Option(help="How long a bar lasts.")],
    timezone: Annotated[
        str, typer.Option(metavar="ZONE", help="IANA zone of times without an offset.")
    ] = "UTC",
    data_dir: DataDirectory = None,
) -> None:
    """Check a file of bars and put it into the catalog, in the place of what was there."""
    from service.market_data.importers import read_file

    with failures_told():
        catalog = _catalog(data_dir)
        _require_requestable(symbol)
        imported = read_file(file, symbol, resolution, timezone)
        entry = catalog.write(imported.bars, resolution)
    for note in imported.notes:
        tell(f"{file.name}: {note}")
    _show([entry])


@app.command("import-actions")
def import_actions(
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help="A CSV or Parquet file of actions."),
    ],
    symbol: Annotated[str, typer.Option(help="Whose splits and dividends they are.")],
    data_dir: DataDirectory = None,
) -> None:
    """Check a file of splits and dividends; runs on this symbol's raw prices then apply them."""
    from service.market_data.action_importer import read_actions

    with failures_told():
        catalog = _catalog(data_dir)
        _require_requestable(symbol)
        imported = read_actions(file, symbol)
        catalog.write_actions(imported.actions)
    for note in imported.notes:
        tell(f"{file.name}: {note}")
    _show_actions([imported.actions])


@app.command("list")
def list_entries(data_dir: DataDirectory = None) -> None:
    """Show every symbol and resolution in the catalog, and whose actions it knows."""
    with failures_told():
        catalog = _catalog(data_dir)
        entries = catalog.entries()
        actions = [catalog.actions(symbol) for symbol in catalog.acting_symbols()]
    if not entries:
        tell("the catalog is empty: use `backtape data import` or `backtape data sample`")
    _show(entries)
    _show_actions(actions)


@app.command("sample")
def sample(data_dir: DataDirectory = None) -> None:
    """Put the bundled prices of AAPL, GOOG, IBM and MSFT into the catalog, where it has none."""
    from service.market_data.sample import import_sample

    with failures_told():
        new = import_sample(_catalog(data_dir))
    if not new:
        tell("the catalog already holds daily bars of every sample symbol: nothing to do")
    _show(new)


def _catalog(data_dir: Path | None) -> "Catalog":
    from service.market_data.catalog import Catalog
    from service.settings import Settings

    return Catalog(Settings.from_environment(os.environ, data_dir=data_dir).market_path)


def _require_requestable(symbol: str) -> None:
    import msgspec

    from domain.runs.request import Symbol
    from service.market_data.errors import MarketDataError

    try:
        msgspec.convert(symbol, Symbol)
    except msgspec.ValidationError as error:
        raise MarketDataError(
            f"{symbol!r} is a symbol that no backtest can ask for;"
            " it has 1 to 32 characters of A-Z a-z 0-9 . _ - / : ="
        ) from error


def _show(entries: Iterable["Entry"]) -> None:
    from rich.console import Console
    from rich.table import Table

    from service.market_data.session_range import spelled

    table = Table("symbol", "resolution", "bars", "first", "last")
    table.columns[2].justify = "right"
    for entry in entries:
        first, last = (spelled(time, entry.resolution) for time in (entry.first, entry.last))
        table.add_row(plain(entry.symbol), entry.resolution.value, f"{entry.bars:,}", first, last)
    if table.row_count:
        Console().print(table)


def _show_actions(listed: Iterable["Actions"]) -> None:
    from rich.console import Console
    from rich.table import Table

    from service.market_data.session_range import spelled

    table = Table("symbol", "splits", "dividends", "first", "last")
    for column in table.columns[1:3]:
        column.justify = "right"
    for actions in listed:
        splits, dividends = (actions.split != 1.0).sum(), (actions.dividend != 0.0).sum()
        first, last = (spelled(int(actions.timestamp[at]), Resolution.DAY) for at in (0, -1))
        table.add_row(plain(actions.symbol), f"{splits:,}", f"{dividends:,}", first, last)
    if table.row_count:
        Console().print(table)
