"""Results as tables, runs as a table, progress as a bar."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from service.cli.plain import plain

LOG_LINES_SHOWN = 20
TRADES_SHOWN = 10
PERCENT = {
    "total_return", "annualized_return", "volatility", "max_drawdown", "var_95", "cvar_95",
    "win_rate", "exposure_time", "alpha", "tracking_error",
}  # fmt: skip


def progress_bar(console: Console) -> Progress:
    """Make a bar for a run's progress."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        console=console,
    )


def show_results(console: Console, results: dict[str, Any]) -> None:
    """Print the first log lines, the metrics and the last trades of a results document."""
    _show_log(console, results["logs"])
    console.print(_metrics(results["metrics_summary"]))
    if results["trades"]:
        console.print(_trades(results["trades"]))


def show_runs(console: Console, runs: Iterable[dict[str, Any]]) -> None:
    """Print status objects as a table, in the order given."""
    table = Table("run_id", "state", "progress", "created", "finished", "error")
    table.columns[0].min_width = len("00000000-0000-0000-0000-000000000000")  # to be copied whole
    for run in runs:
        created, finished = (_moment(run[name]) for name in ("created_at", "finished_at"))
        progress = f"{run['progress']:.0%}"
        error = plain(run["error"] or "")
        table.add_row(run["run_id"], run["state"], progress, created, finished, error)
    console.print(table)


def _show_log(console: Console, lines: list[dict[str, str]]) -> None:
    for line in lines[:LOG_LINES_SHOWN]:
        # What comes after a line feed cannot pass for a line of its own.
        message = line["message"].replace("\n", "\n    ")
        at = f"{_moment(line['bar'])} " if "bar" in line else ""
        console.print(plain(f"{at}{line['level']}: {message}", style="yellow"), soft_wrap=True)
    if len(lines) > LOG_LINES_SHOWN:
        more = f"and {len(lines) - LOG_LINES_SHOWN:,} more log lines: --json has them all"
        console.print(plain(more, style="yellow"), soft_wrap=True)


def _metrics(metrics: dict[str, float | int | None]) -> Table:
    table = Table("metric", "value", title="Metrics")
    table.columns[1].justify = "right"
    for name, value in metrics.items():
        table.add_row(name, _number(value) + (" %" if name in PERCENT and value else ""))
    return table


def _trades(trades: list[dict[str, Any]]) -> Table:
    shown = trades[-TRADES_SHOWN:]
    columns = ("timestamp", "symbol", "side", "quantity", "price", "commission", "rule")
    table = Table(*columns, title=f"The last {len(shown)} of {len(trades):,} trades")
    for column in table.columns[3:6]:
        column.justify = "right"
    for trade in shown:
        row = {**trade, "timestamp": _moment(trade["timestamp"])}
        table.add_row(
            *(_number(value) if isinstance(value, float) else plain(value)
              for value in (row[name] for name in columns))
        )  # fmt: skip
    return table


def _number(value: float | int | None) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4f}"


def _moment(text: str | None) -> str:
    return "" if text is None else text[:19].replace("T", " ").removesuffix(" 00:00:00")
