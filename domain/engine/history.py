"""What an event strategy sees of one symbol: its bars up to now, and indicators over them."""

from collections.abc import Callable

import numpy as np

from domain.engine.account import Integers
from domain.engine.numbers import floats_of
from domain.engine.revealed import Revealed
from domain.errors import InvalidCall
from domain.market.bars import COLUMNS, Bars, Floats, Times


class Clock:
    """Which row of the timeline it is; -1 before the first."""

    __slots__ = ("row",)

    def __init__(self) -> None:
        self.row = -1


class History:
    """The bars of one symbol up to now, oldest first, as read-only views: looking copies nothing.

    Prices and volumes are in today's shares: a split divides all earlier prices. Before the
    symbol's first bar there is nothing (length 0).
    """

    __slots__ = (
        "_clock", "_close", "_high", "_low", "_open", "_prices", "_rows", "_timestamp", "_volume",
        "_warmup", "symbol",
    )  # fmt: skip

    def __init__(self, bars: Bars, warmup: int, rows: Integers | None, clock: Clock) -> None:
        self.symbol = bars.symbol
        self._warmup = warmup
        self._rows = rows
        self._clock = clock
        self._show(bars)

    def __len__(self) -> int:
        return self._count()

    def _count(self) -> int:
        # A strategy asks at every bar: a method is called faster than ``len`` is.
        if self._rows is None:
            return self._warmup + self._clock.row + 1
        return self._warmup + int(self._rows.searchsorted(self._clock.row, side="right"))

    @property
    def timestamp(self) -> Times:
        """When each bar opened: int64, microseconds UTC."""
        return self._timestamp.first(len(self))

    @property
    def open(self) -> Floats:
        """Each bar's first price."""
        return self._open.first(len(self))

    @property
    def high(self) -> Floats:
        """Each bar's highest price."""
        return self._high.first(len(self))

    @property
    def low(self) -> Floats:
        """Each bar's lowest price."""
        return self._low.first(len(self))

    @property
    def close(self) -> Floats:
        """Each bar's last price."""
        return self._close.first(len(self))

    @property
    def volume(self) -> Floats:
        """What was traded in each bar."""
        return self._volume.first(len(self))

    @property
    def price(self) -> float:
        """The latest close; NaN before the first bar."""
        length = self._count()
        return self._prices[length - 1] if length else np.nan

    @property
    def is_trading(self) -> bool:
        """Whether there is a bar at this moment of the timeline."""
        if self._rows is None:
            return self._clock.row >= 0
        traded = len(self) - self._warmup
        return traded > 0 and int(self._rows[traded - 1]) == self._clock.row

    def _show(self, bars: Bars) -> None:
        self._timestamp = Revealed(bars.timestamp)
        self._open, self._high = Revealed(bars.open), Revealed(bars.high)
        self._low, self._close = Revealed(bars.low), Revealed(bars.close)
        self._volume = Revealed(bars.volume)
        self._prices = floats_of(bars.close)


class Indicator:
    """A series computed from a symbol's bars; only its values up to now can be seen."""

    __slots__ = ("_function", "_history", "_numbers", "_values")

    def __init__(self, history: History, bars: Bars, function: Callable[[Bars], Floats]) -> None:
        self._history = history
        self._function = function
        self._compute(bars)

    @property
    def now(self) -> float:
        """The value at the latest bar; NaN where there is none yet."""
        length = self._history._count()
        return self._numbers[length - 1] if length else np.nan

    @property
    def values(self) -> Floats:
        """The values of all bars up to now, a read-only view."""
        return self._values.first(len(self._history))

    def _compute(self, bars: Bars) -> None:
        values = np.array(self._function(bars), dtype=np.float64)
        if values.shape != (len(bars),):
            raise InvalidCall(
                f"an indicator over {bars.symbol} has shape {values.shape}; "
                f"right would be one value per bar, ({len(bars)},)"
            )
        self._values = Revealed(values)
        self._numbers = floats_of(values)


class Feed:
    """All bars of one symbol, those to come too, and what of them its strategy sees by now."""

    __slots__ = ("_bars", "_indicators", "history")

    def __init__(self, bars: Bars, warmup: int, rows: Integers | None, clock: Clock) -> None:
        """The first ``warmup`` bars are there from the start; ``rows`` are those of the others.

        int64: on which row of the timeline each bar is; None where every row has one.
        """
        self._bars = bars
        self._indicators: list[Indicator] = []
        self.history = History(bars, warmup, rows, clock)

    def indicator(self, function: Callable[[Bars], Floats]) -> Indicator:
        """Compute ``function`` over all bars at once, to be revealed bar by bar.

        It gives float64[n] for n bars, and each value may use the bars up to its own only: see
        ``domain.indicators``. After a split it is computed anew, in today's shares. Raises
        ``InvalidCall`` for any other shape.
        """
        made = Indicator(self.history, self._bars, function)
        self._indicators.append(made)
        return made

    def split(self, ratio: float, before: int | None = None) -> None:
        """Bring the bars before bar number ``before`` into the shares after a split.

        None: before the bar of this moment, where there is one.
        """
        count = len(self.history) - self.history.is_trading if before is None else before
        columns = {name: getattr(self._bars, name) for name in COLUMNS}
        for name in COLUMNS[1:]:
            column = columns[name].copy()
            column[:count] = column[:count] * ratio if name == "volume" else column[:count] / ratio
            columns[name] = column
        self._bars = Bars(self._bars.symbol, **columns)
        self.history._show(self._bars)
        for each in self._indicators:
            each._compute(self._bars)
