"""Bytes that are asked for again and again."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Kept(Generic[Key]):
    """Keeps values up to ``bytes_max`` together; those not asked for longest go first."""

    def __init__(self, bytes_max: int) -> None:
        self.bytes_max = bytes_max
        self._values: OrderedDict[Key, bytes] = OrderedDict()
        self._bytes = 0

    def find(self, key: Key) -> bytes | None:
        """The value of ``key``, or ``None`` where there is none (any more)."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def keep(self, key: Key, value: bytes) -> None:
        """Keep what is always the value of ``key``, unless it is larger than all may be."""
        if key in self._values or len(value) > self.bytes_max:
            return
        self._values[key] = value
        self._bytes += len(value)
        while self._bytes > self.bytes_max:
            _, dropped = self._values.popitem(last=False)
            self._bytes -= len(dropped)
