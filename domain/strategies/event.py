"""What an event strategy is to the engine, and all that one needs to import."""

import abc

import msgspec

from domain.engine.context import Context
from domain.engine.history import History, Indicator
from domain.engine.order import Fill, Order
from domain.strategies.base import StructMeta

__all__ = ["Context", "EventStrategy", "Fill", "History", "Indicator", "Order"]


class EventStrategy(
    msgspec.Struct, metaclass=StructMeta, kw_only=True, forbid_unknown_fields=True, dict=True
):
    """A strategy that is called bar by bar and answers with orders.

    The annotated fields of a subclass are its parameters, as with ``SignalStrategy``; any other
    attribute is its own to keep state in. Each run has a fresh instance. A method that raises
    fails the run, with the exception's type and message and the bar.
    """

    def on_start(self, context: Context) -> None:
        """Prepare, before the first bar: declare indicators. Orders cannot be placed yet."""

    @abc.abstractmethod
    def on_bar(self, context: Context) -> None:
        """Decide at the close of each moment of the timeline; called once for all symbols."""

    def on_fill(self, context: Context, fill: Fill) -> None:
        """Hear of a fill at the close of its bar, before that bar's ``on_bar``."""
