"""Strategies and what the look-ahead detector says of them, as tables."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from domain.engine.leaks import Leak, Report
from domain.strategies.description import Description
from service.cli.plain import plain

SOURCES = {"built_in": "built in", "installed": "installed", "file": "file"}
FUTURES = {"prices": "other prices", "end": "an early end"}


def show_strategies(strategies: Iterable[Description]) -> None:
    """Print every strategy on a line; one that cannot be used with its error."""
    table = Table("strategy", "kind", "source", "what it does")
    for each in strategies:
        says = plain(_first_line(each)) if each.error is None else plain(each.error, style="red")
        table.add_row(plain(each.name), each.kind or "-", SOURCES[each.source], says)
    Console().print(table)


def show_parameters(strategy: Description) -> None:
    """Print a strategy's description and its parameters."""
    console = Console()
    title = f"{strategy.name} ({strategy.kind or 'unusable'}, {SOURCES[strategy.source]})"
    console.print(plain(title, style="bold"))
    console.print(plain(strategy.error or strategy.description), soft_wrap=True)
    if not strategy.parameters:
        return
    table = Table("parameter", "type", "bounds", "default", "meaning")
    for each in strategy.parameters:
        default = "required" if each.required else str(each.default)
        table.add_row(
            *(
                plain(cell)
                for cell in (each.name, each.type, each.bounds, default, each.description)
            )
        )
    console.print(table)


def show_report(report: Report) -> None:
    """Print what came of a search for look-ahead."""
    console = Console()
    for line in (_verdict(report), *(f"note: {note}" for note in report.notes)):
        console.print(plain(line), soft_wrap=True)
    if report.leaks:
        columns = ("future changed after", "to", "bar", "event", "what changed")
        table = Table(*columns, title="Look-ahead")
        for leak in report.leaks:
            after, to, what = _day(leak.moment), FUTURES[leak.future], plain(_changed(leak))
            table.add_row(after, to, _day(leak.bar), str(leak.event_id), what)
        console.print(table)


def _verdict(report: Report) -> str:
    if not report.deterministic:
        return (
            "it is not deterministic: two runs on the same prices differ"
            " (a random number without a seed, the clock, the order of a set?)"
        )
    tried = f"{len(report.moments)} moments (seed {report.seed})"
    if report.leaks:
        return f"it sees the future at {len(report.leaks)} of {tried}"
    return f"no look-ahead found at {tried}"


def _changed(leak: Leak) -> str:
    if leak.table is None:
        return "a log line"
    was, became = leak.was or {}, leak.became or {}
    differs = [name for name in was or became if was.get(name) != became.get(name)]
    changes = (f"{name} {_short(was.get(name))} → {_short(became.get(name))}" for name in differs)
    return f"{leak.table}: {', '.join(changes)}"


def _short(value: object) -> str:
    if value is None:
        return "nothing"
    return f"{value:.6g}" if isinstance(value, float) else _day(str(value))


def _day(moment: str) -> str:
    return moment.removesuffix("T00:00:00+00:00")


def _first_line(strategy: Description) -> str:
    return strategy.description.partition("\n")[0]
