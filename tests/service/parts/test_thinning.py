"""A thinned curve has few points, and none of its extremes is lost."""

from collections.abc import Callable, Iterator

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.market.bars import TIMESTAMP_TYPE, Floats
from service.parts.thinning import POINTS_MIN, thinned


def curve_of(value: Floats) -> pl.DataFrame:
    moments = pl.Series(np.arange(len(value)) * 60_000_000).cast(TIMESTAMP_TYPE)
    peak = np.maximum.accumulate(value)
    return pl.DataFrame({"timestamp": moments, "value": value, "drawdown": peak - value})


def in_frames(curve: pl.DataFrame, rows: int) -> Callable[[], Iterator[pl.DataFrame]]:
    return lambda: iter(curve.iter_slices(rows))


def places_of(found: pl.DataFrame) -> list[int]:
    return (found["timestamp"].cast(pl.Int64) // 60_000_000).to_list()


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(11, 5_000),
    points=st.integers(POINTS_MIN, 300),
    frame=st.integers(1, 2_000),
)
def test_ends_and_extremes_are_there(seed: int, rows: int, points: int, frame: int) -> None:
    value = np.random.default_rng(seed).normal(size=rows).cumsum()
    curve = curve_of(value)
    found = thinned(in_frames(curve, frame), curve.clear(), points)
    places = places_of(found)
    assert len(found) <= max(points, 0)
    assert places == sorted(set(places))
    assert found.equals(curve[places])
    wanted = {0, rows - 1, value.argmin(), value.argmax(), curve["drawdown"].arg_max()}
    assert wanted <= set(places)


@pytest.mark.parametrize("rows", [0, 1, 9, 10])
def test_few_points_are_left_alone(rows: int) -> None:
    curve = curve_of(np.arange(rows, dtype=np.float64))
    assert thinned(in_frames(curve, 3), curve.clear(), 10).equals(curve)


def test_the_shape_is_kept_beside_the_extremes() -> None:
    """A wave has its crests and troughs still: a line through every hundredth point would not."""
    value = np.sin(np.arange(100_000) / 50.0) * np.linspace(1.0, 2.0, 100_000)
    found = thinned(in_frames(curve_of(value), 9_999), curve_of(value).clear(), 2_000)
    drawn = np.interp(np.arange(100_000), places_of(found), found["value"].to_numpy())
    assert np.sqrt(np.mean((drawn - value) ** 2)) < 0.1
    assert len(found) >= 1_900
