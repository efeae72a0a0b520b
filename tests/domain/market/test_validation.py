"""Each rule of valid bars, and how a broken one is named."""

import math

import numpy as np
import pytest

from domain.errors import DomainError
from domain.market.bars import Bars
from domain.market.resolution import Resolution
from domain.market.validation import InvalidBars, validate


def bars(**changed: list[float]) -> Bars:
    columns = {
        "timestamp": [0, 60_000_000, 120_000_000],
        "open": [10.0, 11.0, 12.0],
        "high": [11.0, 12.0, 13.0],
        "low": [9.0, 10.0, 11.0],
        "close": [10.5, 11.5, 12.5],
        "volume": [5.0, 0.0, 7.0],
    } | changed
    return Bars(
        "AAPL",
        np.array(columns.pop("timestamp"), dtype=np.int64),
        *(np.array(column, dtype=np.float64) for column in columns.values()),
    )


def is_valid(checked: Bars) -> bool:
    try:
        validate(checked, Resolution.MINUTE)
    except InvalidBars:
        return False
    return True


def test_valid_bars_pass() -> None:
    assert is_valid(bars())
    assert is_valid(bars(high=[10.5, 11.5, 12.5], low=[10.0, 11.0, 12.0]))
    assert not is_valid(bars(high=[10.4, 11.5, 12.5]))


@pytest.mark.parametrize(
    ("changed", "row", "rule", "found"),
    [
        ({"open": [10.0, math.nan, 12.0]}, 2, "open must be finite", "open nan"),
        ({"volume": [5.0, 0.0, math.inf]}, 3, "volume must be finite", "volume inf"),
        ({"low": [0.0, 10.0, 11.0]}, 1, "low must be above 0", "low 0.0"),
        ({"close": [10.5, 11.5, -2.0]}, 3, "close must be above 0", "close -2.0"),
        ({"high": [11.0, 11.2, 13.0]}, 2, "low ≤ open, close ≤ high must hold",
         "open 11.0, high 11.2, low 10.0, close 11.5"),
        ({"low": [9.0, 11.4, 11.0]}, 2, "low ≤ open, close ≤ high must hold",
         "open 11.0, high 12.0, low 11.4, close 11.5"),
        ({"volume": [-1.0, 0.0, 7.0]}, 1, "volume must be at least 0", "volume -1.0"),
        ({"timestamp": [0, 60_000_000, 60_000_000]}, 3, "timestamps must increase",
         "1970-01-01T00:01:00+00:00 after 1970-01-01T00:01:00+00:00"),
    ],
)  # fmt: skip
def test_a_broken_rule_is_named_with_symbol_row_and_values(
    changed: dict[str, list[float]], row: int, rule: str, found: str
) -> None:
    with pytest.raises(InvalidBars) as caught:
        validate(bars(**changed), Resolution.MINUTE)
    assert isinstance(caught.value, DomainError)
    assert (caught.value.symbol, caught.value.row, caught.value.rule) == ("AAPL", row, rule)
    assert str(caught.value) == f"AAPL, row {row}: {rule}; found {found}"


def test_the_first_row_that_breaks_a_rule_is_named() -> None:
    with pytest.raises(InvalidBars, match="row 2: volume"):
        validate(bars(volume=[1.0, -1.0, -1.0]), Resolution.DAY)


def test_ticks_may_share_a_moment_but_not_go_back() -> None:
    validate(bars(timestamp=[0, 5, 5]), Resolution.TICK)
    with pytest.raises(InvalidBars, match="row 3: timestamps must not decrease"):
        validate(bars(timestamp=[0, 5, 4]), Resolution.TICK)


def test_no_bars_are_not_valid_bars() -> None:
    with pytest.raises(InvalidBars, match="at least one bar") as caught:
        validate(bars().between(500_000_000, 600_000_000), Resolution.DAY)
    assert caught.value.row == 0
