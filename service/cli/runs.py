"""``backtape run``, ``runs``, ``results``, ``report``: of a running service, or a data folder."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.connection import with_client
from service.cli.failures import failures_told
from service.cli.files import written_whole
from service.cli.options import (
    ApiKey,
    DataDirectory,
    IdempotencyKey,
    Json,
    Limit,
    Named,
    OfStrategy,
    OfSymbol,
    Order,
    Output,
    Tagged,
    Url,
)
from service.cli.plain import print_json

if TYPE_CHECKING:
    from service.client.client import Client


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
    idempotency_key: IdempotencyKey = None,
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
            await _run(client, request, idempotency_key, as_json=as_json)

        with_client(follow_to_the_end, url, api_key, data_dir, read_only=False)


def list_runs(
    state: Annotated[
        str | None, typer.Option(help="queued, running, completed, failed or cancelled.")
    ] = None,
    strategy: OfStrategy = None,
    symbol: OfSymbol = None,
    tag: Tagged = None,
    name: Named = None,
    sort: Annotated[
        str, typer.Option(help="created_at, or a metric such as sharpe_ratio.")
    ] = "created_at",
    order: Order = "desc",
    limit: Limit = 50,
    as_json: Json = False,
    url: Url = None,
    api_key: ApiKey = None,
    data_dir: DataDirectory = None,
) -> None:
    """List the runs, newest first unless asked otherwise."""

    async def show(client: "Client") -> None:
        from rich.console import Console

        from service.cli.report import show_runs

        runs = await client.statuses(
            state=state,
            strategy=strategy,
            symbol=symbol,
            tag=tag,
            q=name,
            sort=sort,
            order=order,
            limit=limit,
        )
        if as_json:
            print_json(runs)
        else:
            show_runs(Console(), runs)

    with failures_told():
        with_client(show, url, api_key, data_dir, read_only=True)


def results(
    run_id: Annotated[str, typer.Argument(help="As `backtape runs` lists it.")],
    as_json: Json = False,
    url: Url = None,
    api_key: ApiKey = None,
    data_dir: DataDirectory = None,
) -> None:
    """Print the results of a completed run or optimization."""

    async def show(client: "Client") -> None:
        await _show_results(client, run_id, as_json=as_json)

    with failures_told():
        with_client(show, url, api_key, data_dir, read_only=True)


def report(
    run_id: Annotated[str, typer.Argument(help="As `backtape runs` lists it.")],
    output: Output,
    url: Url = None,
    api_key: ApiKey = None,
    data_dir: DataDirectory = None,
) -> None:
    """Write the tear sheet of a completed run: one HTML file that opens without a server."""

    async def write(client: "Client") -> None:
        page = await client.report(run_id)
        with written_whole(output) as file:
            file.write(page)

    with failures_told():
        with_client(write, url, api_key, data_dir, read_only=True)


async def _run(
    client: "Client", request: dict[str, Any], idempotency_key: str | None, *, as_json: bool
) -> None:
    from contextlib import aclosing

    from rich.console import Console

    from service.cli.report import progress_bar
    from service.client.errors import ClientError

    run_id = (await client.create(request, idempotency_key=idempotency_key))["run_id"]
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

    from service.cli.ranking import show_ranking
    from service.cli.report import show_results

    document = await client.results(run_id)
    if as_json:
        typer.echo(document.decode())
        return
    decoded = msgspec.json.decode(document)
    if "all_trials" in decoded:
        show_ranking(Console(), decoded)
    else:
        show_results(Console(), decoded)
