"""What an event strategy sees: the past, all of it, and nothing else."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from domain.errors import StrategyFailed
from domain.indicators import sma
from domain.market.bars import COLUMNS, Bars, Floats
from domain.market.resolution import Resolution
from domain.strategies.event import Context, History, Indicator
from tests.domain.engine.acting import Act, act, at, nothing
from tests.domain.engine.building import MONDAY, actions, assert_account, bars

CLOSES = [10.0, 11, 12, 13, 14]
DAYS = bars("A", [9.0, 10, 11, 12, 13], CLOSES, volume=[1, 2, 3, 4, 5])


def both(one: Act, other: Act) -> Act:
    """Do one thing, then the other."""

    def do(context: Context) -> None:
        one(context)
        other(context)

    return do


def test_bars_grow_by_one_a_bar_and_copy_nothing() -> None:
    seen: list[History] = []
    before: dict[str, NDArray[Any]] = {}

    def look(context: Context) -> None:
        history = context.bars("A")
        seen.append(history)
        for name in COLUMNS:
            shown = getattr(history, name)
            assert len(shown) == len(history) == len(seen)
            assert shown.tolist() == getattr(DAYS, name)[: len(seen)].tolist()
            assert len(seen) == 1 or np.shares_memory(shown, before[name])
            before[name] = shown
        assert history.price == context.price("A") == CLOSES[len(seen) - 1]
        assert history is seen[0]

    act([DAYS], look, on_start=lambda context: seen.clear())
    assert len(seen) == 5


def long(days: int) -> Bars:
    """A price for each day, a penny more than the day before."""
    prices = (10 + 0.01 * np.arange(days)).tolist()
    return bars("A", prices, prices)


def reach(context: Context, indicator: Indicator) -> Iterator[NDArray[Any]]:
    """Every array that can be come by, down to those that own the memory."""
    history = context.bars("A")
    for array in [*(getattr(history, name) for name in COLUMNS), indicator.values]:
        owner = array
        while owner is not None:
            assert isinstance(owner, np.ndarray)
            yield owner
            owner = owner.base


def sizes_within_reach(days: int) -> list[list[int]]:
    made: list[Indicator] = []
    sizes: list[list[int]] = []

    def look(context: Context) -> None:
        arrays = list(reach(context, made[0]))
        sizes.append([array.size for array in arrays])
        for array in arrays:
            assert array.max() in (context.timestamp, context.price("A"), 1e6)

    def start(context: Context) -> None:
        made.append(context.indicator("A", lambda data: data.close))
        assert not any(array.any() for array in reach(context, made[0]))

    act([long(days)], look, on_start=start)
    return sizes


def test_nothing_that_can_be_reached_holds_the_future_or_its_length() -> None:
    assert sizes_within_reach(300)[:70] == sizes_within_reach(70)


def test_nothing_that_is_shown_can_be_written_not_even_after_a_split() -> None:
    tried: list[NDArray[Any]] = []

    def meddle(context: Context) -> None:
        history = context.bars("A")
        for array in [*(getattr(history, name) for name in COLUMNS), made[-1].values]:
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0
            with pytest.raises(ValueError, match="WRITEABLE"):
                array.flags.writeable = True
            with pytest.raises(ValueError, match="read-only"):
                array.base[0] = 0
            tried.append(array)

    def compute(data: Bars) -> Floats:
        with pytest.raises(ValueError, match="WRITEABLE"):
            data.close.flags.writeable = True
        with pytest.raises(ValueError, match="read-only"):
            data.close.base[0] = 0  # type: ignore[index]  # it has one
        return data.close

    made: list[Indicator] = []
    act(
        [DAYS],
        meddle,
        on_start=lambda context: made.append(context.indicator("A", compute)),
        actions=[actions("A", (2, 2.0, 0.0))],
    )
    assert len(tried) == 5 * 7


def test_a_strategy_that_breaks_the_seal_deceives_itself_alone() -> None:
    def forge(context: Context) -> None:
        for array in reach(context, made[-1]):
            if array.base is None:
                array.flags.writeable = True
                array[:] = 99

    made: list[Indicator] = []
    seen: list[tuple[float, float]] = []

    def look(context: Context) -> None:
        seen.append((context.equity, made[-1].now))

    runs = [
        act(
            [DAYS],
            both(look, both(meddle, at({0: lambda context: context.buy("A", 10)}))),
            on_start=lambda context: made.append(context.indicator("A", lambda data: data.close)),
            actions=[actions("A", (2, 2.0, 0.5))],
        )
        for meddle in (nothing, forge)
    ]
    assert runs[0].events == runs[1].events
    assert seen[:5] == seen[5:]


def test_a_symbol_with_holes_shows_its_latest_bar() -> None:
    data = [bars("A", [1.0] * 5, [1.0] * 5), bars("B", [5, 6], [5.5, 6.5], at=[1, 3])]
    seen: list[tuple[int, bool, float]] = []

    def look(context: Context) -> None:
        history = context.bars("B")
        seen.append((len(history), history.is_trading, history.price))

    act(data, look)
    assert seen[1:] == [(1, True, 5.5), (1, False, 5.5), (2, True, 6.5), (2, False, 6.5)]
    assert seen[0][:2] == (0, False)
    assert np.isnan(seen[0][2])


def test_warm_up_bars_are_there_before_the_first_bar() -> None:
    lengths: list[int] = []

    def look(context: Context) -> None:
        lengths.append(len(context.bars("A")))

    act([DAYS], look, on_start=look, warmup_bars=2)
    assert lengths == [2, 3, 4, 5]


def test_time_is_known_in_every_spelling() -> None:
    seen: list[tuple[int, datetime, date]] = []
    evening = bars("A", [1.0], [1.0], at=[2], resolution=Resolution.HOUR)
    act(
        [evening],
        lambda context: seen.append((context.timestamp, context.time, context.date)),
        resolution=Resolution.HOUR,
        timezone="America/New_York",
    )
    moment = datetime(2024, 1, 1, 2, tzinfo=UTC)
    assert seen == [(MONDAY + 2 * Resolution.HOUR.microseconds, moment, date(2023, 12, 31))]


def test_an_indicator_is_revealed_bar_by_bar() -> None:
    made: list[Indicator] = []
    seen: list[tuple[float, list[float]]] = []
    act(
        [DAYS],
        lambda context: seen.append((made[0].now, made[0].values[1:].tolist())),
        on_start=lambda context: made.append(
            context.indicator("A", lambda data: sma(data.close, 2))
        ),
    )
    assert np.isnan(seen[0][0])
    assert seen[1:4] == [(10.5, [10.5]), (11.5, [10.5, 11.5]), (12.5, [10.5, 11.5, 12.5])]


def test_the_account_as_of_the_close() -> None:
    data = [bars("A", [10.0] * 4, CLOSES[:4]), bars("B", [20.0] * 4, [20.0, 20, 25, 25])]
    seen: list[tuple[float, float, dict[str, float], float]] = []

    def look(context: Context) -> None:
        seen.append((context.cash, context.equity, context.positions, context.position("B")))

    script = at({0: lambda context: context.buy("A", 10), 1: lambda context: context.buy("B", 2)})
    outcome = act(data, both(look, script))
    assert seen == [
        (1000, 1000, {}, 0),
        (900, 1010, {"A": 10}, 0),
        (860, 1030, {"A": 10, "B": 2}, 2),
        (860, 1040, {"A": 10, "B": 2}, 2),
    ]
    assert [sum(row) for row in outcome.account] == [equity for _, equity, _, _ in seen]


def test_after_a_split_the_past_is_in_today_s_shares() -> None:
    data = bars("A", [40.0, 40, 20, 20, 20], [40.0, 44, 22, 22, 22], volume=[10, 10, 20, 20, 20])
    made: list[Indicator] = []
    seen: list[tuple[list[float], list[float], float, float]] = []

    def look(context: Context) -> None:
        history = context.bars("A")
        indicator = made[0].now
        seen.append(
            (history.close.tolist(), history.volume.tolist(), indicator, context.position("A"))
        )

    script = at({0: lambda context: context.buy("A", 10)})
    outcome = act(
        [data],
        both(look, script),
        on_start=lambda context: made.append(
            context.indicator("A", lambda data: sma(data.close, 2))
        ),
        actions=[actions("A", (2, 2.0, 0.5))],
    )
    assert seen[1] == ([40, 44], [10, 10], 42, 10)
    assert seen[2] == ([20, 22, 22], [20, 20, 20], 22, 20)
    # 0.5 a share before the split, on ten of them.
    assert_account(outcome, (1000, 0), (600, 440), (605, 440), (605, 440), (605, 440))


def test_a_split_in_the_warm_up_is_no_jump_either() -> None:
    data = bars("A", [40.0, 20, 20], [40.0, 20, 20])
    seen: list[list[float]] = []

    def look(context: Context) -> None:
        seen.append(context.bars("A").close.tolist())

    act([data], look, on_start=look, warmup_bars=2, actions=[actions("A", (1, 2.0, 0.0))])
    assert seen == [[20, 20], [20, 20, 20]]


def test_a_split_goes_through_waiting_orders_and_words_about_them() -> None:
    prices = [40.0, 40, 40, 20, 20]
    script = {
        0: lambda context: (context.buy("A", 10, limit=30), context.buy("A", 1, limit=30)),
        1: lambda context: context.amend(context.orders[1], quantity=2, limit=42),
    }
    outcome = act(
        [bars("A", prices, prices)],
        at(script),
        actions=[actions("A", (3, 2.0, 0.0))],
        latency_ms=86_400_000,
    )
    table = outcome.table("orders").select("order_id", "status", "quantity", "limit").rows()
    assert table == [
        (1, "submitted", 10, 30),
        (2, "submitted", 1, 30),
        (2, "amended", 4, 21),
        (2, "filled", 4, 21),
        (1, "expired", 20, 15),
    ]


@pytest.mark.parametrize(
    "look",
    [
        lambda context: context.timestamp,
        lambda context: context.buy("A", 1),
        lambda context: context.record("x", 1.0),
    ],
)
def test_before_the_first_bar_there_is_no_now(look: Act) -> None:
    with pytest.raises(StrategyFailed, match=r"no bar yet in on_start; wait for on_bar \(on_start"):
        act([DAYS], on_start=look)
