"""Whoever looks ahead is found out, with the bar; whoever does not is left in peace."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pytest

from domain.engine.lookahead import Data, Report, search
from domain.errors import StrategyFailed
from domain.market.actions import Actions
from domain.market.bars import Bars
from domain.market.moments import iso
from domain.market.resolution import MICROSECONDS_PER_DAY, Resolution
from domain.runs.manifest import Provided, describe
from domain.runs.request import BacktestRequest, Execution, StrategySpec, normalise
from domain.strategies.code import Code
from domain.strategies.registry import BUILT_IN
from tests.domain.engine.building import MONDAY, bars

CHANCE = np.random.default_rng(4)
ROWS = 400
MOMENTS = 12

SIGNAL = """
import itertools
import numpy as np
from domain.indicators import above, sma
from domain.strategies.base import SignalStrategy

class Mine(SignalStrategy, frozen=True):
    def targets(self, bars, symbols):
        close = bars.close
        return np.where({condition}, 1 / symbols, 0.0)
"""
EVENT = """
import numpy as np
from domain.strategies.event import EventStrategy

class Mine(EventStrategy):
    def on_start(self, context):
        self.ahead = {{
            symbol: context.indicator(symbol, lambda bars: {indicator})
            for symbol in context.symbols
        }}

    def on_bar(self, context):
        {act}
"""
TOMORROW = "np.append(close[1:], close[-1])"
SHOWN_TOMORROW = "np.append(bars.close[1:], bars.close[-1])"


def prices(symbol: str) -> tuple[list[float], list[float]]:
    steps = np.exp(CHANCE.normal(0.0, 0.01, (2, ROWS)).cumsum(axis=1))
    return list(100.0 * steps[0]), list(100.0 * steps[1])


VOLUME = [float(number) for number in CHANCE.integers(1, 1000, ROWS)]
BARS = [bars(symbol, *prices(symbol), volume=VOLUME) for symbol in ("A", "B")]
NO_ACTIONS = [Actions.none(each.symbol) for each in BARS]


def searched(
    name: str,
    source: str | None = None,
    *,
    seed: int = 0,
    actions: list[Actions] = NO_ACTIONS,
    data: list[Bars] = BARS,
    warmup_bars: Sequence[int] = (0, 0, 0),
    params: dict[str, Any] | None = None,
    **settings: Any,
) -> Report:
    code = None if source is None else Code(name, "", source.encode())
    asked = BacktestRequest(
        symbols=[each.symbol for each in data],
        start_date="2024-01-01",
        end_date="2030-01-01",
        resolution=settings.pop("resolution", Resolution.DAY),
        timezone=settings.pop("timezone", "UTC"),
        strategy=StrategySpec(name, params or {}),
        execution=msgspec.convert(settings, Execution),
    )
    provided = [
        Provided(each, "catalog", warmup_bars=count)
        for each, count in zip(data, warmup_bars, strict=False)
    ]
    manifest = describe(normalise(asked, code), provided, None, [], code)
    return search(manifest, Data(data, None, actions), code, moments=MOMENTS, seed=seed)


@pytest.mark.parametrize("name", BUILT_IN)
def test_no_built_in_strategy_looks_ahead(name: str) -> None:
    report = searched(name)
    assert report.clean
    assert len(report.moments) == MOMENTS
    assert report.notes == []


@pytest.mark.parametrize(
    "condition",
    [
        f"{TOMORROW} > close",
        "close > close.mean()",
        "close < np.maximum.accumulate(close[::-1])[::-1]",
        f"above(sma({TOMORROW}, 10), sma({TOMORROW}, 30))",
        "(close - close.min()) / (close.max() - close.min()) < 0.5",
        "np.append((close > bars.open)[1:], False)",
        "np.append(((bars.high - bars.low) / close > 0.02)[1:], False)",
        "np.append((bars.volume > np.median(bars.volume))[1:], False)",
    ],
    ids=[
        "tomorrow",
        "mean-of-all",
        "future-high",
        "mean-shifted-by-one",
        "scaled-by-range",
        "tomorrow-rises",
        "tomorrow-is-wide",
        "tomorrow-is-busy",
    ],
)
def test_a_signal_that_sees_the_future_is_found(condition: str) -> None:
    report = searched("mine", SIGNAL.format(condition=condition))
    assert report.leaks
    for leak in report.leaks:
        assert leak.future == "prices"
        assert leak.bar <= leak.moment
        assert leak.was != leak.became
        assert 2 < leak.event_id <= 2 + ROWS // 100


@pytest.mark.parametrize(
    "condition",
    [
        "np.arange(len(close)) < 0.8 * len(close)",
        "np.arange(len(close)) % (len(close) // 7) < 20",
        "np.arange(len(close)) < len(close) - 2",
        "bars.timestamp < bars.timestamp[-1] - 100 * 86_400_000_000",
        "np.append(np.diff(bars.timestamp) > 86_400_000_000, False)",
    ],
    ids=[
        "four-fifths",
        "a-seventh",
        "out-before-the-end",
        "a-hundred-days-before",
        "a-gap-to-come",
    ],
)
def test_a_signal_that_knows_how_many_bars_come_or_when_is_found(condition: str) -> None:
    report = searched("mine", SIGNAL.format(condition=condition))
    assert report.leaks
    assert {leak.future for leak in report.leaks} == {"end"}
    assert all(leak.bar <= leak.moment for leak in report.leaks)


@pytest.mark.parametrize("known", ["len(bars)", "float(bars.timestamp[-1])"])
@pytest.mark.parametrize(
    ("act", "table"),
    [
        ("context.record('known', self.ahead['A'].now)", "recorded"),
        ("context.log(str(self.ahead['A'].now))", None),
    ],
)
def test_an_event_strategy_that_knows_how_many_bars_come_or_when_is_found(
    known: str, act: str, table: str | None
) -> None:
    source = EVENT.format(indicator=f"np.full(len(bars), {known})", act=act)
    leaks = searched("mine", source).leaks
    assert len(leaks) == MOMENTS
    assert {(leak.future, leak.table) for leak in leaks} == {("end", table)}
    # At the first bar of all it is known already.
    assert {leak.bar for leak in leaks} == {iso(MONDAY)}


@pytest.mark.parametrize(
    "condition",
    [
        "close > np.append(close[0], close[:-1])",
        "close > np.cumsum(close) / np.arange(1, len(close) + 1)",
        "above(sma(close, 10), sma(close, 30))",
        "np.arange(len(close)) % 20 < 10",
    ],
)
def test_a_signal_that_sees_the_past_only_is_not(condition: str) -> None:
    assert searched("mine", SIGNAL.format(condition=condition)).clean


HONEST = """
import polars as pl
from domain.strategies.event import EventStrategy

class Mine(EventStrategy):
    def on_start(self, context):
        context.log(f"{len(context.bars('A'))} bars to warm up on")
        self.mean = context.indicator(
            "A", lambda bars: bars.frame()["close"].rolling_mean(20).to_numpy()
        )
        self.day = None

    def on_bar(self, context):
        for symbol in context.symbols:
            if len(context.bars(symbol)) and not context.bars(symbol).is_trading:
                context.log(f"{symbol} has ended, or a hole")
        if context.date == self.day:
            return
        self.day = context.date
        context.record("mean", self.mean.now)
        for symbol in context.symbols:
            price = context.price(symbol)
            if price == price:
                context.buy(symbol, 1, limit=0.99 * price, time_in_force="day")
                context.order(symbol, 2 - context.position(symbol) or 1)
"""


def holed(resolution: Resolution = Resolution.DAY) -> list[Bars]:
    """A with holes, B from the middle on, C to the middle."""
    opens, closes = prices("A")
    places = {
        "A": np.flatnonzero(CHANCE.random(ROWS) < 0.9),
        "B": np.arange(ROWS // 2, ROWS),
        "C": np.arange(ROWS // 2),
    }
    return [
        bars(
            symbol,
            [opens[place] for place in at],
            [closes[place] for place in at],
            at=at.tolist(),
            resolution=resolution,
        )
        for symbol, at in places.items()
    ]


@pytest.mark.parametrize(
    "settings",
    [
        {"warmup_bars": [30, 0, 20]},
        {"latency_ms": 2 * 86_400_000.0},
        {"resolution": Resolution.HOUR, "timezone": "America/New_York"},
        {"allow_short": True, "max_leverage": 2, "borrow_bps": 500},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_whoever_goes_by_the_calendar_and_sees_symbols_end_does_not_look_ahead(
    settings: dict[str, Any],
) -> None:
    data = holed(settings.get("resolution", Resolution.DAY))
    nothing = [Actions.none(each.symbol) for each in data]
    report = searched("mine", HONEST, data=data, actions=nothing, **settings)
    assert (report.leaks, report.notes, len(report.moments)) == ([], [], MOMENTS)


@pytest.mark.parametrize("rebalance", ["daily", "weekly", "monthly"])
@pytest.mark.parametrize("name", ["target_weights", "risk_parity", "ma_crossover"])
def test_rebalancing_by_the_calendar_is_no_look_ahead(name: str, rebalance: str) -> None:
    data = holed()
    nothing = [Actions.none(each.symbol) for each in data]
    params: dict[str, Any] = {"rebalance": rebalance}
    settings: dict[str, Any] = {}
    if name == "ma_crossover":
        params, settings = {"short_period": 3, "long_period": 8}, params
    report = searched(name, data=data, actions=nothing, params=params, **settings)
    assert (report.leaks, report.notes, len(report.moments)) == ([], [], MOMENTS)


def test_rounding_that_goes_by_the_number_of_bars_is_no_look_ahead() -> None:
    # As a library may add up blocks of numbers in another order than single ones.
    third = "bars.close / 3 if len(bars) % 2 else bars.close * (1 / 3)"
    act = "context.record('third', self.ahead['A'].now)"
    assert searched("mine", EVENT.format(indicator=third, act=act)).clean


def test_a_strategy_that_needs_many_bars_is_tried_with_other_prices() -> None:
    few = "np.full(len(close), 0 // max(len(close) - 200, 0)) > 0"
    report = searched("mine", SIGNAL.format(condition=few))
    assert (report.leaks, len(report.moments)) == ([], MOMENTS)
    assert 0 < len(report.notes) < MOMENTS
    assert all("in another future the strategy raised Zero" in note for note in report.notes)


def test_the_bar_is_the_one_whose_decision_was_made_with_the_next() -> None:
    for leak in searched("mine", SIGNAL.format(condition=f"{TOMORROW} > close")).leaks:
        assert leak.table == "orders"
        assert leak.bar == leak.moment


@pytest.mark.parametrize(
    ("act", "table"),
    [
        (
            "context.order('A', 1.0 if self.ahead['A'].now > context.price('A') else -1.0)",
            "orders",
        ),
        ("context.record('ahead', self.ahead['A'].now)", "recorded"),
        ("context.log(str(self.ahead['A'].now))", None),
    ],
)
def test_an_event_strategy_is_found_by_what_it_does_says_or_records(
    act: str, table: str | None
) -> None:
    report = searched("mine", EVENT.format(indicator=SHOWN_TOMORROW, act=act))
    assert {leak.table for leak in report.leaks} == {table}
    assert searched("mine", EVENT.format(indicator="bars.close", act=act)).clean


def test_the_same_seed_finds_the_same_and_another_tries_other_moments() -> None:
    source = SIGNAL.format(condition=f"{TOMORROW} > close")
    report = searched("mine", source, seed=5)
    assert report == searched("mine", source, seed=5)
    assert report.moments != searched("mine", source, seed=6).moments


def test_chance_is_told_apart_from_look_ahead() -> None:
    report = searched("mine", SIGNAL.format(condition="np.random.random(len(close)) < 0.5"))
    assert (report.deterministic, report.leaks, report.clean) == (False, [], False)


def test_a_strategy_that_cannot_bear_another_future_is_noted() -> None:
    source = SIGNAL.format(condition="np.full(len(close), 1 // int(close.max() < 250.0)) > 0")
    report = searched("mine", source)
    assert (report.moments, report.leaks) == ([], [])
    assert len(report.notes) == MOMENTS
    assert "in another future the strategy raised ZeroDivisionError" in report.notes[0]


def test_one_that_fails_as_it_is_has_nothing_to_compare() -> None:
    with pytest.raises(StrategyFailed, match="StopIteration"):
        searched("mine", SIGNAL.format(condition="next(itertools.repeat(1, 0)) > close"))


def test_splits_and_dividends_to_come_are_no_look_ahead() -> None:
    day = MONDAY + ROWS // 2 * MICROSECONDS_PER_DAY
    split = Actions("A", np.array([day]), np.array([2.0]), np.array([1.0]))
    report = searched("ma_crossover", actions=[split, NO_ACTIONS[1]])
    assert report.clean
    assert min(report.moments) < iso(day) < max(report.moments)
