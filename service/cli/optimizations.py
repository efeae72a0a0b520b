"""``backtape optimize`` and ``optimizations``: of a running service, or a data folder."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.connection import with_client
from service.cli.failures import failures_told
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
    Tagged,
    Url,
)
from service.cli.plain import print_json

if TYPE_CHECKING:
    from service.client.client import Client


def optimize(
    spec: Annotated[
        str | None, typer.Argument(help="A JSON file with the request; - is standard input.")
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Go on with one that failed or was cancelled."),
    ] = None,
    idempotency_key: IdempotencyKey = None,
    as_json: Json = False,
    url: Url = None,
    api_key: ApiKey = None,
    data_dir: DataDirectory = None,
) -> None:
    """Run an optimization, follow it and print its ranking."""
    from service.cli.request import read_spec

    if (spec is None) == (resume is None):
        raise typer.BadParameter("give either a SPEC or --resume ID")
    if resume is not None and idempotency_key is not None:
        raise typer.BadParameter("--idempotency-key goes with a SPEC, not with --resume")

    async def follow_to_the_end(client: "Client") -> None:
        if resume is None:
            begun = await client.create(request, "optimizations", idempotency_key)
        else:
            begun = await client.resume(resume)
        await _follow(client, begun["optimization_id"], as_json=as_json)

    with failures_told():
        request = read_spec(spec)
        with_client(follow_to_the_end, url, api_key, data_dir, read_only=False)


def list_optimizations(
    state: Annotated[
        str | None, typer.Option(help="pending, running, completed, failed or cancelled.")
    ] = None,
    strategy: OfStrategy = None,
    symbol: OfSymbol = None,
    tag: Tagged = None,
    name: Named = None,
    sort: Annotated[str, typer.Option(help="created_at or best_value.")] = "created_at",
    order: Order = "desc",
    limit: Limit = 50,
    as_json: Json = False,
    url: Url = None,
    api_key: ApiKey = None,
    data_dir: DataDirectory = None,
) -> None:
    """List the optimizations, newest first unless asked otherwise."""

    async def show(client: "Client") -> None:
        from rich.console import Console

        from service.cli.ranking import show_optimizations

        found = await client.statuses(
            "optimizations",
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
            print_json(found)
        else:
            show_optimizations(Console(), found)

    with failures_told():
        with_client(show, url, api_key, data_dir, read_only=True)


async def _follow(client: "Client", optimization_id: str, *, as_json: bool) -> None:
    from contextlib import aclosing

    import msgspec
    from rich.console import Console

    from service.cli.ranking import Tally, show_ranking
    from service.client.errors import ClientError

    console = Console(stderr=True)
    console.print(f"optimization {optimization_id}", highlight=False)
    last: dict[str, Any] = {}
    with Tally(console) as tally:
        events = client.follow(optimization_id, family="optimizations")
        async with aclosing(events):
            async for event in events:
                tally.add(event.type, event.payload)
                if event.type == "state":
                    last = event.payload
    if last.get("state") != "completed":
        raise ClientError(last.get("error", "the optimization was cancelled"))
    document = await client.results(optimization_id)
    if as_json:
        typer.echo(document.decode())
    else:
        show_ranking(Console(), msgspec.json.decode(document))
