"""`backtape strategy`: what strategies there are, and the making of one's own."""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from service.cli.failures import failures_told, tell
from service.cli.options import Json
from service.cli.plain import print_json

if TYPE_CHECKING:
    from service.strategies.strategies import Strategies

app = typer.Typer(name="strategy", help="Strategies: list, make, check.", no_args_is_help=True)


@app.command("list")
def list_strategies(as_json: Json = False) -> None:
    """List every strategy: built in, installed, and in the folder BACKTAPE_STRATEGIES."""

    async def show_all(strategies: "Strategies") -> None:
        from service.cli.strategy_tables import show_strategies

        described = await strategies.describe_all()
        print_json(described) if as_json else show_strategies(described)

    _ask(show_all)


@app.command("show")
def show_strategy(
    name: Annotated[str, typer.Argument(help="As `backtape strategy list` shows it.")],
    as_json: Json = False,
) -> None:
    """Show a strategy's parameters: types, bounds, defaults and what they mean."""

    async def show_one(strategies: "Strategies") -> None:
        from service.cli.strategy_tables import show_parameters

        described = await strategies.describe(name)
        print_json(described) if as_json else show_parameters(described)

    _ask(show_one)


@app.command("new")
def new_strategy(
    name: Annotated[str, typer.Argument(help="Lower case letters, digits and underscores.")],
    kind: Annotated[
        Literal["signal", "event"],
        typer.Option(help="signal: weights for all bars at once; event: orders, bar by bar."),
    ] = "signal",
    into: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Where to write NAME.py; else BACKTAPE_STRATEGIES, else here."
        ),
    ] = None,
) -> None:
    """Write a strategy that works as it stands, to be changed into your own."""
    from service.settings import Settings
    from service.strategies.beginning import begin

    with failures_told():
        folder = into or Settings.from_environment(os.environ).strategies or Path()
        path = begin(name, kind, folder)
    typer.echo(f"{path}: try `backtape strategy check {path}`")


@app.command("check")
def check_strategy(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A strategy's file.")],
    param: Annotated[
        list[str] | None, typer.Option(help="A parameter of the strategy: period=20.")
    ] = None,
    moments: Annotated[int, typer.Option(min=1, help="How many moments to try.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="What the moments are drawn from.")] = 0,
    as_json: Json = False,
) -> None:
    """Run a file's strategy on made-up prices and look for look-ahead. Exit code 1: found some."""
    import msgspec
    import uvloop

    from domain.engine.leaks import Report
    from service.cli.request import assignments
    from service.cli.strategy_tables import show_report
    from service.settings import Settings
    from service.strategies.examination import examine_apart

    with failures_told():
        settings = Settings.from_environment(os.environ)
        params = assignments("--param", param or ())
        answer = uvloop.run(examine_apart(file, params, moments, seed, settings))
    report = msgspec.json.decode(answer, type=Report)
    typer.echo(answer.decode()) if as_json else show_report(report)
    if not report.clean:
        raise typer.Exit(1)


def _ask(use: Callable[["Strategies"], Awaitable[None]]) -> None:
    import uvloop

    from service.settings import Settings
    from service.strategies.strategies import Strategies, UnknownStrategy

    async def open_and_use(settings: Settings) -> None:
        async with Strategies(settings.strategies, settings.run_memory_mib_max) as strategies:
            await use(strategies)

    with failures_told():
        settings = Settings.from_environment(os.environ)
        if settings.strategies is not None and not settings.strategies.is_dir():
            tell(f"BACKTAPE_STRATEGIES is {settings.strategies}, which is no folder")
        try:
            uvloop.run(open_and_use(settings))
        except UnknownStrategy as error:
            tell(str(error))
            raise typer.Exit(1) from error
