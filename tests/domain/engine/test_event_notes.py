"""What an event strategy says: log lines and series of its own."""

import pytest

from domain.engine.notes import LOG_LINES_MAX, SERIES_MAX
from domain.errors import StrategyFailed
from domain.runs.events import Logged
from domain.strategies.event import Context
from tests.domain.engine.acting import act, at
from tests.domain.engine.building import Outcome, bars

DAYS = [bars("A", [10.0] * 3, [10.0] * 3)]


def lines(outcome: Outcome) -> list[Logged]:
    return [event for event in outcome.decoded if isinstance(event, Logged)]


def test_log_lines_become_log_events_of_their_bar() -> None:
    outcome = act(
        DAYS,
        at({1: lambda context: context.log("careful", "warning")}),
        on_start=lambda context: context.log("ready"),
    )
    assert lines(outcome) == [
        Logged("ready"),
        Logged("careful", "warning", "2024-01-02T00:00:00+00:00"),
    ]
    assert b"bar" not in next(each for each in outcome.events if each.type == "log").payload


def test_a_talkative_strategy_is_cut_off_with_a_word_about_it() -> None:
    def talk(context: Context) -> None:
        for _ in range(LOG_LINES_MAX):
            context.log("x" * 10_000)

    said = lines(act(DAYS, talk))
    assert len(said) == LOG_LINES_MAX + 1
    assert len(said[0].message) == 2_000
    assert said[-1].message == "a run keeps 1,000 log lines; further ones are dropped"


def test_what_is_not_text_is_made_text() -> None:
    said = lines(act(DAYS, at({0: lambda context: context.log("a\ud800b")})))
    assert said[0].message == "a?b"


def test_recorded_values_are_on_the_tape() -> None:
    def record(context: Context) -> None:
        context.record("close", -1.0)
        context.record("close", context.price("A"))
        context.record("length", len(context.bars("A")) if context.date.day != 2 else float("nan"))

    table = act(DAYS, record).table("recorded")
    assert [(moment.day, *rest) for moment, *rest in table.rows()] == [
        (1, "close", 10), (2, "close", 10), (3, "close", 10), (1, "length", 1), (3, "length", 3),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("x", float("inf"), "right would be a finite number"),
        ("", 1.0, "right would be a text of 1 to 64 printable characters"),
        ("x" * 65, 1.0, "right would be a text of 1 to 64 printable characters"),
        ("x\ud800", 1.0, "right would be a text of 1 to 64 printable characters"),
        (b"x", 1.0, "right would be a text of 1 to 64 printable characters"),
    ],
)
def test_what_cannot_be_recorded(name: str, value: float, problem: str) -> None:
    with pytest.raises(StrategyFailed, match=problem):
        act(DAYS, lambda context: context.record(name, value))


def test_too_many_series() -> None:
    def record(context: Context) -> None:
        for number in range(SERIES_MAX + 1):
            context.record(f"series {number}", number)

    with pytest.raises(StrategyFailed, match="'series 32' is one series too many"):
        act(DAYS, record)


def test_an_unknown_level() -> None:
    with pytest.raises(
        StrategyFailed, match="no such level 'loud'; there are info, warning, error"
    ):
        act(DAYS, lambda context: context.log("x", "loud"))  # type: ignore[arg-type]
