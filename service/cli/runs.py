"""``backtape run``, ``runs`` and ``results``: of a running service, or of a data folder itself."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from service.cli.failures import failures_told
from service.cli.options import DataDirectory

if TYPE_CHECKING:
    from service.client.client import Client
    from service.settings import Settings

Url: TypeAlias = Annotated[
    str | None,
    typer.Option(help="A running service's URL; without it, the data folder itself is used."),
]
ApiKey: TypeAlias = Annotated[
    str | None, typer.Option(help="The service's API key; else the first of BACKTAPE_API_KEY.")
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]


def run(
    spec: Annotated[
        str | None, typer.Argument(help="A JSON file with the request; - is standard input.")
    ] = None,
    symbol: Annotated[list[str] | None, typer.Option(help="May be given several times.")] = None,
    start: Annotated[str | None, typer.Option(help="ISO 8601, e.g. 2000-03-01.")] = None,
    end: Annotated[str | None, typer.Option(help="ISO 8601; inclusive.")] = None,
    resolution: Annotated[
        str | None, typer.Option(help="tick, second, minute, hour or day.")
    ] = None,
    strategy: Annotated[str | None, typer.Option(help="E.g. ma_crossover.")] = None,
    param: Annotated[
        list[str] | None, typer.Option(help="A parameter of the strategy: short_period=10.")
    ] = None,
    execution: Annotated[
        list[str] | None, typer.Option(help="An execution setting: commission_bps=5.")
    ] = None,
    capital: Annotated[float | None, typer.Option(help="Initial capital.")] = None,
    benchmark: Annotated[str | None, typer.Option(help="A symbol to compare with.")] = None,
    data_source: Annotated[str | None, typer.Option(help="catalog or synthetic.")] = None,
    as_json: Json = False,
    url: Url = None,
    api_key: ApiKey = None,
    data_dir: DataDirectory = None,
) -> None:
    """Run a backtest, follow it and print its results. Flags win over SPEC."""
    from service.cli.request import read_spec, with_flags

    flags = {
        "symbols": symbol,
        "start_date": start,
        "end_date": end,
        "resolution": resolution,
        "initial_capital": capital,
        "benchmark_symbol": benchmark,
        "data_source": data_source,
    }
    with failures_told():
        request = with_flags(read_spec(spec), flags, strategy, param, execution)

        async def follow_to_the_end(client: "Client") -> None:
            await _run(client, request, as_json=as_json)

        _with_client(follow_to_the_end, url, api_key, data_dir, read_only=False)


def list_runs(
    state: Annotated[
        str | None, typer.Option(help="queued, running, completed, failed or cancelled.")
    ] = None,
    limit: Annotated[int, typer.Option(help="At most this many, 1 to 200.")] = 50,
    as_json: Json = False,
    url: Url = None,
    api_key: ApiKey = None,
    data_dir: DataDirectory = None,
) -> None:
    """List the runs, newest first."""

    async def show(client: "Client") -> None:
        from rich.console import Console

        from service.cli.report import show_runs

        runs = await client.runs(state, limit)
        if as_json:
            _print_json(runs)
        else:
            show_runs(Console(), runs)

    with failures_told():
        _with_client(show, url, api_key, data_dir, read_only=True)


def results(
    run_id: Annotated[str, typer.Argument(help="As `backtape runs` lists it.")],
    as_json: Json = False,
    url: Url = None,
    api_key: ApiKey = None,
    data_dir: DataDirectory = None,
) -> None:
    """Print the results of a completed run."""

    async def show(client: "Client") -> None:
        await _show_results(client, run_id, as_json=as_json)

    with failures_told():
        _with_client(show, url, api_key, data_dir, read_only=True)


async def _run(client: "Client", request: dict[str, Any], *, as_json: bool) -> None:
    from contextlib import aclosing

    from rich.console import Console

    from service.cli.report import progress_bar
    from service.client.client import ClientError

    run_id = (await client.create(request))["run_id"]
    console = Console(stderr=True)
    console.print(f"run {run_id}", highlight=False)
    with progress_bar(console) as progress:
        bar = progress.add_task("queued", total=1.0, note="")
        async with aclosing(client.follow(run_id)) as events:
            async for event in events:
                if event.type == "state":
                    progress.update(bar, description=event.payload["state"])
                    if event.final and event.payload["state"] != "completed":
                        raise ClientError(event.payload.get("error", "the run was cancelled"))
                elif event.type == "progress":
                    note = event.payload["timestamp"][:10]
                    progress.update(bar, completed=event.payload["progress"], note=note)
    await _show_results(client, run_id, as_json=as_json)


async def _show_results(client: "Client", run_id: str, *, as_json: bool) -> None:
    import msgspec
    from rich.console import Console

    from service.cli.report import show_results

    document = await client.results(run_id)
    if as_json:
        typer.echo(document.decode())
    else:
        show_results(Console(), msgspec.json.decode(document))


def _print_json(value: Any) -> None:
    import msgspec

    typer.echo(msgspec.json.encode(value).decode())


def _with_client(
    use: Callable[["Client"], Awaitable[None]],
    url: str | None,
    api_key: str | None,
    data_dir: Path | None,
    *,
    read_only: bool,
) -> None:
    import uvloop

    from service.client.client import Client
    from service.settings import Settings

    settings = Settings.from_environment(os.environ, data_dir=data_dir)

    async def connect_and_use() -> None:
        if url is not None:
            key = api_key or next(iter(settings.api_keys), None)
            async with Client(url, key) as client:
                await use(client)
        else:
            async with _own_service(settings, read_only) as own, Client(own) as client:
                await use(client)

    uvloop.run(connect_and_use())


@asynccontextmanager
async def _own_service(settings: "Settings", read_only: bool) -> AsyncIterator[str]:
    """Serve the data folder on a free loopback port for this one command; gives the URL."""
    from service.core import open_core, open_core_read_only
    from service.logs import configure_logging
    from service.server import listening
    from service.settings import Settings

    private = Settings(
        data_dir=settings.data_dir,
        engine_processes=1,
        missing_data=settings.missing_data,
        port=0,
        log_level="warning",
        log_format="text",
    )
    configure_logging(private)
    opened = open_core_read_only(private) if read_only else open_core(private)
    async with opened as core, listening(private, core) as url:
        yield url
