"""Buy a new high, sell a new low: the rule of the Turtles."""

from typing import Annotated

from msgspec import Meta

from domain.indicators import above, previous, rolling_max, rolling_min
from domain.market.bars import Bars, Floats
from domain.strategies.base import PositionSize, SignalStrategy
from domain.strategies.weights import from_to


class DonchianBreakout(SignalStrategy, frozen=True):
    """Enter on a close above all highs of the bars before, leave on one below all their lows."""

    entry_period: Annotated[
        int, Meta(ge=1, le=10_000, description="bars before this one whose high is to be exceeded")
    ] = 20
    exit_period: Annotated[
        int, Meta(ge=1, le=10_000, description="bars before this one whose low ends the trade")
    ] = 10
    position_size: PositionSize = 1.0

    def targets(self, bars: Bars, symbols: int) -> Floats:
        """The symbol's share on entry, 0 on exit, NaN (hold) between and until warm."""
        highest = previous(rolling_max(bars.high, self.entry_period))
        lowest = previous(rolling_min(bars.low, self.exit_period))
        risen, fallen = above(bars.close, highest), above(lowest, bars.close)
        return from_to(risen, fallen, self.position_size / symbols)
