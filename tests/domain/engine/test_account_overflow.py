"""An account that grows beyond all numbers fails its run, and says at which bar."""

import pytest

from domain.errors import StrategyFailed
from tests.domain.engine.building import actions, bars, run

FLAT = bars("A", [10.0] * 12, [10.0] * 12)


@pytest.mark.parametrize("strategy", ["buy_and_hold", "target_weights"])
def test_splits_that_prices_do_not_follow_end_the_run(strategy: str) -> None:
    splits = actions("A", *((day, 1e6, 0.0) for day in range(3, 9)))
    with pytest.raises(StrategyFailed) as raised:
        run([FLAT], strategy, actions=[splits])
    assert str(raised.value).startswith(
        "the account is worth 1e+33 (bar 2024-01-08T00:00:00+00:00); 1e+30 is the most:"
    )


def test_a_fortune_is_no_overflow() -> None:
    splits = actions("A", *((day, 1e6, 0.0) for day in range(3, 7)))
    outcome = run([FLAT], "buy_and_hold", actions=[splits])
    assert sum(outcome.account[-1]) == pytest.approx(1e27)
