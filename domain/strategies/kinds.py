"""The kinds of strategy that there are."""

import abc
import inspect
from typing import Literal, TypeAlias, TypeGuard

from domain.strategies.base import SignalStrategy
from domain.strategies.event import EventStrategy

Kind: TypeAlias = Literal["signal", "event"]
Strategy: TypeAlias = SignalStrategy | EventStrategy

KINDS: dict[Kind, abc.ABCMeta] = {"signal": SignalStrategy, "event": EventStrategy}
BASES = " or ".join(base.__name__ for base in KINDS.values())


def is_strategy(value: object) -> TypeGuard[type[Strategy]]:
    """Whether this is a class that can be run: derived from a base, nothing left abstract."""
    return (
        isinstance(value, type)
        and issubclass(value, tuple(KINDS.values()))
        and not inspect.isabstract(value)
    )


def kind_of(strategy: type[Strategy]) -> Kind:
    """Whether a strategy answers for all bars at once or is called bar by bar."""
    return "signal" if issubclass(strategy, SignalStrategy) else "event"
