"""Where the orders of an event strategy are filled."""

from domain.engine.journal import Journal
from domain.engine.ledger import Ledger
from domain.engine.matching import (
    DUST,
    Costs,
    commission,
    kind_after,
    offered,
    slippage_of,
    slipped,
)
from domain.engine.numbers import floats_of, integers_of
from domain.engine.order import Fill
from domain.engine.order_book import OrderBook
from domain.engine.terms import Reason, Status, TimeInForce
from domain.engine.timeline import Timeline
from domain.engine.waiting import Meeting


class Exchange:
    """Fills the orders of a book from the bars, as far as their volume and the account allow."""

    def __init__(
        self, timeline: Timeline, costs: Costs, ledger: Ledger, book: OrderBook, journal: Journal
    ) -> None:
        self._moments = integers_of(timeline.timestamp)
        self._volume = floats_of(timeline.volume)
        self._volume_left: dict[int, float] = {}
        self._costs = costs
        self._ledger = ledger
        self._book = book
        self._journal = journal

    def trade(self, row: int) -> list[Fill]:
        """Fill what meets the bars of a row.

        All orders of a symbol together get no more than the share of its bar's volume.
        """
        meetings = self._book.meetings(row)
        if not meetings:
            return []
        self._ledger.settle(row)
        self._volume_left.clear()
        answers = [self._fill(row, meeting) for meeting in meetings]
        return [fill for fill in answers if fill is not None]

    def _fill(self, row: int, meeting: Meeting) -> Fill | None:
        waiting, order, column = meeting.waiting, meeting.waiting.order, meeting.waiting.column
        slippage = slippage_of(waiting.kind, self._costs)
        waiting.kind = kind_after(waiting.kind)
        asked = order.remaining
        volume = self._volume_left.get(column, self._volume[row, column])
        most = offered(asked, volume, self._costs)
        whole = order.time_in_force is TimeInForce.FOK
        if most == 0.0 or (whole and most != asked):
            self._book.leave(row, waiting)
            return None
        price = slipped(meeting.price, most, slippage)
        quantity, number = self._ledger.allowed(column, most, price)
        reason = Reason(number)
        if quantity == 0.0 or (whole and reason is not Reason.NONE):
            untouched = asked == order.quantity
            status = Status.REJECTED if untouched else Status.CANCELLED
            self._book.end(row, waiting, status, reason)
            return None

        charge = commission(quantity, price, self._costs)
        self._ledger.trade(column, quantity, price, charge)
        left = volume - abs(quantity) / self._costs.participation
        self._volume_left[column] = left if left > DUST * self._volume[row, column] else 0.0
        fill = Fill(
            order=order,
            symbol=order.symbol,
            quantity=quantity,
            price=price,
            commission=charge,
            slippage=abs(quantity * (price - meeting.price)),
            rule=meeting.rule,
            timestamp=self._moments[row],
        )
        self._journal.fill(row, column, fill)
        self._book.reduce(row, waiting, quantity, reason)
        return fill
