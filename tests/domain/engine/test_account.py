"""An account that is opened again is as good as new."""

import numpy as np

from domain.engine.account import Account, reopen


def test_an_account_that_is_reopened_is_as_it_is_opened() -> None:
    used = Account._make(np.full_like(each, 7) for each in Account.open(1.0, 3, 0))
    reopen(used, 2_500.0, 5)
    for found, expected in zip(used, Account.open(2_500.0, 3, 5), strict=True):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
