"""One line per figure: ours, the yardstick's, and whether the floor holds."""

import sys
from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

WIDTH_IN_A_FILE = 150


class Row(NamedTuple):
    """A measured figure as it is printed; ``ok`` says whether it keeps to ``floor``, if any."""

    what: str
    ours: str
    yardstick: str
    ratio: str
    floor: str
    ok: bool


def spread(values: Sequence[float], form: str = ",.0f") -> str:
    """Median, least and greatest of some measurements, e.g. ``12 (11 to 15)``."""
    return f"{median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def print_table(rows: Iterable[Row]) -> None:
    """Print all rows as one table."""
    table = Table("what", "ours", "yardstick", "ratio", "floor", "", show_lines=True)
    for row in rows:
        table.add_row(*row[:-1], _verdict(row))
    Console(width=None if sys.stdout.isatty() else WIDTH_IN_A_FILE).print(table)


def _verdict(row: Row) -> str:
    if not row.floor:
        return ""
    return "[green]ok[/]" if row.ok else "[red]below[/]"
