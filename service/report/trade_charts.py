"""Charts of fills and round trips."""

import polars as pl

from service.report.traces import GAIN, LOSS, MUTED, Chart, escaped, line, moments_of, numbers_of

CROWD = 300  # so many fills need smaller marks


def excursions(trips: pl.DataFrame) -> Chart:
    """Of each round trip, how far the price went against it and in its favour."""

    def scatter(chosen: pl.DataFrame, name: str, colour: str) -> Chart:
        return {
            "type": "scatter",
            "mode": "markers",
            "name": name,
            "x": numbers_of(chosen["mae"]),
            "y": numbers_of(chosen["mfe"]),
            "text": [escaped(symbol) for symbol in chosen["symbol"]],
            "customdata": numbers_of(chosen["return"]),
            "marker": {"color": colour, "size": 6, "opacity": 0.7},
            "hovertemplate": "%{text}: %{customdata:.2f} %<br>against %{x:.2f} %"
            "<br>for %{y:.2f} %<extra></extra>",
        }

    won = pl.col("profit") > 0.0
    return {
        "data": [
            scatter(trips.filter(won), "won", GAIN),
            scatter(trips.filter(~won), "did not", LOSS),
        ],
        "layout": {
            "xaxis": {"type": "linear", "title": {"text": "furthest against"}, "ticksuffix": " %"},
            "yaxis": {"title": {"text": "furthest in favour"}, "ticksuffix": " %"},
            "hovermode": "closest",
        },
    }


def trades_on_price(symbol: str, closes: pl.DataFrame | None, fills: pl.DataFrame) -> Chart:
    """A symbol's closes, where they are known, and its fills on them."""
    own = fills.filter(pl.col("symbol") == symbol)
    traces = []
    if closes is not None:
        traces.append(line(closes["timestamp"], closes["close"], "close", MUTED, width=1.2))
    for side, colour, shape in (("buy", GAIN, "triangle-up"), ("sell", LOSS, "triangle-down")):
        chosen = own.filter(pl.col("side") == side)
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": side,
                "x": moments_of(chosen["timestamp"]),
                "y": numbers_of(chosen["price"]),
                "customdata": numbers_of(chosen["quantity"]),
                "marker": {"color": colour, "symbol": shape, "size": 9 if len(own) < CROWD else 5},
                "hovertemplate": side + " %{customdata:,.4~f} at %{y:,.4~f}<extra></extra>",
            }
        )
    return {"data": traces, "layout": {"hovermode": "closest"}}
