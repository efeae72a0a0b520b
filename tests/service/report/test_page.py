"""The page by itself: complete, self-contained, and nothing in it is taken for markup."""

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from service.report.content import Content
from service.report.metric_groups import GROUPS
from tests.domain.engine.building import bars, run
from tests.domain.strategies.installing import install
from tests.service.report.sheets import a_run, content_of, sheet, wave

HOSTILE = "</script><script>alert(1)</script>\"'&<img src=x onerror=alert(2)>"


class Reader(HTMLParser):
    """What a browser makes of a page: elements with their attributes, texts, scripts."""

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self._inside = ""
        self.feed(html.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data
        elif self._inside != "style":
            self.text += data

    @property
    def charts(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.scripts[0])
        return found


@pytest.fixture(scope="module")
def content() -> Content:
    return content_of(a_run("A", "B"))


@pytest.fixture(scope="module")
def reader(content: Content) -> Reader:
    closes = wave("A").frame().select("timestamp", "close")
    return Reader(sheet(content, {"A": closes, "B": None}).html)


def test_every_place_for_a_chart_has_its_chart(reader: Reader) -> None:
    places = [given["data-chart"] for _, given in reader.elements if "data-chart" in given]
    assert places == [
        "equity", "rolling", "exposure", "contribution", "trades-0", "excursions"
    ]  # fmt: skip
    assert set(reader.charts) == {*places, "trades-1"}
    options = [given["value"] for tag, given in reader.elements if tag == "option"]
    assert options == ["trades-0", "trades-1"]


def test_the_charts_show_the_run(content: Content, reader: Reader) -> None:
    benchmark, equity, drawdown = reader.charts["equity"]["data"]
    assert (benchmark["name"], equity["name"]) == ("INDEX", "equity")
    assert len(equity["x"]) == len(equity["y"]) == 400
    assert equity["y"][-1] == pytest.approx(content.metrics["final_value"])
    assert min(drawdown["y"]) == pytest.approx(-content.metrics["max_drawdown"])  # type: ignore[operator]  # not None
    closes, bought, sold = reader.charts["trades-0"]["data"]
    assert (closes["name"], bought["name"], sold["name"]) == ("close", "buy", "sell")
    own = content.fills.filter(pl.col("symbol") == "A")
    assert len(bought["x"]) + len(sold["x"]) == len(own)
    assert [trace["name"] for trace in reader.charts["trades-1"]["data"]] == ["buy", "sell"]
    won, lost = reader.charts["excursions"]["data"]
    assert len(won["x"]) + len(lost["x"]) == content.metrics["total_trades"]


def test_longs_are_stacked_above_shorts_and_each_symbol_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, scripted="tests.domain.engine.scripted:Scripted")
    monkeypatch.syspath_prepend(tmp_path)
    weights = {"A": [0.5] * 20 + [-0.5] * 20, "B": [-0.25] * 40}
    flat = [bars(symbol, [10.0] * 40, [10.0] * 40) for symbol in weights]
    outcome = run(flat, "scripted", {"weights": weights}, allow_short=True)
    exposure = Reader(sheet(content_of(outcome)).html).charts["exposure"]["data"]
    *areas, gross, net = exposure
    assert [(area["name"], area["stackgroup"]) for area in areas] == [
        ("A", "long"), ("A", "short"), ("B", "short")
    ]  # fmt: skip
    assert [area["y"][30] for area in areas] == [0.0, -50.0, -25.0]
    named = [area for area in areas if area["showlegend"]]
    assert [(area["name"], area["customdata"][30]) for area in named] == [("A", -50), ("B", -25)]
    assert [area["hoverinfo"] == "skip" and "hovertemplate" not in area for area in areas] == [
        False, True, False
    ]  # fmt: skip
    assert (gross["y"][30], net["y"][30]) == (75.0, -75.0)


def test_prices_that_are_not_those_of_the_run_are_told(content: Content, reader: Reader) -> None:
    assert "The prices of B are not, or no longer, those of the run" in reader.text
    assert "no longer" not in Reader(sheet(content).html).text


def test_every_metric_of_a_run_is_shown(content: Content, reader: Reader) -> None:
    labels = {name: label for group in GROUPS.values() for name, (label, _) in group.items()}
    assert set(labels) == set(content.metrics)
    assert all(label in reader.text for label in labels.values())


def test_what_the_run_was_made_with_is_told(content: Content, reader: Reader) -> None:
    shas = [dataset.sha256 for dataset in content.manifest.data]
    for text in (content.run_id, content.digest, "commission_bps 5.0", *shas):
        assert text in reader.text


def test_the_page_asks_nobody_for_anything(reader: Reader) -> None:
    for tag, given in reader.elements:
        assert tag not in ("link", "iframe", "img", "base", "form", "object")
        assert not {"src", "href", "action"} & given.keys()


def test_only_its_own_scripts_may_run(content: Content) -> None:
    made = sheet(content)
    reader = Reader(made.html)
    hashes = {
        f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"
        for script in reader.scripts[1:]
    }
    (allowed,) = re.findall(r"script-src ([^;]*);", made.policy)
    assert set(allowed.split()) == hashes
    assert made.policy.startswith("default-src 'none';")
    metas = [given for tag, given in reader.elements if tag == "meta"]
    (policy,) = (meta["content"] for meta in metas if "http-equiv" in meta)
    assert f"{policy}; frame-ancestors 'none'" == made.policy


def test_nothing_among_the_charts_can_end_their_script(reader: Reader) -> None:
    assert "<" not in reader.scripts[0]
    assert "<br>" in reader.charts["excursions"]["data"][0]["hovertemplate"]


def test_what_users_write_is_text() -> None:
    outcome = run([wave("A")], "buy_and_hold", warnings=[HOSTILE])
    content = content_of(outcome, name=HOSTILE)
    series = pl.DataFrame({"timestamp": content.points["timestamp"], "value": 1.0})
    recorded = series.with_columns(name=pl.lit(HOSTILE)).select("timestamp", "name", "value")
    reader = Reader(sheet(content._replace(recorded=recorded)).html)
    tags = [tag for tag, _ in reader.elements]
    assert tags.count("script") == 3
    assert "img" not in tags
    assert reader.text.count(HOSTILE) == 4  # title, heading, warning, log
    name = reader.charts["recorded"]["data"][0]["name"]
    assert "<" not in name
    assert name.startswith("&lt;/script&gt;")


def test_tags_are_shown_as_they_are_written() -> None:
    content = content_of(run([wave("A")], "buy_and_hold"), tags={"desk": "<b>one</b>", "try": "2"})
    reader = Reader(sheet(content).html)
    assert "Tags: desk: <b>one</b>, try: 2" in reader.text
    assert "b" not in [tag for tag, _ in reader.elements]
    assert "Tags" not in Reader(sheet(content_of(run([wave("A")], "buy_and_hold"))).html).text


def test_the_first_warnings_are_shown_and_the_rest_counted() -> None:
    def warned(count: int) -> str:
        warnings = [f"warning number {number}." for number in range(count)]
        return Reader(
            sheet(content_of(run([wave("A")], "buy_and_hold", warnings=warnings))).html
        ).text

    few, many = warned(5), warned(7)
    assert few.count("warning number 4.") == 2, "in the banner and in the log"
    assert "more in the log" not in few
    assert many.count("warning number 4.") == 2
    assert many.count("warning number 5.") == 1
    assert "and 2 more in the log" in many


def test_a_log_that_is_cut_says_so() -> None:
    def logged(count: int) -> str:
        warnings = [f"line {number}." for number in range(count)]
        return Reader(
            sheet(content_of(run([wave("A")], "buy_and_hold", warnings=warnings))).html
        ).text

    whole, cut = logged(200), logged(1_203)
    assert "line 199." in whole
    assert "The first" not in whole
    assert "The first 200 of 1,203 lines; the results document has them all." in cut
    assert "and 1,198 more" in cut
    assert "line 200." not in cut


def test_what_a_strategy_says_is_shown_with_its_bar() -> None:
    outcome = run([wave("A"), wave("B")], "target_weights", {"max_weight": 0.25})
    text = Reader(sheet(content_of(outcome)).html).text
    assert "2024-01-01 info: max_weight: A 0.5000 cut to 0.2500" in text


def test_a_run_that_never_traded_has_no_trades_to_show() -> None:
    flat = bars("A", [10.0] * 30, [10.0] * 30)
    outcome = run([flat], "ma_crossover", {"short_period": 2, "long_period": 5})
    reader = Reader(sheet(content_of(outcome)).html)
    assert set(reader.charts) == {"equity"}
    assert "Worst drawdowns" not in reader.text
    assert "Against the benchmark" not in reader.text


def test_a_run_of_one_bar_has_a_page() -> None:
    outcome = run([bars("A", [10.0], [11.0])], "buy_and_hold")
    assert "Equity and drawdown" in Reader(sheet(content_of(outcome)).html).text


def test_a_long_run_is_thinned_and_keeps_its_peak_and_trough() -> None:
    long = wave("A", 20_000)
    content = content_of(run([long], "buy_and_hold"))
    assert len(content.points) < 7_000
    assert content.points["drawdown"].max() == pytest.approx(content.metrics["max_drawdown"])
