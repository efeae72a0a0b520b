"""An event strategy that asks for what cannot be fails its run, and hears why and where."""

import math

import numpy as np
import pytest

from domain.errors import InvalidCall, StrategyFailed
from domain.strategies.event import Context
from tests.domain.engine.acting import Act, act, at, nothing
from tests.domain.engine.building import bars

DAYS = [bars("A", [10.0] * 4, [10.0] * 4), bars("B", [10.0] * 4, [10.0] * 4)]
WHERE = r" \(bar 2024-01-03T00:00:00\+00:00\)$"


@pytest.mark.parametrize(
    ("order", "problem"),
    [
        (lambda context: context.buy("X", 1), "unknown symbol 'X'; this run has A, B"),
        (lambda context: context.price("X"), "unknown symbol 'X'; this run has A, B"),
        (lambda context: context.buy("A", -5), "quantity is -5; right would be a number above 0"),
        (lambda context: context.sell("A", -5.0), "quantity is -5.0; right would be a number"),
        (
            lambda context: context.buy("A", 1, tif="ioc"),
            "an order has no 'tif'; it has limit, stop",
        ),
        (lambda context: context.buy("A", 0), "quantity is 0; right would be a number above 0"),
        (lambda context: context.order("A", 0), "quantity is 0; right would be above 0 to buy"),
        (lambda context: context.buy("A", math.nan), "quantity is nan; right would be a finite"),
        (lambda context: context.order("A", math.inf), "quantity is inf; right would be a finite"),
        (lambda context: context.buy("A", np.float64("nan")), "quantity is np.float64"),
        (lambda context: context.buy("A", "all"), "quantity is 'all'; right would be a finite"),
        (lambda context: context.buy("A", None), "quantity is None; right would be a finite"),
        (lambda context: context.buy("A", 1, limit=0), "limit is 0; right would be a number above"),
        (lambda context: context.buy("A", 1, limit=-1), "limit is -1; right would be a number ab"),
        (lambda context: context.buy("A", 1, stop=math.nan), "stop is nan; right would be"),
        (
            lambda context: context.buy("A", 1, time_in_force="forever"),
            "no such time_in_force 'forever'; there are gtc, day, ioc, fok",
        ),
        (lambda context: context.buy("A", 1, confidence=101), "confidence is 101; right would be"),
        (lambda context: context.buy("A", 1, confidence="high"), "confidence is 'high'; right wo"),
        (
            lambda context: context.indicator("A", nothing),
            "an indicator can only be declared in on_start",
        ),
        (
            lambda context: context.amend(context.buy("A", 1), limit=5),
            "the order has no limit that could be amended",
        ),
        (
            lambda context: context.amend(context.buy("A", 1, stop=5), stop=0),
            "stop is 0; right would be",
        ),
        (
            lambda context: context.amend(context.buy("A", 1), quantity=-1),
            "quantity is -1; right would be a number above 0",
        ),
    ],
)
def test_a_failure_names_the_bar_and_what_would_be_right(order: Act, problem: str) -> None:
    with pytest.raises(StrategyFailed, match=f"raised InvalidCall: {problem}.*{WHERE}") as said:
        act(DAYS, at({2: order}))
    assert isinstance(said.value.__cause__, InvalidCall)


def test_what_its_own_code_raises() -> None:
    with pytest.raises(StrategyFailed, match="raised ZeroDivisionError: division by zero" + WHERE):
        act(DAYS, at({2: lambda context: 1 / 0}))
    with pytest.raises(StrategyFailed, match="the strategy raised SystemExit: 1"):
        act(DAYS, at({0: lambda context: exit(1)}))


def test_what_raises_when_it_hears_of_a_fill() -> None:
    with pytest.raises(StrategyFailed, match="raised ZeroDivisionError"):
        act(
            DAYS,
            at({1: lambda context: context.buy("A", 1)}),
            on_fill=lambda context, fill: 1 / 0,
        )


def test_an_indicator_of_the_wrong_shape() -> None:
    with pytest.raises(StrategyFailed, match=r"over A has shape \(3,\); .* \(4,\) \(on_start\)$"):
        act(DAYS, on_start=lambda context: context.indicator("A", lambda data: data.close[1:]))


def test_too_many_waiting_orders() -> None:
    def flood(context: Context) -> None:
        while True:
            context.buy("A", 1, limit=1)

    with pytest.raises(StrategyFailed, match="10,000 orders wait already; cancel some first"):
        act(DAYS, flood)


def test_a_strategy_may_take_a_refusal_and_go_on() -> None:
    def careful(context: Context) -> None:
        with pytest.raises(InvalidCall):
            context.buy("A", -1)
        context.buy("A", 1)

    assert len(act(DAYS, at({0: careful})).fills) == 1


def test_reasoning_is_cut_and_made_text() -> None:
    outcome = act(DAYS, at({0: lambda context: context.buy("A", 1, reasoning="\ud800" * 3_000)}))
    assert outcome.table("fills")["reasoning"].to_list() == ["?" * 2_000]
