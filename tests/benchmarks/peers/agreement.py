"""The same final equity as two engines that can be told our rules."""

from math import isclose
from pathlib import Path

import msgspec

from tests.benchmarks.peers import ours, prices
from tests.benchmarks.peers.environments import installed
from tests.benchmarks.peers.peer import Peer
from tests.benchmarks.table import Row

TOLERANCE = 1e-9


def rows(folder: Path) -> list[Row]:
    """One line for each pair of engines and prices."""
    half = msgspec.structs.replace(ours.CROSSOVER, position_size=0.5)
    found = []
    for what, bars in (
        ("AAPL, 3,270 days", [prices.sample()]),
        ("50,000 minutes", [prices.minutes(50_000)]),
        ("10 symbols x 2,520 days, shared cash", prices.days(10, 2_520)),
    ):
        path = prices.save(bars, folder / "agreement.npz")
        mine = ours.timed(ours.CROSSOVER, bars).equity
        ways = ("targets numba", "targets rust")
        found += [_row(what, mine, "vectorbt", way, path) for way in ways]
        if len(bars) == 1:
            whole = ours.timed(half, bars, lot_size=1.0).equity
            found.append(_row(what, whole, "backtesting", "whole shares", path))
    return found


def _row(what: str, mine: float, name: str, way: str, path: Path) -> Row:
    with Peer(name, way, path) as peer:
        theirs = peer.run().equity
    return Row(
        f"final equity, {what}",
        f"{mine:,.6f}",
        f"{theirs:,.6f}, {installed(name)} ({way})",
        f"{mine / theirs - 1:.1e} apart",
        f"<= {TOLERANCE:g}",
        isclose(mine, theirs, rel_tol=TOLERANCE),
    )
