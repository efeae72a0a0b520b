"""nautilus_trader: a ``Strategy`` on bars with registered indicators, on a simulated exchange."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pandas as pd
from nautilus_trader.backtest.engine import (  # type: ignore[import-not-found]  # its environment's
    BacktestEngine,
    BacktestEngineConfig,
)
from nautilus_trader.config import (  # type: ignore[import-not-found]
    LoggingConfig,
    RiskEngineConfig,
    StrategyConfig,
)
from nautilus_trader.indicators import SimpleMovingAverage  # type: ignore[import-not-found]
from nautilus_trader.model.currencies import USDT  # type: ignore[import-not-found]
from nautilus_trader.model.data import BarType  # type: ignore[import-not-found]
from nautilus_trader.model.enums import (  # type: ignore[import-not-found]
    AccountType,
    OmsType,
    OrderSide,
)
from nautilus_trader.model.identifiers import Venue  # type: ignore[import-not-found]
from nautilus_trader.model.instruments import CurrencyPair  # type: ignore[import-not-found]
from nautilus_trader.model.objects import Money, Quantity  # type: ignore[import-not-found]
from nautilus_trader.persistence.wranglers import (  # type: ignore[import-not-found]
    BarDataWrangler,
)
from nautilus_trader.test_kit.providers import (  # type: ignore[import-not-found]
    TestInstrumentProvider,
)
from nautilus_trader.trading.strategy import Strategy  # type: ignore[import-not-found]

from tests.benchmarks.peers.conversation import (
    CAPITAL,
    COMMISSION,
    LONG,
    SHORT,
    Prices,
    Run,
    converse,
)

VENUE = Venue("BINANCE")


class CrossingConfig(StrategyConfig, frozen=True):  # type: ignore[misc,call-arg]
    """What is traded."""

    bar_type: BarType


class Crossing(Strategy):  # type: ignore[misc]
    """Nearly all in above, flat below."""

    def __init__(self, config: CrossingConfig) -> None:
        super().__init__(config)
        self.fast = SimpleMovingAverage(SHORT)
        self.slow = SimpleMovingAverage(LONG)
        self.held: Any = None

    def on_start(self) -> None:
        for each in (self.fast, self.slow):
            self.register_indicator_for_bars(self.config.bar_type, each)
        self.subscribe_bars(self.config.bar_type)

    def on_bar(self, bar: Any) -> None:
        if not self.slow.initialized:
            return
        above = self.fast.value > self.slow.value
        if above and self.held is None:
            cash = float(self.portfolio.account(VENUE).balance_total(USDT))
            self.held = Quantity(0.99 * cash / float(bar.close), 6)
            self._order(OrderSide.BUY)
        elif not above and self.held is not None:
            self._order(OrderSide.SELL)
            self.held = None

    def _order(self, side: OrderSide) -> None:
        instrument = self.config.bar_type.instrument_id
        self.submit_order(self.order_factory.market(instrument, side, self.held))


def _exchange(prices: Prices) -> Run:
    instrument = _instrument()
    bar_type = BarType.from_str(f"{instrument.id}-1-MINUTE-LAST-EXTERNAL")
    names = ("open", "high", "low", "close", "volume")
    frame = pd.DataFrame({name: prices[name] for name in names})
    frame.index = pd.to_datetime(prices["timestamp"], unit="us", utc=True)
    frame["volume"] = 1e9
    bars = BarDataWrangler(bar_type, instrument).process(frame)

    def run() -> Callable[[], float]:
        engine = BacktestEngine(
            config=BacktestEngineConfig(
                logging=LoggingConfig(bypass_logging=True),
                risk_engine=RiskEngineConfig(bypass=True),
                run_analysis=False,
            )
        )
        engine.add_venue(
            VENUE, OmsType.NETTING, AccountType.CASH, [Money(CAPITAL, USDT)], base_currency=None
        )
        engine.add_instrument(instrument)
        engine.add_data(bars)
        engine.add_strategy(Crossing(CrossingConfig(bar_type=bar_type)))
        engine.run()
        return lambda: float(engine.portfolio.account(VENUE).balance_total(USDT))

    return run


def _instrument() -> CurrencyPair:
    given = CurrencyPair.to_dict(TestInstrumentProvider.btcusdt_binance())
    fee = str(Decimal(str(COMMISSION)))
    return CurrencyPair.from_dict(
        given
        | {"maker_fee": fee, "taker_fee": fee, "price_precision": 4, "price_increment": "0.0001"}
        | {"min_notional": None, "max_notional": None, "max_quantity": None, "max_price": None}
    )


if __name__ == "__main__":
    converse({"exchange": _exchange})
