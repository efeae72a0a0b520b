"""Options that several commands take."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

DataDirectory: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        help="The folder of log.db and market/; else BACKTAPE_DATA_DIR, else ./var.",
    ),
]

Url: TypeAlias = Annotated[
    str | None,
    typer.Option(help="A running service's URL; without it, the data folder itself is used."),
]
ApiKey: TypeAlias = Annotated[
    str | None, typer.Option(help="The service's API key; else the first of BACKTAPE_API_KEY.")
]
Output: TypeAlias = Annotated[Path, typer.Option("--output", "-o", help="The file to write.")]
IdempotencyKey: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="KEY", help="Run the same request once, however often this command is repeated."
    ),
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]

OfStrategy: TypeAlias = Annotated[
    str | None, typer.Option("--strategy", help="Only those of this strategy.")
]
OfSymbol: TypeAlias = Annotated[str | None, typer.Option("--symbol", help="Only with this symbol.")]
Tagged: TypeAlias = Annotated[
    str | None,
    typer.Option("--tag", metavar="TAG", help="Only with this tag: its name, or name:value."),
]
Named: TypeAlias = Annotated[
    str | None, typer.Option("--name", metavar="WORDS", help="Only with these words in the name.")
]
Order: TypeAlias = Annotated[str, typer.Option(help="asc or desc.")]
Limit: TypeAlias = Annotated[int, typer.Option(help="At most this many, 1 to 200.")]
