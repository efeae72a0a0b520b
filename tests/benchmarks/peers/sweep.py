"""Combinations per second of a sweep over the periods of a crossing of means, in process."""

from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

from domain.market.bars import Bars
from domain.market.resolution import Resolution
from tests.benchmarks.peers import prices
from tests.benchmarks.peers.conversation import COMBINATIONS, FEW
from tests.benchmarks.peers.environments import installed
from tests.benchmarks.peers.peer import Peer
from tests.benchmarks.sweep import DAYS, MINUTES, evaluated, request_over
from tests.benchmarks.table import Row, spread

ROUNDS = 5


class Floors(NamedTuple):
    """How many times as fast we are at least; None where nothing is promised."""

    vectorbt: float | None
    backtesting: float | None


def rows(folder: Path) -> list[Row]:
    """Ten years of days, and a month of minutes."""
    daily, minutes = prices.days(1, DAYS)[0], prices.minutes(MINUTES)
    return [
        *_rows(f"{DAYS:,} days", daily, Resolution.DAY, folder, Floors(15, None)),
        *_rows(f"{MINUTES:,} minutes", minutes, Resolution.MINUTE, folder, Floors(30, 500)),
    ]


def _rows(what: str, bars: Bars, resolution: Resolution, folder: Path, floors: Floors) -> list[Row]:
    path = prices.save([bars], folder / "sweep.npz")
    request, many = request_over(bars, resolution), len(COMBINATIONS)

    def ours() -> float:
        start = perf_counter()
        evaluated(request, bars)
        return perf_counter() - start

    def row(theirs: str, name: str, ways: tuple[str, ...], count: int, floor: float | None) -> Row:
        with ExitStack() as open_peers:
            peers = [open_peers.enter_context(Peer(name, way, path)) for way in ways]
            rounds = [
                [many / ours(), *(count / peer.run().seconds for peer in peers)]
                for _ in range(ROUNDS + 1)
            ]
        mine, *found = (list(rates) for rates in zip(*rounds[1:], strict=True))
        best = max(found, key=median)
        ratio = median(mine) / median(best)
        return Row(
            f"sweep of {many} over {what}, all metrics",
            f"{spread(mine)} combinations/s",
            f"{spread(best, ',.3g')}, {installed(name)}, {theirs}",
            f"x {ratio:,.3g}",
            "" if floor is None else f">= x {floor:g}",
            floor is None or ratio >= floor,
        )

    engines = ("numba", "rust")
    few = tuple(f"sweep {engine}" for engine in engines)
    more = tuple(f"sweep, more figures, {engine}" for engine in engines)
    return [
        row("three figures", "vectorbt", few, many, floors.vectorbt),
        row("nine figures", "vectorbt", more, many, None),
        row("its statistics", "backtesting", ("sweep",), FEW, floors.backtesting),
        row("no metric", "backtrader", ("sweep",), FEW, None),
    ]
