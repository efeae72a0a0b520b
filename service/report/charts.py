"""The tear sheet's charts as plain data."""

import polars as pl

from service.report.content import Content
from service.report.traces import COLOURS, GAIN, INK, LOSS, MUTED, Chart, escaped, line, numbers_of
from service.report.trade_charts import excursions, trades_on_price

SYMBOLS_MAX = SERIES_MAX = 8
EXPOSURE_DAYS_MAX = 600
BARS_SHOWN = 20


def charts(content: Content, prices: dict[str, pl.DataFrame | None]) -> dict[str, Chart]:
    """Every chart that there is something to draw for, by name."""
    found: dict[str, Chart] = {"equity": _equity(content)}
    rolling = content.tables["rolling"]
    if rolling["volatility"].count():
        found["rolling"] = _rolling(rolling)
    if len(content.exposures):
        found["exposure"] = _exposure(content)
    if len(content.tables["contributions"]):
        found["contribution"] = _contribution(content.tables["contributions"])
    if len(content.recorded):
        found["recorded"] = _recorded(content.recorded)
    if len(content.round_trips):
        found["excursions"] = excursions(content.round_trips)
    for number, (symbol, closes) in enumerate(prices.items()):
        found[f"trades-{number}"] = trades_on_price(symbol, closes, content.fills)
    return found


def _equity(content: Content) -> Chart:
    points, benchmark = content.points, content.benchmark
    traces = [line(points["timestamp"], points["value"], "equity", INK, width=1.8)]
    if len(benchmark):
        name = content.request.benchmark_symbol or "benchmark"
        traces.insert(0, line(benchmark["timestamp"], benchmark["value"], name, MUTED))
    drawdown = line(points["timestamp"], -points["drawdown"], "drawdown", LOSS, yaxis="y2")
    traces.append(drawdown | {"fill": "tozeroy", "fillcolor": "rgba(179,65,58,0.18)"})
    return {
        "data": traces,
        "layout": {
            "yaxis": {"title": {"text": content.request.currency}, "domain": [0.34, 1]},
            "yaxis2": {"title": {"text": "drawdown"}, "ticksuffix": " %", "domain": [0, 0.27]},
            "xaxis": {"anchor": "y2"},
            "showlegend": len(benchmark) > 0,
        },
    }


def _rolling(rolling: pl.DataFrame) -> Chart:
    moments = rolling["timestamp"]
    sharpe = line(moments, rolling["sharpe_ratio"], "Sharpe ratio", INK)
    volatility = line(moments, rolling["volatility"], "volatility", COLOURS[1], yaxis="y2")
    return {
        "data": [sharpe, volatility],
        "layout": {
            "yaxis": {"title": {"text": "Sharpe ratio"}, "domain": [0.54, 1]},
            "yaxis2": {
                "title": {"text": "volatility"},
                "ticksuffix": " %",
                "domain": [0, 0.46],
                "rangemode": "tozero",
            },
            "xaxis": {"anchor": "y2"},
            "showlegend": False,
        },
    }


def _exposure(content: Content) -> Chart:
    curve = content.tables["exposure_curve"]
    shown = curve.gather_every(max(len(curve) // EXPOSURE_DAYS_MAX, 1))
    weights = content.exposures.join(shown.select("timestamp"), on="timestamp", how="semi")
    sizes = weights.group_by("symbol", maintain_order=True).agg(pl.col("weight").abs().sum())
    largest = sizes.sort("weight", descending=True, maintain_order=True)["symbol"].to_list()
    traces: list[Chart] = []
    for place, symbol in enumerate(largest[: SYMBOLS_MAX - 1]):
        held = weights.filter(pl.col("symbol") == symbol)
        traces.extend(_areas(shown, held, symbol, COLOURS[place]))
    if len(largest) >= SYMBOLS_MAX:
        others = weights.filter(pl.col("symbol").is_in(largest[SYMBOLS_MAX - 1 :]))
        traces.extend(_areas(shown, others, "the others", COLOURS[-1]))
    traces.append(line(shown["timestamp"], shown["gross"], "gross", INK, dash="dot", shape="hv"))
    if shown["net"].round(6).ne(shown["gross"].round(6)).any():
        traces.append(line(shown["timestamp"], shown["net"], "net", LOSS, dash="dot", shape="hv"))
    return {
        "data": traces,
        "layout": {
            "yaxis": {"title": {"text": "of equity"}, "ticksuffix": " %", "hoverformat": ".2f"}
        },
    }


def _areas(shown: pl.DataFrame, weights: pl.DataFrame, name: str, colour: str) -> list[Chart]:
    percent = 100.0 * pl.col("weight")
    daily = weights.group_by("timestamp", maintain_order=True).agg(
        net=percent.sum(),
        long=percent.clip(lower_bound=0.0).sum(),
        short=percent.clip(upper_bound=0.0).sum(),
    )
    joined = (
        shown.select("timestamp")
        .join(daily, on="timestamp", how="left", maintain_order="left")
        .fill_null(0.0)
    )
    # Longs are stacked upwards and shorts downwards, or they would cover each other.
    areas = [
        line(joined["timestamp"], joined[side], name, colour, width=0.5, shape="hv")
        | {"stackgroup": side, "legendgroup": escaped(name)}
        | {"hoverinfo": "skip", "showlegend": False}
        for side in ("long", "short")
        if joined[side].ne(0.0).any()
    ]
    for area in areas[:1]:  # which speaks for both
        net = numbers_of(joined["net"])
        area |= {"showlegend": True, "customdata": net, "hovertemplate": "%{customdata:.2f} %"}
    return areas


def _contribution(contributions: pl.DataFrame) -> Chart:
    ordered = contributions.sort("profit", maintain_order=True)
    if len(ordered) > BARS_SHOWN:
        half = BARS_SHOWN // 2
        ordered = pl.concat([ordered.head(half), ordered.tail(half)])
    names = [symbol or "borrowed cash" for symbol in ordered["symbol"]]
    profits = ordered["profit"].to_list()
    bars = {
        "type": "bar",
        "orientation": "h",
        "y": [escaped(name) for name in names],
        "x": profits,
        "marker": {"color": [GAIN if profit >= 0 else LOSS for profit in profits]},
        "hovertemplate": "%{y}: %{x:,.2f}<extra></extra>",
    }
    return {
        "data": [bars],
        "layout": {
            "height": 110 + 22 * len(names),
            "xaxis": {"type": "linear", "tickformat": ",.4~s"},
            "yaxis": {"type": "category", "automargin": True},
            "showlegend": False,
            "hovermode": "closest",
        },
    }


def _recorded(recorded: pl.DataFrame) -> Chart:
    names = recorded["name"].unique(maintain_order=True)[:SERIES_MAX]
    traces = []
    for name, colour in zip(names, COLOURS, strict=False):
        series = recorded.filter(pl.col("name") == name)
        traces.append(line(series["timestamp"], series["value"], name, colour))
    return {"data": traces, "layout": {"showlegend": True}}
