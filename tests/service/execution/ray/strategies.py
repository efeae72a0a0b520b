"""Strategies that take their time, or their process down."""

from domain.runs.request import BacktestRequest, StrategySpec, normalise
from domain.strategies.code import Code

SOURCE = b'''
import os
import time

from domain.strategies.event import Context, EventStrategy


class Slow(EventStrategy):
    """Buys and holds, and sleeps so many milliseconds at each bar."""

    milliseconds: int = 0
    shares: int = 1

    def on_bar(self, context: Context) -> None:
        time.sleep(self.milliseconds / 1000)
        (symbol,) = context.symbols
        if not context.orders and context.position(symbol) == 0:
            context.buy(symbol, self.shares)


class Obstinate(EventStrategy):
    """Cannot be interrupted."""

    def on_bar(self, context: Context) -> None:
        while True:
            try:
                time.sleep(60)
            except BaseException:
                continue


class Exiting(EventStrategy):
    """Takes its process down."""

    def on_bar(self, context: Context) -> None:
        os._exit(3)


class Greedy(EventStrategy):
    """Needs two gigabytes."""

    def on_bar(self, context: Context) -> None:
        bytearray(1 << 31)
'''


def code_of(name: str) -> Code:
    """One of the strategies above."""
    return Code(f"mine:{name}", "", SOURCE)


def request_for(code: Code, **params: int) -> BacktestRequest:
    """A year of made-up days with one of the strategies above."""
    asked = BacktestRequest(
        symbols=["MADE"],
        start_date="2024-01-01",
        end_date="2024-12-31",
        strategy=StrategySpec("mine", dict(params)),
        data_source="synthetic",
    )
    return normalise(asked, code)
