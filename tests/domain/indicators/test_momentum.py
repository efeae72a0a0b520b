"""Rate of change."""

import numpy as np
import pandas as pd

from domain.indicators import momentum


def test_by_hand() -> None:
    values = np.array([100.0, 50.0, 110.0, 75.0])
    np.testing.assert_allclose(momentum(values, 2), [np.nan, np.nan, 0.1, 0.5], rtol=1e-14)


def test_it_agrees_with_pandas() -> None:
    values = 100.0 + np.random.default_rng(8).normal(size=1_000).cumsum()
    np.testing.assert_allclose(momentum(values, 20), pd.Series(values).pct_change(20), rtol=1e-12)


def test_a_change_from_zero_or_nan_is_nan() -> None:
    values = np.array([0.0, 1.0, np.nan, 2.0])
    assert np.isnan(momentum(values, 1)).all()
