"""The arithmetic of a fill, at its edges."""

import math

import numpy as np
import pytest

from domain.engine.matching import Costs, commission, offered, slipped, whole_lots

FREE = Costs(0.0, 0.0, 0.0, 0.0, 0.0, np.inf, 0)


def costs(rate: float, per_share: float, minimum: float, lot_size: float = 0.0) -> Costs:
    return Costs(0.0, rate, per_share, minimum, lot_size, np.inf, 0)


def test_slippage_goes_against_the_trader() -> None:
    assert slipped(100.0, 1.0, 0.01) == 101.0
    assert slipped(100.0, -1.0, 0.01) == 99.0


def test_commission_is_by_value_and_by_share_and_at_least_the_minimum() -> None:
    assert commission(-50.0, 10.0, costs(0.01, 0.1, 0.0)) == 5.0 + 5.0
    assert commission(50.0, 10.0, costs(0.01, 0.1, 10.5)) == 10.5
    assert commission(50.0, 10.0, FREE) == 0.0


@pytest.mark.parametrize(
    ("quantity", "lot_size", "expected"),
    [
        (2.7, 0.0, 2.7),
        (2.7, 1.0, 2.0),
        (-2.7, 1.0, -2.0),
        (0.3, 0.1, 3 * 0.1),
        (0.7, 0.1, 7 * 0.1),
        (99.0, 100.0, 0.0),
        (1e30, 1e-9, 1e30),
        (-1e300, 1e-9, -1e300),
        (math.inf, 1.0, math.inf),
    ],
)
def test_whole_lots_towards_zero(quantity: float, lot_size: float, expected: float) -> None:
    assert whole_lots(quantity, lot_size) == expected


@pytest.mark.parametrize(
    ("quantity", "volume", "share", "lot_size", "expected"),
    [
        (10.0, 8.0, 0.5, 0.0, 4.0),
        (-10.0, 8.0, 0.5, 0.0, -4.0),
        (-3.0, 8.0, 0.5, 0.0, -3.0),
        (29.0, 100.0, 0.29, 0.0, 29.0),  # 0.29 * 100 is less, by rounding
        (250.0, 1990.0, 0.1, 100.0, 100.0),
        (50.0, 600.0, 0.1, 100.0, 50.0),  # an odd lot that fits goes whole
        (50.0, 400.0, 0.1, 100.0, 0.0),
        (50.0, 0.0, 0.1, 100.0, 0.0),
        (1e13, 8.0, 0.5, 0.0, 4.0),  # however much is asked
    ],
)
def test_no_more_is_offered_than_the_share_of_the_volume(
    quantity: float, volume: float, share: float, lot_size: float, expected: float
) -> None:
    limited = FREE._replace(participation=share, lot_size=lot_size)
    assert offered(quantity, volume, limited) == expected
