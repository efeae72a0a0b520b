"""Whatever comes after a bar leaves everything up to that bar as it was."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from domain.engine import tape
from domain.engine.simulate import simulate, tick_rows
from domain.market.actions import Actions
from domain.market.bars import COLUMNS, Bars
from domain.market.resolution import Resolution
from domain.market.synthetic import synthetic_bars
from domain.runs.events import EncodedEvent
from domain.runs.manifest import Manifest, Provided, describe
from tests.domain.engine.building import MONDAY, actions, request_for

ROWS = 400
DAY = Resolution.DAY.microseconds
MOMENTS = {"round_trips": "exit_timestamp"}  # of the tables whose rows happen at another

STRATEGIES: dict[str, dict[str, Any]] = {
    "buy_and_hold": {},
    "ma_crossover": {"short_period": 3, "long_period": 8},
    "momentum": {"lookback": 5},
    "mean_reversion": {"period": 10, "entry_z": 1.0},
    "rsi": {"period": 5, "oversold": 40, "overbought": 60},
    "macd": {"fast_period": 3, "slow_period": 8, "signal_period": 4},
    "bollinger_breakout": {"period": 10, "deviations": 1.0},
    "donchian_breakout": {"entry_period": 5, "exit_period": 3},
}


def market() -> list[Bars]:
    data = []
    for number, symbol in enumerate("AB"):
        made = synthetic_bars(symbol, Resolution.DAY, MONDAY, MONDAY + 3 * ROWS * DAY)
        columns = {name: getattr(made, name)[number * 30 : ROWS] for name in COLUMNS}
        data.append(Bars(symbol, **columns))
    return data


def changed_after(data: list[Bars], moment: int, seed: int) -> list[Bars]:
    random = np.random.default_rng(seed)
    changed = []
    for each in data:
        later = each.timestamp > moment
        factor = np.where(later, random.uniform(0.2, 5.0, len(each)), 1.0)
        columns = {name: getattr(each, name) * factor for name in COLUMNS[1:]}
        changed.append(Bars(each.symbol, each.timestamp, **columns))
    return changed


def events_of(
    manifest: Manifest, data: list[Bars], acting: list[Actions] | None = None
) -> list[EncodedEvent]:
    return [event for batch in simulate(manifest, data, None, acting or ()) for event in batch]


def rows_until(events: list[EncodedEvent], moment: int) -> dict[str, pl.DataFrame]:
    segments = [tape.decode(event.attachment) for event in events if event.attachment]
    return {
        name: pl.concat([segment[name] for segment in segments]).filter(
            pl.col(MOMENTS.get(name, "timestamp")).cast(pl.Int64) <= moment
        )
        for name in tape.TABLES
    }


def test_changing_later_splits_changes_nothing_before_in_a_margin_account() -> None:
    data, moment = market(), 200
    early = [(90, 2.0, 0.5), (150, 0.5, 0.0)]
    one = [actions(symbol, *early, (210, 3.0, 1.0), (500, 2.0, 0.0)) for symbol in "AB"]
    two = [actions(symbol, *early, (205, 0.1, 0.0)) for symbol in "AB"]
    request = request_for(
        ["A", "B"], "ma_crossover", {"short_period": 3, "long_period": 8}, capital=1e5,
        allow_short=True, max_leverage=2, borrow_bps=500, rebalance="weekly",
    )  # fmt: skip
    manifest = describe(request, [Provided(each, "catalog") for each in data], None, [])
    until = MONDAY + moment * DAY
    before = rows_until(events_of(manifest, data, one), until)
    assert len(before["fills"]) > 20
    assert len(before["actions"]) == 4
    for table, expected in rows_until(events_of(manifest, data, two), until).items():
        assert before[table].equals(expected), table


@pytest.mark.parametrize("rebalance", ["on_change", "weekly"])
@pytest.mark.parametrize("name", STRATEGIES)
def test_changing_later_bars_changes_nothing_before(name: str, rebalance: str) -> None:
    data = market()
    request = request_for(
        ["A", "B"], name, STRATEGIES[name], capital=1e5, slippage_bps=5, rebalance=rebalance
    )
    manifest = describe(request, [Provided(each, "catalog") for each in data], None, [])
    events = events_of(manifest, data)
    assert len(rows_until(events, 2**62)["fills"]) > (1 if name == "buy_and_hold" else 20)

    timeline = data[0].timestamp
    for seed, row in enumerate([*(tick - 1 for tick in tick_rows(ROWS)[:-1]), 37, 250, 333]):
        moment = int(timeline[row])
        other = events_of(manifest, changed_after(data, moment, seed))
        before = sum(tick <= row + 1 for tick in tick_rows(ROWS))
        assert other[: 1 + before] == events[: 1 + before]
        assert other[-1] != events[-1]
        for table, expected in rows_until(events, moment).items():
            assert rows_until(other, moment)[table].equals(expected), (table, row)
