"""Options that several commands take."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

DataDirectory: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        help="The folder that holds log.db and market/; else BACKTAPE_DATA_DIR, else ./var.",
    ),
]
