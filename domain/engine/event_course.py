"""The course of an event strategy: called at the close of every row, its orders met by the next."""

import numpy as np
import polars as pl

from domain.engine.account import Integers, Market
from domain.engine.context import Context
from domain.engine.course import Scenario, Stretch, changes_on, costs_of
from domain.engine.exchange import Exchange
from domain.engine.history import Clock, Feed
from domain.engine.journal import Journal
from domain.engine.ledger import Ledger
from domain.engine.notes import Line, Notes
from domain.engine.order_book import OrderBook
from domain.engine.order_desk import OrderDesk
from domain.engine.segments import actions_table, cash_events_table, exposures_table
from domain.engine.timeline import align
from domain.errors import StrategyFailed
from domain.market.actions import Actions
from domain.market.bars import read_only
from domain.market.moments import iso
from domain.market.resolution import MICROSECONDS_PER_DAY
from domain.market.sessions import last_of_day
from domain.runs.events import Logged
from domain.strategies.event import EventStrategy


class EventCourse:
    """A ``Course`` that calls a strategy bar by bar."""

    def __init__(self, strategy: EventStrategy, scenario: Scenario) -> None:
        """Start the strategy. Raises ``StrategyFailed``."""
        request = scenario.request
        self.timeline = align(scenario.traded())
        moments = self.timeline.timestamp
        self.days = read_only(scenario.days(moments))
        self.changes = changes_on(self.days, scenario.actions)
        costs = costs_of(request)
        market = Market(
            timestamp=moments,
            open=self.timeline.open,
            close=self.timeline.close,
            volume=self.timeline.volume,
            target=self.timeline.target,
            period=read_only(np.zeros(len(moments), np.int64)),
            snapshot=read_only(last_of_day(self.days)),
        )
        self._names = pl.Series(request.symbols, dtype=pl.String)
        self._clock = Clock()
        self._feeds = self._show(scenario)
        histories = [feed.history for feed in self._feeds]
        self._ledger = Ledger(market, costs, self.changes, request.initial_capital, histories)
        self._journal, self._notes = Journal(), Notes()
        self._book = OrderBook(self.timeline, self.days, self._journal)
        self._exchange = Exchange(self.timeline, costs, self._ledger, self._book, self._journal)
        self._borrowing_costs = costs.borrow > 0.0
        self._strategy = strategy
        resolution = request.resolution.microseconds
        desk = OrderDesk(self._book, moments, resolution, costs.delay, costs.lot_size)
        self._context = Context(
            self._clock, self._feeds, moments, self.days, self._ledger, desk, self._notes
        )
        try:
            strategy.on_start(self._context)
        except BaseException as error:
            raise self._failed(error) from error

    @property
    def rows_in_market(self) -> int:
        """How many of the rows so far ended with a position."""
        return int(self._ledger.account.rows_in_market[0])

    def advance(self, start: int, stop: int) -> Stretch:
        """Simulate the rows ``start`` to ``stop`` (exclusive). Raises ``StrategyFailed``."""
        due = slice(*np.searchsorted(self.changes.row, [start, stop]))
        ledger, moments, names = self._ledger, self.timeline.timestamp, self._names
        ledger.make_room(stop - start)
        self._run(start, stop, due)
        ledger.close(stop - 1)
        if stop == len(moments):
            self._book.expire(stop - 1)
        cash, positions = ledger.cash_at_close[start:stop], ledger.positions_at_close[start:stop]
        exposures = exposures_table(ledger.exposures, moments, names, start, cash + positions)
        fills, tables = self._journal.take(moments, names)
        return Stretch(
            cash,
            positions,
            fills,
            {
                **tables,
                "exposures": exposures,
                "cash_events": cash_events_table(ledger.cash_events, moments, names),
                "actions": actions_table(self.changes, due, moments, names),
                "recorded": self._notes.take_series(moments),
            },
            [self._logged(line) for line in self._notes.take_lines()],
        )

    def _run(self, start: int, stop: int, due: slice) -> None:
        clock, ledger, book, context = self._clock, self._ledger, self._book, self._context
        on_bar, on_fill = self._strategy.on_bar, self._strategy.on_fill
        borrowing_costs = self._borrowing_costs
        eventful = set(self.changes.row[due].tolist())
        for row in range(start, stop):
            clock.row = row
            if row in eventful:
                ledger.settle(row)
                self._split(row)
            elif borrowing_costs and ledger.is_borrowing:
                ledger.settle(row)
            fills = self._exchange.trade(row) if book.is_waiting else ()
            try:
                for fill in fills:
                    on_fill(context, fill)
                on_bar(context)
            except BaseException as error:
                raise self._failed(error) from error

    def _split(self, row: int) -> None:
        for change in range(*np.searchsorted(self.changes.row, [row, row + 1])):
            column, ratio = int(self.changes.symbol[change]), float(self.changes.split[change])
            if ratio == 1.0:
                continue
            self._book.split(column, ratio)
            try:
                self._feeds[column].split(ratio)  # asks the strategy's own indicators again
            except BaseException as error:
                raise self._failed(error) from error

    def _show(self, scenario: Scenario) -> list[Feed]:
        feeds = []
        for column, bars in enumerate(scenario.bars):
            warmup, actions = scenario.warmup[column], scenario.actions[column]
            rows = None
            if len(bars) - warmup != len(self.days):
                rows = np.flatnonzero(~np.isnan(self.timeline.close[:, column]))
            feed = Feed(bars, warmup, rows, self._clock)
            if warmup > 0 and len(actions) > 0:
                self._split_before_the_start(feed, actions, scenario.days(bars.timestamp))
            feeds.append(feed)
        return feeds

    def _split_before_the_start(self, feed: Feed, actions: Actions, days: Integers) -> None:
        over = actions.timestamp // MICROSECONDS_PER_DAY <= self.days[0]
        places, ratios = actions.rows(days)[over], actions.split[over]
        for place, ratio in zip(places.tolist(), ratios.tolist(), strict=True):
            feed.split(ratio, before=place)

    def _logged(self, line: Line) -> Logged:
        if line.row < 0:
            return Logged(line.message, line.level)
        return Logged(line.message, line.level, self._moment(line.row))

    def _moment(self, row: int) -> str:
        return iso(int(self.timeline.timestamp[row]))

    def _failed(self, error: BaseException) -> StrategyFailed:
        row = self._clock.row
        where = f"bar {self._moment(row)}" if row >= 0 else "on_start"
        return StrategyFailed(f"the strategy raised {type(error).__name__}: {error} ({where})")
