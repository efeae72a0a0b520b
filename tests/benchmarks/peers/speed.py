"""Bars per second, warm, by turns: the same strategy on the same prices in everyone's idiom."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import NamedTuple

from domain.market.bars import Bars
from tests.benchmarks.peers import ours, prices
from tests.benchmarks.peers.environments import installed
from tests.benchmarks.peers.peer import Peer, Timed
from tests.benchmarks.table import Row, spread

BARS, BARS_OF_SLOW_PEERS = 500_000, 50_000
SYMBOLS, DAYS = 100, 2_520
ROUNDS = 7


class Side(NamedTuple):
    """One side of a comparison: how to run it once, and over how many bars."""

    name: str
    run: Callable[[], Timed]
    bars: int


def rows(folder: Path) -> list[Row]:
    """Signals over one symbol and over many, then events."""
    one, many = [prices.minutes(BARS)], prices.days(SYMBOLS, DAYS)
    return [*_signals(one, folder), *_many_symbols(many, folder), *_events(one, folder)]


def _signals(bars: Sequence[Bars], folder: Path) -> list[Row]:
    path = prices.save(bars, folder / "one.npz")
    what = f"{BARS:,} bars, signal strategy"
    with ExitStack() as peers:
        built_in, polars, whole, *others = _measured(
            Side("kernel", lambda: ours.kernel_timed(ours.CROSSOVER, bars), BARS),
            Side("polars", lambda: ours.kernel_timed(ours.InPolars(), bars), BARS),
            Side("with tables", lambda: ours.timed(ours.CROSSOVER, bars), BARS),
            *(_peer(peers, "vectorbt", way, path, BARS) for way in ("numba", "rust")),
        )
    return [
        *_beside(f"{what}, signals and kernel", built_in, others, 12),
        *_beside(f"{what} in polars, signals and kernel", polars, others, 6),
        *_beside(f"{what}, and the tape's tables", whole, others, None),
    ]


def _many_symbols(bars: Sequence[Bars], folder: Path) -> list[Row]:
    path, count = prices.save(bars, folder / "many.npz"), SYMBOLS * DAYS
    with ExitStack() as peers:
        mine, *others = _measured(
            Side("kernel", lambda: ours.kernel_timed(ours.CROSSOVER, bars), count),
            *(_peer(peers, "vectorbt", f"targets {way}", path, count) for way in ("numba", "rust")),
        )
    return list(_beside(f"{SYMBOLS} symbols x {DAYS:,} days, shared cash", mine, others, 6))


def _events(bars: Sequence[Bars], folder: Path) -> list[Row]:
    path = prices.save(bars, folder / "one.npz")
    short = [bars[0].between(0, int(bars[0].timestamp[BARS_OF_SLOW_PEERS - 1]))]
    short_path = prices.save(short, folder / "short.npz")
    with ExitStack() as peers:
        mine, *others = _measured(
            Side("event", lambda: ours.timed(ours.BarByBar(), bars), BARS),
            _peer(peers, "backtesting", "strategy", path, BARS),
            rounds=3,
        )
        slow = _measured(
            *(
                _peer(peers, name, way, short_path, BARS_OF_SLOW_PEERS)
                for name, way in (
                    ("bt", "algos"),
                    ("backtrader", "cerebro"),
                    ("nautilus_trader", "exchange"),
                )
            ),
            rounds=2,
        )
    what = f"{BARS:,} bars, event strategy in Python"
    floors = {"backtesting": 3, "backtrader": 30}
    return [
        row
        for other in (*others, *slow)
        for row in _beside(what, mine, [other], floors.get(other[0].split(",")[0]))
    ]


def _peer(peers: ExitStack, name: str, way: str, path: Path, bars: int) -> Side:
    peer = peers.enter_context(Peer(name, way, path))
    return Side(peer.name, lambda: peer.run(), bars)


def _measured(*sides: Side, rounds: int = ROUNDS) -> list[tuple[str, list[float]]]:
    """Each side's million bars per second, round by round, after one to warm up."""
    rates: list[tuple[str, list[float]]] = [(side.name, []) for side in sides]
    for number in range(rounds + 1):
        for side, (_, found) in zip(sides, rates, strict=True):
            rate = side.bars / side.run().seconds / 1e6
            if number:
                found.append(rate)
    return rates


def _beside(
    what: str,
    mine: tuple[str, list[float]],
    others: Sequence[tuple[str, list[float]]],
    floor: float | None,
) -> list[Row]:
    name, theirs = max(others, key=lambda other: median(other[1]))
    ratio = median(mine[1]) / median(theirs)
    peer, _, way = name.partition(", ")
    return [
        Row(
            what,
            f"{spread(mine[1], '.3g')} million bars/s",
            f"{spread(theirs, '.3g')}, {installed(peer)} ({way})",
            f"x {ratio:.3g}",
            "" if floor is None else f">= x {floor:g}",
            floor is None or ratio >= floor,
        )
    ]
