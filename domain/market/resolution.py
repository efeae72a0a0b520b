"""How long a bar lasts."""

from enum import Enum

MICROSECONDS_PER_SECOND = 1_000_000
MICROSECONDS_PER_DAY = 86_400 * MICROSECONDS_PER_SECOND


class Resolution(Enum):
    """A bar's length, finest first. A tick is a bar of one price, complete at once."""

    TICK = "tick"
    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"

    @property
    def microseconds(self) -> int:
        """The bar's length in microseconds; 0 for a tick."""
        return _MICROSECONDS[self]

    def finer(self) -> list["Resolution"]:
        """The resolutions that this one can be resampled from, coarsest first."""
        return [other for other in reversed(Resolution) if other.microseconds < self.microseconds]


_MICROSECONDS = {
    Resolution.TICK: 0,
    Resolution.SECOND: MICROSECONDS_PER_SECOND,
    Resolution.MINUTE: 60 * MICROSECONDS_PER_SECOND,
    Resolution.HOUR: 3_600 * MICROSECONDS_PER_SECOND,
    Resolution.DAY: MICROSECONDS_PER_DAY,
}
