"""An event strategy: called bar by bar, it answers with orders."""

from typing import Annotated

from msgspec import Meta

from domain.indicators import sma
from domain.strategies.base import PositionSize
from domain.strategies.event import Context, EventStrategy, Fill, Indicator


class Template(EventStrategy):
    """Buy a symbol when its close rises above its mean, and sell it when it falls below."""

    period: Annotated[int, Meta(ge=2, le=1000, description="bars in the mean")] = 50
    position_size: PositionSize = 1.0

    def on_start(self, context: Context) -> None:
        """Declare the indicators: each is computed once and then shown bar by bar."""
        self.means: dict[str, Indicator] = {
            symbol: context.indicator(symbol, lambda bars: sma(bars.close, self.period))
            for symbol in context.symbols
        }

    def on_bar(self, context: Context) -> None:
        """Decide at the close of each moment, for all symbols."""
        if context.orders:
            return
        for symbol in context.symbols:
            price, mean = context.price(symbol), self.means[symbol].now
            held = context.position(symbol)
            if price > mean and held == 0.0:
                share = self.position_size / len(context.symbols)
                context.buy(symbol, share * context.equity / price, reasoning="above its mean")
            elif price < mean and held > 0.0:
                context.sell(symbol, held, reasoning="below its mean")

    def on_fill(self, context: Context, fill: Fill) -> None:
        """Hear of a fill; what is logged here becomes a log event of the run."""
        context.log(f"{fill.symbol}: {fill.quantity:g} at {fill.price:g}")
