"""What stands on the tear sheet, from top to bottom."""

from datetime import datetime
from typing import Any

import msgspec
import polars as pl
from msgspec import UNSET

from domain.analysis.rolling import window_of
from domain.runs.events import Logged
from domain.runs.request import BacktestRequest
from service.report import tables
from service.report.content import Content
from service.report.markup import Html, element
from service.report.metric_groups import every_metric, headlines
from service.report.traces import Chart
from service.report.wording import moment


def title_of(request: BacktestRequest) -> str:
    """The run's name, else what it did on what."""
    return request.name or f"{request.strategy.name} on {_few(request.symbols)}"


def _few(symbols: list[str]) -> str:
    shown = ", ".join(symbols[:6])
    return shown if len(symbols) <= 6 else f"{shown} and {len(symbols) - 6} more"


def _settings(values: dict[str, Any]) -> str:
    words = {
        name: f"({_settings(value)})" if isinstance(value, dict) else value
        for name, value in values.items()
    }
    return ", ".join(f"{name} {value}" for name, value in words.items())


def header(content: Content) -> Html:
    """What was run, what the reader must be warned of, and the figures asked for first."""
    request, points = content.request, content.points
    first, last = points["timestamp"][0], points["timestamp"][-1]
    period = f"{first:%Y-%m-%d} to {last:%Y-%m-%d}, {request.resolution.value} bars"
    parameters = _settings(request.strategy.params)
    tags = ", ".join(f"{name}: {value}" for name, value in (request.tags or {}).items())
    return element(
        "header",
        element("h1", title_of(request)),
        element("p", f"{request.strategy.name}{f' ({parameters})' if parameters else ''}"),
        element("p", f"{_few(request.symbols)} · {period}", class_="quiet"),
        element("p", f"Tags: {tags}", class_="quiet") if tags else Html(),
        _warnings(content) if content.warnings else Html(),
        headlines(content.metrics),
    )


def _warnings(content: Content) -> Html:
    shown = [element("p", line.message) for line in content.warnings]
    more = content.warning_lines - len(shown)
    rest = element("p", f"and {more:,} more in the log", class_="quiet")
    return element("div", *shown, rest if more else Html(), class_="warnings")


def sections(
    content: Content, prices: dict[str, pl.DataFrame | None], drawn: dict[str, Chart]
) -> list[Html]:
    """A section for everything that the run has something to show of."""
    found = content.tables
    shown = [
        _section("Equity and drawdown", _chart("equity", "tall")),
        _section(
            "Returns by month, percent",
            tables.monthly_returns(found["monthly_returns"], found["yearly_returns"]),
        ),
        _section("Metrics", every_metric(content.metrics)),
    ]
    if "rolling" in drawn:
        shown.append(
            _section(
                f"Of the last {window_of(content.manifest.periods_per_year)} sessions, day by day",
                _chart("rolling", "tall"),
            )
        )
    if len(found["drawdowns"]):
        shown.append(_section("Worst drawdowns", tables.drawdowns(found["drawdowns"])))
    if "exposure" in drawn:
        shown.append(_section("Exposure at each session's end", _chart("exposure")))
    if "contribution" in drawn:
        shown.append(
            _section(
                "Profit by symbol",
                _chart("contribution"),
                tables.contributions(found["contributions"]),
            )
        )
    if "recorded" in drawn:
        shown.append(_section("Recorded by the strategy", _chart("recorded")))
    if prices:
        shown.append(_trades(prices))
    if "excursions" in drawn:
        shown.append(_round_trips(content))
    return shown


def _trades(prices: dict[str, pl.DataFrame | None]) -> Html:
    options = [
        element("option", symbol, value=f"trades-{number}") for number, symbol in enumerate(prices)
    ]
    choice = element("label", "Symbol ", element("select", *options, id="traded"))
    missing = [symbol for symbol, line in prices.items() if line is None]
    note = element(
        "p",
        f"The prices of {_few(missing)} are not, or no longer, those of the run; only its fills are"
        " drawn.",
        class_="quiet",
    )
    return _section(
        "Trades on price",
        choice if len(prices) > 1 else Html(),
        _chart("trades-0"),
        note if missing else Html(),
    )


def _round_trips(content: Content) -> Html:
    total = content.metrics["total_trades"] or 0
    shown = min(int(total), tables.ROUND_TRIPS_SHOWN)
    return _section(
        "Round trips",
        element(
            "p",
            "Each point is a round trip: how far the price went against it and in its favour while"
            " it was open, in percent of the entry's price.",
            class_="quiet",
        ),
        _chart("excursions"),
        element("h3", f"The latest {shown:,} of {total:,}"),
        tables.round_trips(content.round_trips),
    )


def footer(content: Content) -> Html:
    """With what the run can be made again and checked."""
    manifest, request = content.manifest, content.request
    execution = msgspec.to_builtins(request.execution)
    chosen = {name: value for name, value in execution.items() if value not in (None, 0.0, False)}
    data = [
        (each.symbol, f"{each.bars:,} bars, {each.source}, SHA-256 {each.sha256}")
        for each in manifest.data
    ]
    libraries = ", ".join(f"{name} {version}" for name, version in manifest.libraries.items())
    return element(
        "footer",
        element("h2", "The run"),
        tables.facts(
            [
                ("Run", content.run_id),
                ("Execution", _settings(chosen)),
                ("Days", f"{manifest.periods_per_year} a year, in {request.timezone}"),
                ("Made with", f"Backtape {manifest.engine}, Python {manifest.python}, {libraries}"),
                ("Digest", content.digest),
                *data,
            ]
        ),
        *_log(content),
    )


def _log(content: Content) -> list[Html]:
    lines = [_said(line) for line in content.logs]
    if not lines:
        return []
    if content.log_lines > len(lines):
        kept = f"The first {len(lines):,} of {content.log_lines:,} lines"
        lines.insert(0, f"{kept}; the results document has them all.")
    return [element("h2", "Its log"), *(element("p", line, class_="log") for line in lines)]


def _said(line: Logged) -> str:
    said = f"{line.level}: {line.message}"
    return said if line.bar is UNSET else f"{moment(datetime.fromisoformat(line.bar))} {said}"


def _section(title: str, *children: str) -> Html:
    return element("section", element("h2", title), *children)


def _chart(name: str, class_: str = "") -> Html:
    return element("div", class_=f"chart {class_}".strip(), data_chart=name)
