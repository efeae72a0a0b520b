"""The words of orders and fills. On the tape they are the members' names in lower case."""

from enum import IntEnum


class Kind(IntEnum):
    """What an order asks for."""

    MARKET = 0
    LIMIT = 1
    STOP = 2
    STOP_LIMIT = 3


class TimeInForce(IntEnum):
    """How long an order, or what is left of it, waits to be filled."""

    GTC = 0  # until it is cancelled
    DAY = 1  # until the end of the day of the first bar that could fill it
    IOC = 2  # not longer than the first bar that could fill it
    FOK = 3  # the same, and wholly or not at all


class Status(IntEnum):
    """What happened to an order."""

    SUBMITTED = 0
    PARTIALLY_FILLED = 1
    FILLED = 2
    CANCELLED = 3
    REJECTED = 4
    EXPIRED = 5
    AMENDED = 6


class Reason(IntEnum):
    """Why it happened, where that needs saying."""

    NONE = 0
    SUPERSEDED = 1
    INSUFFICIENT_CASH = 2
    END_OF_DATA = 3
    INSUFFICIENT_MARGIN = 4
    SHORT_NOT_ALLOWED = 5
    REQUESTED = 6  # the strategy cancelled it
    END_OF_DAY = 7
    IMMEDIATE_OR_CANCEL = 8
    FILL_OR_KILL = 9
    BELOW_ONE_LOT = 10


class Rule(IntEnum):
    """Where a fill's price comes from, before slippage.

    ``NONE``: the order does not meet the bar. ``TRIGGERED``: a stop-limit's stop was reached, but
    nothing is certain to have filled it on that bar: from now on it is a limit order.
    """

    NONE = 0
    OPEN = 1  # the bar's open, of a market order
    LIMIT = 2  # the limit, later in the bar than its open
    LIMIT_GAP = 3  # the open, which was at the limit or better
    STOP = 4  # the stop, later in the bar than its open
    STOP_GAP = 5  # the open, which was at the stop or beyond
    TRIGGERED = 6


class CashEvent(IntEnum):
    """What moves cash besides fills."""

    DIVIDEND = 0  # of shares held, paid by whoever is short
    BORROW = 1  # the cost of shares sold short, and of cash below zero
