"""Functions that are compiled: typed, cached on disk, strict IEEE arithmetic."""

from collections.abc import Callable
from functools import cached_property, update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Compiled(Generic[P, R]):
    """A function that is machine code from its first call on; compiled code may call it, too."""

    def __init__(self, function: Callable[P, R], options: dict[str, Any]) -> None:
        self._function = function
        self._options = options
        update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call it; the first time, compile it or load its machine code."""
        result: R = self.dispatcher(*args, **kwargs)
        return result

    @cached_property
    def dispatcher(self) -> Any:
        """What numba makes of the function: its ``Dispatcher``."""
        # The service itself only describes strategies: it imports this file, and never numba.
        from domain.machine_code import dispatcher

        return dispatcher(self._function, self._options)

    @property
    def _numba_type_(self) -> Any:
        # numba asks an object that compiled code calls what it is.
        return self.dispatcher._numba_type_


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` with numba on its first call and keep the machine code on disk.

    No fastmath: the compiler may not reorder floating-point operations, so that every machine
    computes the same bits. The GIL is released while it runs.
    """
    return Compiled(function, {})


def compiled_in_place(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that makes no array of its own, only writes into those it is given.

    Like ``compiled``, but without numba's runtime, which otherwise touches the reference count of
    every array of every tuple at every call: a loop over small functions runs 17 times as fast.
    """
    return Compiled(function, {"_nrt": False})
