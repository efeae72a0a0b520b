"""Event strategies written where they are tested: a function for each bar."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from domain.market.bars import Bars
from domain.strategies.event import Context, EventStrategy, Fill
from tests.domain.engine.building import Outcome, run

Act = Callable[[Context], object]
Quote = tuple[float, float, float, float]


class _Play(NamedTuple):
    start: Act
    bar: Act
    fill: Callable[[Context, Fill], object]


_now_playing: list[_Play] = []


class Acting(EventStrategy):
    """Hands everything on to the test that is running."""

    def on_start(self, context: Context) -> None:
        _now_playing[-1].start(context)

    def on_bar(self, context: Context) -> None:
        _now_playing[-1].bar(context)

    def on_fill(self, context: Context, fill: Fill) -> None:
        _now_playing[-1].fill(context, fill)


def nothing(*_: object) -> None:
    """What to do when there is nothing to do."""


def act(
    data: Sequence[Bars],
    on_bar: Act = nothing,
    *,
    on_start: Act = nothing,
    on_fill: Callable[[Context, Fill], object] = nothing,
    **settings: Any,
) -> Outcome:
    """Simulate a strategy that consists of these functions."""
    _now_playing.append(_Play(on_start, on_bar, on_fill))
    try:
        return run(data, "acting", **settings)
    finally:
        _now_playing.pop()


def at(script: Mapping[int, Act]) -> Act:
    """Do this at the close of bar 0, that at the close of bar 5."""
    bar = iter(range(1_000_000))
    return lambda context: script.get(next(bar), nothing)(context)
