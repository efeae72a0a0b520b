"""Single numbers out of arrays, for Python that runs once per bar.

A memoryview gives Python's own float or int in a quarter of the time in which NumPy makes one of
its scalars, and those are slower in every further operation. It shows what is in the array now.
"""

from typing import Any, cast

from domain.engine.account import Integers
from domain.market.bars import Floats


def floats_of(array: Floats) -> "memoryview[float]":
    """Read an array of float64, of one dimension or two."""
    return cast("memoryview[float]", memoryview(cast("Any", array)))


def integers_of(array: Integers) -> "memoryview[int]":
    """Read an array of int64, of one dimension or two."""
    return cast("memoryview[int]", memoryview(cast("Any", array)))
