"""The parts of a chart, in the form that plotly.js takes them."""

from typing import Any, TypeAlias

import polars as pl

from domain.market.resolution import MICROSECONDS_PER_DAY

Chart: TypeAlias = dict[str, Any]

INK, MUTED, GAIN, LOSS = "#1f4e79", "#9aa5b1", "#2f7d4f", "#b3413a"
# Of Okabe and Ito (2008): told apart by colour-blind readers too.
COLOURS = [
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#7f7f7f"
]  # fmt: skip


def line(
    moments: pl.Series,
    values: pl.Series,
    name: str,
    colour: str,
    *,
    width: float = 1.4,
    dash: str = "solid",
    shape: str = "linear",
    **trace: Any,
) -> Chart:
    """A line, ``width`` pixels wide; ``trace`` is what else plotly.js is to know of it."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": escaped(name),
        "x": moments_of(moments),
        "y": numbers_of(values),
        "line": {"color": colour, "width": width, "dash": dash, "shape": shape},
        **trace,
    }


def moments_of(moments: pl.Series) -> list[str]:
    """Days where all are midnights, else moments to the millisecond; UTC."""
    if (moments.dt.timestamp("us") % MICROSECONDS_PER_DAY == 0).all():
        return moments.dt.strftime("%Y-%m-%d").to_list()
    return moments.dt.strftime("%Y-%m-%d %H:%M:%S%.3f").to_list()


def numbers_of(values: pl.Series) -> list[float | None]:
    """Seven digits of each, which is more than a screen shows."""
    return [None if value is None else float(f"{value:.7g}") for value in values]


def escaped(text: str) -> str:
    """Text that plotly.js shows as it is written: it reads some HTML in names and labels."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
