"""The tear sheet as one page: everything it shows and runs is inside it."""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import NamedTuple

import msgspec
import polars as pl

from service.report.charts import charts
from service.report.content import Content
from service.report.markup import Html, element, joined
from service.report.sections import footer, header, sections, title_of
from service.report.traces import Chart


class Page(NamedTuple):
    """A page and the Content-Security-Policy that it is to be served with."""

    html: bytes
    policy: str


class _Assets(NamedTuple):
    style: Html
    plotly: Html
    script: Html
    policy: str


def page(content: Content, prices: dict[str, pl.DataFrame | None]) -> Page:
    """Write the tear sheet; ``prices`` are the closes of the symbols whose fills are drawn."""
    assets = _assets()
    drawn = charts(content, prices)
    head = element(
        "head",
        Html('<meta charset="utf-8">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        # For the file by itself, which no server sends a policy with.
        Html(f'<meta http-equiv="Content-Security-Policy" content="{assets.policy}">'),
        element("title", f"{title_of(content.request)} · Backtape"),
        assets.style,
    )
    body = element(
        "body",
        element("main", header(content), *sections(content, prices, drawn), footer(content)),
        element("script", _json(drawn), type="application/json", id="charts"),
        assets.plotly,
        assets.script,
    )
    html = joined(Html("<!doctype html>\n"), Html(f'<html lang="en">{head}{body}</html>'))
    return Page(html.encode(), f"{assets.policy}; frame-ancestors 'none'")


@cache
def _assets() -> _Assets:
    style = (files("service.report") / "sheet.css").read_text("utf-8")
    plotly = (files("plotly") / "package_data" / "plotly.min.js").read_text("utf-8")
    script = (files("service.report") / "sheet.js").read_text("utf-8")
    allowed = " ".join(f"'sha256-{_hash(source)}'" for source in (plotly, script))
    policy = (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline';"
        " img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    return _Assets(
        element("style", Html(style)),
        element("script", Html(plotly)),
        element("script", Html(script)),
        policy,
    )


def _hash(source: str) -> str:
    return b64encode(sha256(source.encode()).digest()).decode()


def _json(value: dict[str, Chart]) -> Html:
    # Inside a script element nothing ends the element but "</script", and "<!--" begins a comment.
    return Html(msgspec.json.encode(value).decode().replace("<", "\\u003c"))
