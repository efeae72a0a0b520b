"""Optimizations on a terminal: how far one is, how its trials rank, which there are."""

import time
from collections.abc import Iterable
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from service.cli.plain import plain

TRIALS_SHOWN = 10
CELL_WIDTH_MAX = 16  # a longer one is folded
METRICS_SHOWN = ("total_return", "sharpe_ratio", "max_drawdown", "total_trades")


class Tally:
    """A bar with the best so far, trials per second and the time left, fed by events."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            console=console,
        )
        self._bar = self._progress.add_task("pending", total=0, note="")
        self._best = ""
        self._ended = 0
        self._trials = 0
        self._running_since = (0.0, 0)

    def __enter__(self) -> "Tally":
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def add(self, type_: str, payload: dict[str, Any]) -> None:
        """Take in an event of the optimization's stream."""
        if type_ == "state":
            self._trials = payload.get("trials", self._trials)
            if payload["state"] == "running":
                self._running_since = time.monotonic(), self._ended
            self._progress.update(
                self._bar, description=payload["state"], total=self._trials, note=self._note()
            )
        elif type_ == "trial" and payload["phase"] != "asked":
            self._ended += 1
            self._progress.update(self._bar, completed=self._ended, note=self._note())
        elif type_ == "progress" and payload["best"] is not None:
            self._best = f"best {payload['best_value']:.6g} (trial {payload['best']})  "

    def _note(self) -> str:
        since, ended = self._running_since
        seconds, done = time.monotonic() - since, self._ended - ended
        if done == 0 or seconds == 0.0:
            return self._best
        left = (self._trials - self._ended) * seconds / done
        return f"{self._best}{done / seconds:,.1f} trials/s  {left:,.0f} s left"


def show_ranking(console: Console, results: dict[str, Any]) -> None:
    """Print the best trials of a results document."""
    trials = results["all_trials"][:TRIALS_SHOWN]
    names = list(trials[0]["params"]) if trials else []
    metrics = [name for name in METRICS_SHOWN if any(name in (t["full"] or {}) for t in trials)]
    rows = [_row(trial, metrics) for trial in trials]
    table = Table(title="Best trials", padding=(0, 1, 0, 0), show_edge=False)
    heads = ["rank", "trial", "objective", "gap", *names]
    for place, head in enumerate([*heads, *(name.replace("_", " ") for name in metrics)]):
        # Where there is little room the heads are folded, not the figures.
        width = max((row[place].cell_len for row in rows), default=0)
        table.add_column(plain(head), overflow="fold", min_width=min(width, CELL_WIDTH_MAX))
    for row in rows:
        table.add_row(*row)
    console.print(table)


def show_optimizations(console: Console, optimizations: Iterable[dict[str, Any]]) -> None:
    """Print status objects as a table, in the order given."""
    table = Table("optimization_id", "name", "state", "trials", "best", "created", "error")
    table.columns[0].min_width = len("00000000-0000-0000-0000-000000000000")  # to be copied whole
    for each in optimizations:
        ended = each["trials_completed"] + each["trials_failed"]
        best = each["best_trial"]
        table.add_row(
            each["optimization_id"],
            plain(each["name"]),
            each["state"],
            f"{ended:,}/{each['trials']:,}",
            "" if best is None else f"{best['value']:.6g}",
            each["created_at"][:19].replace("T", " "),
            plain(each["error"] or ""),
        )
    console.print(table)


def _row(trial: dict[str, Any], metrics: Iterable[str]) -> list[Text]:
    full = trial["full"] or {}
    cells = [trial["rank"], trial["number"], trial["value"], trial["gap"]]
    cells += [*trial["params"].values(), *(full.get(name) for name in metrics)]
    return [_cell(value) for value in cells]


def _cell(value: Any) -> Text:
    if value is None:
        return Text("-")
    return plain(f"{value:,.5g}" if isinstance(value, float) else value)
