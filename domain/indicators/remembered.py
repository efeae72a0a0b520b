"""Indicators computed once and shared by all who ask for them over the same series."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeAlias

from domain.market.bars import Floats, read_only

P = ParamSpec("P")
Key: TypeAlias = tuple[Any, ...]

MEMORY_BYTES = 128 * 2**20


class Memory:
    """What was computed over some series: ``bytes_max`` of it, the last used ones.

    ``series``: the arrays, by identity, that calls are remembered for. They must not change.
    ``lends``: whether all get the same read-only array; else each gets a copy of its own.
    """

    def __init__(
        self, series: Sequence[Floats], *, lends: bool, bytes_max: int = MEMORY_BYTES
    ) -> None:
        self._series = {id(each): each for each in series}
        self._lends = lends
        self._bytes_max = bytes_max
        self._known: OrderedDict[Key, Floats] = OrderedDict()
        self._bytes = 0

    def recall(self, function: Callable[..., Floats], *args: Any) -> Floats:
        """Give ``function(*args)``, computed now only if it is not known.

        Remembered is what is asked of one of the series with whole numbers beside it.
        """
        for each in args[1:]:
            if type(each) is not int:  # True and 1.0 are 1 to a dictionary, but no period
                return function(*args)
        if not args or id(args[0]) not in self._series:
            return function(*args)
        key = (function, id(args[0]), *args[1:])
        found = self._known.get(key)
        if found is None:
            found = read_only(function(*args))
            self._remember(key, found)
        else:
            self._known.move_to_end(key)
        return found if self._lends else found.copy()

    def _remember(self, key: Key, values: Floats) -> None:
        self._known[key] = values
        self._bytes += values.nbytes
        while self._bytes > self._bytes_max:
            _, forgotten = self._known.popitem(last=False)
            self._bytes -= forgotten.nbytes


_memory: ContextVar[Memory | None] = ContextVar("indicators that are remembered", default=None)


@contextmanager
def remembering(memory: Memory) -> Iterator[None]:
    """Let the indicators that are asked for meanwhile, in this context, be taken from ``memory``.

    The values are the same as without; strategies need not know of it.
    """
    before = _memory.set(memory)
    try:
        yield
    finally:
        _memory.reset(before)


def remembered(
    function: Callable[P, Floats],
) -> Callable[P, Floats]:
    """Make an indicator over one series one that can be remembered."""

    @wraps(function)
    def recalled(*args: P.args, **kwargs: P.kwargs) -> Floats:
        memory = _memory.get()
        if memory is None or kwargs:
            return function(*args, **kwargs)
        return memory.recall(function, *args)

    return recalled
