"""Raw prices and their splits and dividends, from the catalog to the last event of a run."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from domain.engine import tape
from domain.market.actions import Actions
from domain.market.bars import Bars, Floats
from domain.market.resolution import MICROSECONDS_PER_DAY, Resolution
from domain.runs.events import EncodedEvent, Failed, Logged, Measured, Started, decode
from domain.runs.manifest import Manifest
from domain.runs.request import BacktestRequest, Execution, StrategySpec, normalise
from service.execution.job import execute
from service.market_data.catalog import Catalog

ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "service" / "market_data" / "sample" / "AAPL_day.parquet"
REAL = ROOT.parent / "shared" / "data" / "real" / "AAPL_day.parquet"

DAY = MICROSECONDS_PER_DAY
# Of AAPL: two for one, two for one, seven for one, four for one.
SPLITS = {"2000-06-21": 2.0, "2005-02-28": 2.0, "2014-06-09": 7.0, "2020-08-31": 4.0}


def splits(**more: float) -> Actions:
    """Those of AAPL, and dividends by date."""
    dates = sorted({*SPLITS, *more})
    timestamp = np.array(dates, dtype="M8[us]").astype(np.int64)
    split = np.array([SPLITS.get(date, 1.0) for date in dates])
    dividend = np.array([more.get(date, 0.0) for date in dates])
    return Actions("AAPL", timestamp, split, dividend)


def scaled(bars: Bars, factor: Floats) -> Bars:
    """The bars with prices times a factor for each."""
    prices = (getattr(bars, name) * factor for name in ("open", "high", "low", "close"))
    opened, high, low, close = prices
    return Bars(bars.symbol, bars.timestamp, opened, high, low, close, bars.volume / factor)


@pytest.fixture(scope="module")
def sample() -> Bars:
    return Bars.from_frame("AAPL", pl.read_parquet(SAMPLE))


@pytest.fixture(scope="module")
def raw(sample: Bars) -> Bars:
    """The sample as it might have been quoted, with AAPL's splits still in it."""
    return scaled(sample, 1 / splits().effective(sample.timestamp // DAY).shares(
        sample.timestamp // DAY))  # fmt: skip


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "market")


def ran(
    catalog: Catalog, strategy: str = "buy_and_hold", benchmark: str | None = None
) -> list[EncodedEvent]:
    request = BacktestRequest(
        symbols=["AAPL"],
        start_date="1990-01-01",
        end_date="2030-01-01",
        strategy=StrategySpec(strategy, {"position_size": 0.5}),
        execution=Execution(commission_bps=5.0),
        benchmark_symbol=benchmark,
    )
    return [
        event for batch in execute(normalise(request), catalog, "fail") for event in batch
    ]  # no queued event


def table(events: list[EncodedEvent], name: str) -> pl.DataFrame:
    segments = [event.attachment for event in events if event.attachment is not None]
    return pl.concat([tape.decode(segment)[name] for segment in segments])


def equity(events: list[EncodedEvent]) -> Floats:
    rows = table(events, "equity")
    return (rows["cash"] + rows["positions"]).to_numpy()


def manifest(events: list[EncodedEvent]) -> Manifest:
    started = decode(events[0].type, events[0].payload)
    assert isinstance(started, Started)
    return started.manifest


def warnings(events: list[EncodedEvent]) -> list[str]:
    said = [decode(event.type, event.payload) for event in events if event.type == "log"]
    return [each.message for each in said if isinstance(each, Logged)]


@pytest.mark.parametrize("strategy", ["buy_and_hold", "ma_crossover", "rsi"])
def test_raw_prices_with_their_splits_earn_what_adjusted_prices_earn(
    catalog: Catalog, sample: Bars, raw: Bars, strategy: str
) -> None:
    catalog.write(sample, Resolution.DAY)
    expected = equity(ran(catalog, strategy))
    catalog.write(raw, Resolution.DAY)
    false = equity(ran(catalog, strategy))
    catalog.write_actions(splits())
    np.testing.assert_allclose(equity(ran(catalog, strategy)), expected, rtol=1e-9)
    assert abs(false[-1] / expected[-1] - 1) > 0.01, "without them it would be another run"


def test_a_dividend_is_cash_on_the_tape_and_in_the_equity(catalog: Catalog, raw: Bars) -> None:
    catalog.write(raw, Resolution.DAY)
    catalog.write_actions(splits())
    without = ran(catalog)
    catalog.write_actions(splits(**{"2012-08-09": 2.65}))
    events = ran(catalog)
    paid = table(events, "cash_events")
    held = table(without, "fills")["quantity"][0] * 4  # two splits by then
    assert paid.select("symbol", "kind").rows() == [("AAPL", "dividend")]
    assert paid["amount"][0] == pytest.approx(2.65 * held, rel=1e-12)
    assert equity(events)[-1] - equity(without)[-1] == pytest.approx(2.65 * held, rel=1e-9)


def test_the_manifest_has_the_hash_of_the_actions_that_mattered(
    catalog: Catalog, raw: Bars
) -> None:
    catalog.write(raw, Resolution.DAY)
    (bare,) = manifest(ran(catalog)).data
    assert (bare.actions, bare.actions_sha256) == (0, None)
    catalog.write_actions(splits())
    (dataset,) = manifest(ran(catalog)).data
    assert dataset.actions == 2, "those of 2014 and 2020 come after the last bar"
    assert dataset.actions_sha256 == splits().effective(raw.timestamp // DAY).sha256()


def test_prices_that_are_adjusted_already_are_suspected(
    catalog: Catalog, sample: Bars, raw: Bars
) -> None:
    catalog.write_actions(splits())
    catalog.write(raw, Resolution.DAY)
    assert not [each for each in warnings(ran(catalog)) if "split" in each]
    catalog.write(sample, Resolution.DAY)
    suspected = [each for each in warnings(ran(catalog)) if "split" in each]
    assert suspected == [
        f"AAPL: its price does not jump at the split of {date} (2 for 1):"
        " are these prices adjusted already?"
        for date in ("2000-06-21", "2005-02-28")
    ]


def test_a_benchmark_is_held_through_its_splits(catalog: Catalog, sample: Bars, raw: Bars) -> None:
    catalog.write(sample, Resolution.DAY)
    expected = table(ran(catalog, benchmark="AAPL"), "benchmark")["value"].to_numpy()
    catalog.write(raw, Resolution.DAY)
    catalog.write_actions(splits())
    found = table(ran(catalog, benchmark="AAPL"), "benchmark")["value"].to_numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.skipif(not REAL.exists(), reason="no folder of real files beside the project")
def test_aapl_bought_raw_in_1998_and_held_through_four_splits(catalog: Catalog) -> None:
    real = Bars.from_frame("AAPL", pl.read_parquet(REAL))
    shares = splits().shares(real.timestamp // DAY)
    assert shares[-1] == 2 * 2 * 7 * 4
    catalog.write(real, Resolution.DAY)
    catalog.write_actions(splits())
    events = ran(catalog)
    assert not [each for each in warnings(events) if "split" in each], "the real prices jump"
    found = equity(events)

    # The same on prices adjusted for splits, in three lines of arithmetic.
    opens, closes = real.open * shares, real.close * shares
    bought, cost = 0.5e6 / closes[0], 1 + 5e-4
    expected = np.append(1e6, 1e6 - bought * opens[1] * cost + bought * closes[1:])
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    daily = np.diff(found) / found[:-1]
    assert np.abs(daily).max() < 0.6, "no false jump: its worst day cost it half"
    metrics = [decode(event.type, event.payload) for event in events if event.type == "metric"]
    found_return = next(
        each.value for each in metrics if isinstance(each, Measured) and each.name == "total_return"
    )
    assert found_return == pytest.approx(100 * (expected[-1] / 1e6 - 1), rel=1e-12)


def test_a_dividend_of_more_than_the_price_fails_the_run_with_its_date(
    catalog: Catalog, raw: Bars
) -> None:
    catalog.write(raw, Resolution.DAY)
    catalog.write_actions(splits(**{"2005-03-01": 1e9}))
    (event,) = ran(catalog)
    ending = decode(event.type, event.payload)
    assert isinstance(ending, Failed)
    assert ending.error.startswith(
        "AAPL: the dividend of 2005-03-01, 1e+09 a share, is more than the close before it:"
    )
