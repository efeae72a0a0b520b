"""The error tree of the market-data files."""

from domain.market.resolution import Resolution
from service.market_data.session_range import spelled

NAMED_SYMBOLS_MAX = 10


class MarketDataError(Exception):
    """Something about the market-data files; the message says what would be right."""


class RejectedFile(MarketDataError):
    """A file that cannot be imported; the message says where in the file and by which rule."""


class UnreadableFile(MarketDataError):
    """A file in the catalog that the catalog did not write, or that was damaged since."""


class MissingData(MarketDataError):
    """The catalog holds no bars of ``symbol`` between ``start`` and ``end``.

    ``start``, ``end``: microseconds since the Unix epoch, UTC. ``held``: what the catalog holds of
    this symbol, as text, finest resolution first. ``symbols``: every symbol that it holds. Survives
    pickling, as workers send it home.
    """

    def __init__(
        self,
        symbol: str,
        resolution: Resolution,
        start: int,
        end: int,
        held: tuple[str, ...],
        symbols: tuple[str, ...],
    ) -> None:
        super().__init__(symbol, resolution, start, end, held, symbols)
        self.symbol = symbol
        self.resolution = resolution
        self.start = start
        self.end = end
        self.held = held
        self.symbols = symbols

    def __str__(self) -> str:
        first, last = (spelled(time, self.resolution) for time in (self.start, self.end))
        missing = f"{self.symbol}: no {self.resolution.value} bars from {first} to {last}"
        return f"{missing}; {self._holdings()}"

    def _holdings(self) -> str:
        if self.held:
            return f"the catalog holds {self.symbol} {', '.join(self.held)}"
        if not self.symbols:
            return (
                "the catalog is empty: import with `backtape data import` or `backtape data sample`"
            )
        named = ", ".join(self.symbols[:NAMED_SYMBOLS_MAX])
        more = len(self.symbols) - NAMED_SYMBOLS_MAX
        return f"the catalog holds no {self.symbol}; it has {named}" + (
            f" (and {more} more)" if more > 0 else ""
        )
