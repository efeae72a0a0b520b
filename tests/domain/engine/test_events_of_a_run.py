"""What a run says, in which order, and where its progress ticks fall."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.engine.simulate import tick_rows
from domain.runs.events import Completed, Digest, Logged, Measured, Progressed, Started
from tests.domain.engine.building import Outcome, bars, run, run_script

KINDS = [Started, Logged, Progressed, Measured, Completed]


def long_run(rows: int) -> Outcome:
    prices = 10 + np.sin(np.arange(rows))
    return run(
        [bars("A", prices.tolist(), prices.tolist())],
        "ma_crossover",
        {"short_period": 2, "long_period": 5},
        warnings=["first", "second"],
    )


@settings(deadline=None)
@given(st.integers(1, 10_000_000))
def test_between_one_and_fifty_ticks_the_last_at_the_last_row(rows: int) -> None:
    ticks = tick_rows(rows)
    assert 1 <= len(ticks) <= 50
    assert ticks[-1] == rows
    stretches = np.diff(ticks, prepend=0)
    assert stretches.min() >= 1
    assert stretches.max() - stretches.min() <= 1
    assert len(ticks) == 50 or stretches.max() < 200


@pytest.mark.parametrize(("rows", "count"), [(1, 1), (99, 1), (200, 2), (5_000, 50), (10_099, 50)])
def test_ticks_are_placed_by_the_number_of_rows(rows: int, count: int) -> None:
    assert len(tick_rows(rows)) == count


def test_manifest_warnings_ticks_metrics_and_the_end() -> None:
    events = long_run(350).decoded
    kinds = [KINDS.index(type(event)) for event in events]
    assert kinds == sorted(kinds)
    assert [kinds.count(kind) for kind in range(5)] == [1, 2, 3, 26, 1]
    assert events[1:3] == [Logged("first", "warning"), Logged("second", "warning")]


def test_progress_names_the_last_bar_it_covers() -> None:
    outcome = long_run(350)
    ticks = [event for event in outcome.decoded if isinstance(event, Progressed)]
    assert [tick.bar for tick in ticks] == tick_rows(350) == [116, 233, 350]
    assert [tick.progress for tick in ticks] == [116 / 350, 233 / 350, 1.0]
    assert {tick.bars for tick in ticks} == {350}
    assert ticks[0].timestamp == "2024-04-25T00:00:00+00:00"  # 115 days after 1 January
    for tick in ticks:
        assert tick.equity == sum(outcome.account[tick.bar - 1])


def test_the_segments_of_the_tape_hold_every_row_once() -> None:
    table = long_run(350).table("equity")
    assert len(table) == 350
    assert table["timestamp"].is_sorted()
    assert table["timestamp"].n_unique() == 350


def test_metrics_are_those_of_the_account_and_the_fills() -> None:
    outcome = run_script(
        [bars("A", [10, 10, 12, 12], [10, 12, 12, 12])], [[0.5, None, 0, None]], commission_bps=100
    )
    found = {each.name: each.value for each in outcome.decoded if isinstance(each, Measured)}
    assert found["initial_capital"] == 1000
    assert found["final_value"] == pytest.approx(1000 - 5 + 100 - 6)
    assert found["total_commissions"] == pytest.approx(5 + 6)
    assert (found["total_fills"], found["total_trades"]) == (2, 1)
    assert found["exposure_time"] == 50.0


def test_the_digest_can_be_computed_again_from_the_events_alone() -> None:
    events = long_run(350).events
    digest = Digest()
    digest.add(events[:-1])
    assert msgspec.json.decode(events[-1].payload)["digest"] == digest.hexdigest()


def test_a_run_of_one_bar() -> None:
    outcome = run([bars("A", [10], [12])], "buy_and_hold")
    assert [type(event) for event in outcome.decoded][:2] == [Started, Progressed]
    assert outcome.account == [(1000.0, 0.0)]
    assert outcome.orders[-1][3] == "expired"
