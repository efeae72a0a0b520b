"""What a strategy is to the engine."""

import abc
from typing import Annotated, NamedTuple, TypeAlias

import msgspec
import polars as pl
from msgspec import Meta

from domain.market.bars import Bars, Floats

PositionSize: TypeAlias = Annotated[
    float, Meta(gt=0, le=1, description="share of the account to invest, split over the symbols")
]


class Explanation(NamedTuple):
    """Why a strategy does something, in words, and how sure it is of it, 0 to 100."""

    reasoning: str | None = None
    confidence: float | None = None


class StructMeta(msgspec.StructMeta, abc.ABCMeta):
    """A struct that may have abstract methods."""


class SignalStrategy(
    msgspec.Struct, metaclass=StructMeta, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """A strategy that maps each symbol's bars to target weights.

    The fields of a subclass are its parameters: types, defaults, bounds and descriptions in one
    place. A ``__post_init__`` may raise ``ValueError`` for what no single field can say.
    """

    @abc.abstractmethod
    def targets(self, bars: Bars, symbols: int) -> Floats | pl.Expr:
        """Give one target weight per bar of ``bars``, seeing at each bar only what came before.

        A weight is the symbol's share of the whole account (0.25 = a quarter of equity), so over
        ``symbols`` symbols each usually gets 1/``symbols``. NaN leaves the position as it is; 0
        sells all that is held. Returns float64[n], or a polars expression over the columns of
        ``Bars.frame()`` that yields as many values.
        """

    def explain(self, bars: Bars, target: float) -> Explanation:
        """Say why an order was sent at the last of ``bars``, after which nothing is shown.

        ``target``: the weight that it is to bring about. Asked once for each order, if a strategy
        has an answer of its own; the answer goes with the order to its fills.
        """
        return Explanation()
