"""A column that is shown row by row: what has not come yet is nowhere to be found."""

from typing import Generic

import numpy as np
import numpy.typing as npt

from domain.market.bars import Scalar

ROOM = 64  # rows, before the first of them comes


class Revealed(Generic[Scalar]):
    """The beginning of a column, in memory of its own that each row is copied into as it comes.

    Whoever follows a view to its ``base`` finds the past and then zeros, and no more of them than
    the past accounts for. Whatever is done to that memory does nothing to the column.
    """

    __slots__ = ("_column", "_count", "_memory", "_shown")

    def __init__(self, column: npt.NDArray[Scalar]) -> None:
        self._column = column
        self._count = 0
        self._make_room(ROOM)

    def first(self, count: int) -> npt.NDArray[Scalar]:
        """The first ``count`` values, a read-only view; never fewer than the time before."""
        if count > self._count:
            if count > len(self._shown):
                self._make_room(1 << (count - 1).bit_length())
            self._memory[self._count : count] = self._column[self._count : count]
            self._count = count
        return self._shown[:count]

    def _make_room(self, rows: int) -> None:
        room = np.zeros(rows, self._column.dtype)
        room[: self._count] = self._column[: self._count]
        self._memory = room[:]  # made before the room is closed, so it can be written through
        room.flags.writeable = False
        self._shown = room
