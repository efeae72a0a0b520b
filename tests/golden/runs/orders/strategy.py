"""Every kind of order, one after the other."""

from domain.strategies.event import Context, EventStrategy, Fill


class Everything(EventStrategy):
    """Places, amends and cancels; hears of its fills; logs and records."""

    def on_start(self, context: Context) -> None:
        self.bar = 0

    def on_fill(self, context: Context, fill: Fill) -> None:
        context.log(f"{fill.quantity:+g} at {fill.price:.4f} ({fill.rule})")

    def on_bar(self, context: Context) -> None:
        symbol, price = "A", context.price("A")
        context.record("price", price)
        match self.bar % 12:
            case 0:
                context.buy(symbol, 20.0, reasoning="to have some", confidence=70)
            case 1:
                context.buy(symbol, 10.0, limit=price * 0.99)
            case 2:
                context.sell(symbol, 5.0, stop=price * 0.98, time_in_force="day")
            case 3:
                context.sell(symbol, 5.0, limit=price * 1.005, time_in_force="ioc")
            case 4:
                context.buy(symbol, 3.0, stop=price * 1.002, limit=price * 1.01)
            case 5:
                context.buy(symbol, 1e6, limit=price * 2, time_in_force="fok")
            case 6:
                for order in context.orders:
                    context.amend(order, quantity=abs(order.quantity) + 1.0)
            case 9:
                self.leave(context, symbol)
            case _:
                pass
        self.bar += 1

    def leave(self, context: Context, symbol: str) -> None:
        for order in context.orders:
            context.cancel(order)
        if held := context.position(symbol):
            context.sell(symbol, held)
