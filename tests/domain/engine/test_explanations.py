"""Why an order was sent, in the strategy's own words, with the order and its fills."""

import pytest

from domain.errors import StrategyFailed
from tests.domain.engine.building import Outcome, actions, bars, run

RISING = [10.0, 11.0, 12.0, 13.0, 14.0]


def words(outcome: Outcome, table: str) -> list[tuple[str, str | None, float | None]]:
    rows: list[tuple[str, str | None, float | None]] = (
        outcome.table(table).select("side", "reasoning", "confidence").rows()
    )
    return rows


def test_words_and_confidence_go_with_an_order_to_its_fills() -> None:
    outcome = run([bars("A", RISING, RISING)], "explaining")
    bought, sold = ("buy", "A bar 2 at 11", 50.0), ("sell", "A bar 4 at 13", 0.0)
    assert words(outcome, "orders") == [bought, bought, sold, sold]
    assert words(outcome, "fills") == [bought, sold]


def test_only_the_bars_up_to_the_decision_are_shown_as_the_strategy_sees_them() -> None:
    # B's second bar is the fourth moment; a split halves its price, not what is shown.
    late = bars("B", [10, 5, 5], [10, 5, 5], at=[2, 3, 4])
    outcome = run(
        [bars("A", RISING, RISING), late],
        "explaining",
        actions=[actions("A"), actions("B", (3, 2.0, 0.0))],
    )
    said = [row[1] for row in words(outcome, "fills")]
    assert said == ["A bar 2 at 11", "A bar 4 at 13", "B bar 2 at 10"]


def test_bars_to_warm_up_on_are_shown_too() -> None:
    outcome = run([bars("A", RISING, RISING)], "explaining", warmup_bars=1)
    assert words(outcome, "fills")[0] == ("buy", "A bar 2 at 11", 50.0)


def test_nothing_said_is_null() -> None:
    outcome = run([bars("A", RISING, RISING)], "explaining", {"mood": "silent"})
    assert set(words(outcome, "fills")) == {("buy", None, None), ("sell", None, None)}


@pytest.mark.parametrize(
    ("mood", "problem"),
    [
        ("failing", "explain raised LookupError: no idea"),
        ("boastful", "confidence is 101; right would be 0 to 100"),
    ],
)
def test_an_explanation_that_fails_fails_the_run_at_its_bar(mood: str, problem: str) -> None:
    with pytest.raises(StrategyFailed, match=problem) as failure:
        run([bars("A", RISING, RISING)], "explaining", {"mood": mood})
    assert "(A, bar 2024-01-02" in str(failure.value)
