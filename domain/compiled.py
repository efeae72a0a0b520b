"""The one doorway to numba: typed, cached on disk, strict IEEE arithmetic."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` with numba on its first call and keep the machine code on disk.

    No fastmath: the compiler may not reorder floating-point operations, so that every machine
    computes the same bits. The GIL is released while it runs.
    """
    return cast("Callable[P, R]", njit(cache=True, nogil=True, error_model="numpy")(function))
