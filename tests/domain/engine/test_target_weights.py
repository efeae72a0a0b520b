"""What a strategy answers, and what becomes of one that fails."""

import sys

import numpy as np
import polars as pl
import pytest

from domain.engine.targets import target_weights
from domain.errors import StrategyFailed
from domain.indicators import momentum
from domain.market.bars import Bars, Floats
from domain.strategies.base import SignalStrategy
from tests.domain.engine.building import bars

PRICES = [10.0, 11.0, 12.0, 13.0, 12.0, 11.0, 10.0, 12.0, 14.0, 15.0]
DATA = bars("A", PRICES, PRICES)


class Answers(SignalStrategy, frozen=True):
    answer: object

    def targets(self, bars: Bars, symbols: int) -> Floats | pl.Expr:
        return self.answer  # type: ignore[return-value]  # a wrong answer is what is tested


class FailsAtTwelve(SignalStrategy, frozen=True):
    """Raises at the third bar, for the first time."""

    def targets(self, bars: Bars, symbols: int) -> Floats:
        if 12.0 in bars.close:
            raise LookupError(f"twelve among {len(bars)}")
        return np.zeros(len(bars))


class RisingInNumpy(SignalStrategy, frozen=True):
    def targets(self, bars: Bars, symbols: int) -> Floats:
        change = momentum(bars.close, 2)
        return np.where(np.isnan(change), np.nan, np.where(change > 0, 1.0 / symbols, 0.0))


class RisingInPolars(SignalStrategy, frozen=True):
    def targets(self, bars: Bars, symbols: int) -> pl.Expr:
        change = pl.col("close") / pl.col("close").shift(2) - 1
        return pl.when(change > 0).then(1.0 / symbols).when(change <= 0).then(0.0)


def failure(strategy: SignalStrategy) -> str:
    with pytest.raises(StrategyFailed) as raised:
        target_weights(strategy, DATA, 1)
    return str(raised.value)


def test_a_polars_expression_says_the_same_as_numpy() -> None:
    in_numpy = target_weights(RisingInNumpy(), DATA, 2)
    np.testing.assert_array_equal(target_weights(RisingInPolars(), DATA, 2), in_numpy)
    assert np.isnan(in_numpy[:2]).all()
    assert set(in_numpy[2:]) == {0.0, 0.5}


@pytest.mark.parametrize("answer", [pl.col("volume").is_null().cast(pl.Int8), pl.col("close") > 99])
def test_an_expression_of_whole_numbers_or_truths_is_a_weight_too(answer: pl.Expr) -> None:
    weights = target_weights(Answers(answer), DATA, 1)
    assert weights.dtype == np.float64
    np.testing.assert_array_equal(weights, np.zeros(10))


def test_the_failure_names_exception_message_symbol_and_first_bar() -> None:
    assert failure(FailsAtTwelve()) == (
        "the strategy raised LookupError: twelve among 10 (A, bar 2024-01-03T00:00:00+00:00)"
    )
    with pytest.raises(StrategyFailed) as raised:
        target_weights(FailsAtTwelve(), DATA, 1)
    assert isinstance(raised.value.__cause__, LookupError)


def test_a_strategy_that_exits_fails_like_any_other() -> None:
    class Exits(SignalStrategy, frozen=True):
        def targets(self, bars: Bars, symbols: int) -> Floats:
            sys.exit(3)

    assert failure(Exits()).startswith("the strategy raised SystemExit: 3 (A, bar 2024-01-01")


def test_a_failure_that_needs_all_bars_names_the_last() -> None:
    class NeedsFewer(SignalStrategy, frozen=True):
        def targets(self, bars: Bars, symbols: int) -> Floats:
            return np.zeros(len(bars)) / (len(bars) < 10 or [][0])

    assert "IndexError" in failure(NeedsFewer())
    assert "2024-01-10" in failure(NeedsFewer())


@pytest.mark.parametrize(
    ("answer", "shape"),
    [
        (np.zeros(9), r"(9,)"),
        (np.zeros((10, 1)), r"(10, 1)"),
        (None, r"()"),
        (pl.lit(1.0), r"(1,)"),
    ],
)
def test_not_one_weight_per_bar(answer: object, shape: str) -> None:
    assert failure(Answers(answer)) == (
        f"the strategy returned weights of shape {shape} for A; right would be one per bar, (10,)"
    )


class Tampers(SignalStrategy, frozen=True):
    def targets(self, bars: Bars, symbols: int) -> Floats:
        bars.close[:] = 1.0
        return np.ones(len(bars))


def test_a_strategy_cannot_change_the_prices() -> None:
    assert "ValueError: assignment destination is read-only" in failure(Tampers())
    assert DATA.close.tolist() == PRICES


def test_words_are_no_weights() -> None:
    assert failure(Answers(["long"] * 10)).startswith("the strategy raised ValueError: ")
    assert "ColumnNotFoundError" in failure(Answers(pl.col("vwap")))


@pytest.mark.parametrize("weight", [np.inf, -np.inf, 1e308, -1e10])
def test_a_weight_beyond_all_measure_is_named_with_its_bar(weight: float) -> None:
    weights = np.zeros(10)
    weights[4:] = weight
    assert failure(Answers(weights)) == (
        f"the strategy returned a weight of {weight:g} for A at bar 2024-01-05T00:00:00+00:00; "
        "1e+09 is the most"
    )
