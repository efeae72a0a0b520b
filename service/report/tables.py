"""The tear sheet's tables."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby

import polars as pl

from service.report import wording
from service.report.markup import Html, element, joined
from service.report.wording import Number

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ROUND_TRIPS_SHOWN = 50
# A month's colour goes up to full at this many percent.
HEAT_PERCENT_MAX = 10.0
HEAT_STEPS = 5


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, words: int = 1) -> Html:
    """A table; of its columns the first ``words`` hold text, the others numbers.

    A cell that is markup is a whole ``td`` and stands as it is.
    """

    def line(tag: str, cells: Sequence[str]) -> Html:
        return element(
            "tr",
            *(
                cell if isinstance(cell, Html)
                else element(tag, cell) if place < words
                else element(tag, cell, class_="number")
                for place, cell in enumerate(cells)
            ),
        )  # fmt: skip

    head = element("thead", line("th", heads))
    body = element("tbody", *(line("td", row) for row in rows))
    return element("div", element("table", head, body), class_="scroll")


def monthly_returns(monthly: pl.DataFrame, yearly: pl.DataFrame) -> Html:
    """The heat map: a row for each year, its months, the year, and the benchmark's year."""
    against = "benchmark_return" in yearly.columns
    heads = ["", *MONTHS, "Year", *(["Benchmark"] if against else [])]
    years = {row["year"]: row for row in yearly.iter_rows(named=True)}
    rows = []
    for year, months in groupby(monthly.iter_rows(named=True), lambda row: row["month"][:4]):
        known = {int(row["month"][5:]): row["return"] for row in months}
        cells = [_heat(known.get(month)) for month in range(1, 13)]
        total = [_heat(years[year]["return"], strong=True)]
        benchmark = [_heat(years[year]["benchmark_return"])] if against else []
        rows.append([year, *cells, *total, *benchmark])
    return element("div", table(heads, rows), class_="heat")


def _heat(value: Number, *, strong: bool = False) -> Html:
    names = ["number"]
    if strong:
        names.append("strong")
    if value is not None and round(value, 1) != 0.0:
        share = min(abs(value) / HEAT_PERCENT_MAX, 1.0)
        names.append(f"{'gain' if value > 0 else 'loss'}-{max(1, round(share * HEAT_STEPS))}")
    shown = "" if value is None else f"{round(value, 1) + 0.0:,.1f}".replace("-", wording.MINUS)
    return element("td", shown, class_=" ".join(names))


def drawdowns(found: pl.DataFrame) -> Html:
    """The worst drawdowns, deepest first."""
    heads = ["Peak", "Trough", "Recovery", "Depth", "Length"]
    rows = (
        [
            _moment(row["start"]),
            _moment(row["trough"]),
            _moment(row["recovery"]) if row["recovery"] else "not yet",
            wording.percent(row["depth"]),
            wording.day_count(row["days"]),
        ]
        for row in found.iter_rows(named=True)
    )
    return table(heads, rows, words=3)


def contributions(found: pl.DataFrame) -> Html:
    """What each symbol has earned, the best first."""
    heads = ["Symbol", "Profit", "Of the initial capital"]
    rows = (
        [
            row["symbol"] or "borrowed cash",
            wording.amount(row["profit"]),
            wording.percent(row["contribution"]),
        ]
        for row in found.sort("profit", descending=True).iter_rows(named=True)
    )
    return table(heads, rows)


def round_trips(latest: pl.DataFrame) -> Html:
    """The latest round trips, newest first."""
    heads = [
        "Symbol", "Side", "Entry", "Exit", "Held", "Quantity", "Entry price", "Exit price",
        "Profit", "Return", "MAE", "MFE",
    ]  # fmt: skip
    rows = (
        [
            row["symbol"],
            row["side"],
            wording.moment(row["entry_timestamp"]),
            wording.moment(row["exit_timestamp"]),
            wording.holding(row["holding_seconds"]),
            wording.quantity(row["quantity"]),
            wording.quantity(row["entry_price"]),
            wording.quantity(row["exit_price"]),
            wording.amount(row["profit"]),
            wording.percent(row["return"]),
            wording.percent(row["mae"]),
            wording.percent(row["mfe"]),
        ]
        for row in latest.tail(ROUND_TRIPS_SHOWN).reverse().iter_rows(named=True)
    )
    return table(heads, rows, words=4)


def facts(rows: Iterable[tuple[str, str]]) -> Html:
    """Terms and what they are, in this run."""
    return element(
        "dl",
        *(joined(element("dt", term), element("dd", meaning)) for term, meaning in rows),
    )


def _moment(text: str) -> str:
    return wording.moment(datetime.fromisoformat(text))
