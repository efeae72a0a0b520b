"""Sixteen blocks of power sums say all that is asked of a trial's daily returns."""

import math

import numpy as np
import pytest

from domain.errors import DomainError
from domain.market.bars import Floats
from domain.optimizations.statistics import blocks
from tests.domain.optimizations.statistics.making import noise, sums_of


def pooled_ratios(returns: Floats, rate: float) -> Floats:
    """The Sharpe ratio of one series, from the sums of its blocks."""
    count, first, second = blocks.excess_sums(sums_of(returns[None]).sum(axis=1), rate)
    return blocks.sharpe_ratios(count, first, second, blocks.variance_floor(second))


def test_blocks_are_of_equal_length_and_hold_the_days_in_order() -> None:
    returns = noise(1, 100)[0]
    sums = blocks.block_sums(returns)
    assert sums.shape == (16, 5)
    assert set(sums[:, 0]) == {6.0, 7.0}
    start = 0
    for block in sums:
        part = returns[start : start + int(block[0])]
        assert block == pytest.approx([(part**power).sum() for power in range(5)])
        start += len(part)
    assert start == 100


def test_a_day_without_a_return_is_left_out_of_its_own_block() -> None:
    returns = noise(1, 32)[0]
    returns[5] = math.nan
    counts = blocks.block_sums(returns)[:, 0]
    assert counts.tolist() == [2.0, 2.0, 1.0, *[2.0] * 13]


@pytest.mark.parametrize("days", [0, 1, 15])
def test_fewer_days_than_blocks_leave_blocks_empty(days: int) -> None:
    sums = blocks.block_sums(noise(1, days)[0])
    assert sums[:, 0].sum() == days
    assert set(sums[:, 0]) <= {0.0, 1.0}


def test_the_bytes_of_an_attachment_read_back_the_same() -> None:
    sums = blocks.block_sums(noise(1, 100)[0])
    written = blocks.encode(sums)
    assert len(written) == 640
    assert written[:8] == b"\x00\x00\x00\x00\x00\x00\x1c\x40"  # 7.0, the days of the first block
    np.testing.assert_array_equal(blocks.decode(written), sums)


def test_an_attachment_of_another_length_is_refused() -> None:
    with pytest.raises(DomainError, match="640 bytes, not 639"):
        blocks.decode(bytes(639))


@pytest.mark.parametrize("rate", [0.0, 0.05])
def test_the_sharpe_ratio_is_that_of_the_excess_returns(rate: float) -> None:
    returns = noise(1, 300, mean=0.001)[0]
    excess = returns - rate / 252
    found = blocks.moments(blocks.block_sums(returns), rate / 252)
    assert found is not None
    assert found.observations == 300
    assert found.sharpe_ratio == pytest.approx(excess.mean() / excess.std(ddof=1), rel=1e-10)
    pooled = pooled_ratios(returns, rate / 252)
    assert pooled[0] == pytest.approx(found.sharpe_ratio, rel=1e-10)


def test_skewness_and_kurtosis_are_those_of_the_returns() -> None:
    returns = np.random.default_rng(3).gumbel(0.0, 0.01, 500)
    found = blocks.moments(blocks.block_sums(returns), 0.0001)
    assert found is not None
    away = returns - returns.mean()
    variance = (away**2).mean()
    assert found.skewness == pytest.approx((away**3).mean() / variance**1.5, rel=1e-9)
    assert found.kurtosis == pytest.approx((away**4).mean() / variance**2, rel=1e-9)


@pytest.mark.parametrize("value", [0.0, 0.0001, -0.02])
def test_returns_that_are_all_alike_have_no_sharpe_ratio(value: float) -> None:
    sums = sums_of(np.full((1, 160), value))
    assert blocks.moments(sums[0], 0.0) is None
    assert pooled_ratios(np.full(160, value), 0.0) == [0.0]


def test_one_return_has_no_sharpe_ratio() -> None:
    sums = sums_of(np.array([[0.01]]))
    assert blocks.moments(sums[0], 0.0) is None
    assert pooled_ratios(np.array([0.01]), 0.0) == [0.0]
