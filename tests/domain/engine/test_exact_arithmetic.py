"""The compiled sum, power and order statistics: the same as those of the standard library."""

import math
from decimal import Context, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.engine.exact_power import exact_power
from domain.engine.exact_sum import LANES, exact_sum, lanes
from domain.engine.order_statistics import SAMPLE, of_rank

ROOM = lanes()
any_size = st.floats(-1e100, 1e100, allow_nan=False)
whole = st.integers(-(2**53), 2**53).map(float)


@given(st.lists(any_size | whole | st.floats(-1, 1), max_size=3 * LANES))
def test_a_sum_is_that_of_fsum(values: list[float]) -> None:
    assert exact_sum(np.array(values), ROOM) == math.fsum(values)


@given(st.lists(any_size, max_size=100), st.randoms())
def test_what_cancels_leaves_nothing_behind(values: list[float], random: object) -> None:
    mixed = [*values, *(-value for value in values), 2.0**-300]
    random.shuffle(mixed)  # type: ignore[attr-defined]  # hypothesis's own kind of Random
    assert exact_sum(np.array(mixed), ROOM) == 2.0**-300


@pytest.mark.parametrize("rest", [0.0, 2.0**-110, -(2.0**-110)])
@pytest.mark.parametrize("half", [2.0**-53, -(2.0**-54)])
def test_a_tie_is_decided_by_all_that_comes_after_it(half: float, rest: float) -> None:
    for first in (1.0, 1.0 + 2.0**-52):
        values = [rest, first, half]
        assert exact_sum(np.array(values), ROOM) == math.fsum(values)


def test_what_is_not_finite_is_passed_on() -> None:
    assert math.isnan(exact_sum(np.array([1.0, math.nan] * 50), ROOM))
    assert not math.isfinite(exact_sum(np.array([math.inf, 1.0] * 50), ROOM))


@given(
    st.floats(1e-12, 1e12) | st.floats(0.9, 1.1),
    st.sampled_from([252, 365]),
    st.integers(1, 20_000),
)
def test_a_power_is_that_of_forty_digits(base: float, numerator: int, denominator: int) -> None:
    digits = Context(prec=40)
    exponent = digits.divide(Decimal(numerator), Decimal(denominator))
    expected = float(digits.power(Decimal(base), exponent))
    found = exact_power(base, numerator, denominator)
    assert found == expected or (math.isnan(found) and math.isinf(expected))


def test_powers_at_the_edges() -> None:
    assert exact_power(0.0, 252, 10) == 0.0
    assert exact_power(1.0, 252, 10) == 1.0
    assert exact_power(4.0, 252, 504) == 2.0
    assert exact_power(1e-300, 252, 2) == 0.0
    assert math.isnan(exact_power(-0.1, 252, 10))
    assert math.isnan(exact_power(1e300, 252, 10))
    assert math.isnan(exact_power(math.inf, 252, 10))


@given(
    st.lists(st.floats(-1, 1) | st.sampled_from([0.0, 0.5]), min_size=1, max_size=2_000),
    st.integers(0, 10**6),
)
def test_the_value_of_a_rank_is_that_of_the_sorted_values(values: list[float], pick: int) -> None:
    rank, room = pick % len(values), np.empty(len(values) + SAMPLE + 1)
    ordered = [*sorted(values), math.inf]
    assert of_rank(np.array(values), rank, room) == (ordered[rank], ordered[rank + 1])


@pytest.mark.parametrize("direction", [1, -1])
def test_order_does_not_matter_to_a_rank(direction: int) -> None:
    ordered = np.linspace(-1.0, 1.0, 5_000)
    room = np.empty(len(ordered) + SAMPLE + 1)
    for rank in (0, 250, 2_500, 4_998):
        found = of_rank(ordered[::direction].copy(), rank, room)
        assert found == (ordered[rank], ordered[rank + 1])
