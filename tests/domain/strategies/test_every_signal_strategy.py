"""What holds for every built-in signal strategy: bars at the edge, and units that do not matter."""

import msgspec
import numpy as np
import pytest

from domain.market.bars import Bars, Floats
from domain.market.resolution import Resolution
from domain.market.synthetic import synthetic_bars
from domain.strategies.base import SignalStrategy
from domain.strategies.registry import BUILT_IN
from tests.domain.engine.building import MONDAY, bars, run

SIGNAL_STRATEGIES = [name for name, kind in BUILT_IN.items() if issubclass(kind, SignalStrategy)]
YEAR = 365 * Resolution.DAY.microseconds

every_one = pytest.mark.parametrize("name", SIGNAL_STRATEGIES)


def weights_of(name: str, data: Bars) -> Floats:
    kind = BUILT_IN[name]
    assert issubclass(kind, SignalStrategy)
    weights = kind().targets(data, 2)
    assert isinstance(weights, np.ndarray)
    return weights


def year_of(price: float = 1.0, volume: float = 1.0) -> Bars:
    """A year of days with these factors on their prices and volumes."""
    made = synthetic_bars("A", Resolution.DAY, MONDAY, MONDAY + YEAR)
    prices = {name: price * getattr(made, name) for name in ("open", "high", "low", "close")}
    return msgspec.structs.replace(made, **prices, volume=volume * made.volume)


@every_one
def test_a_single_bar_is_too_few_to_trade_on(name: str) -> None:
    outcome = run([bars("A", [10], [11])], name)
    assert outcome.fills == []
    assert outcome.account == [(1000, 0)]


@every_one
def test_weights_are_a_share_of_the_account_or_nothing_to_say(name: str) -> None:
    weights = weights_of(name, year_of())
    assert set(np.unique(weights[~np.isnan(weights)])) <= {0.0, 0.5}
    assert (weights == 0.5).any()


@every_one
def test_the_unit_of_the_prices_does_not_matter(name: str) -> None:
    expected = weights_of(name, year_of())
    np.testing.assert_array_equal(weights_of(name, year_of(price=2.0**-20)), expected)
    np.testing.assert_array_equal(weights_of(name, year_of(price=1e6)), expected)


@every_one
def test_bars_without_volume_say_as_much_as_others(name: str) -> None:
    expected = weights_of(name, year_of())
    np.testing.assert_array_equal(weights_of(name, year_of(volume=0.0)), expected)
