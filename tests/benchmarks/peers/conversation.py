"""How a peer is asked for runs: the side that imports it. Loads nothing but NumPy by itself.

Run as ``python -m tests.benchmarks.peers.with_NAME PRICES.npz WAY``: one run for each line on
standard input, answered with a line of JSON.
"""

import json
import sys
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

CAPITAL = 1e9  # 500,000 bars of crossings cost it nearly all, and some engines trade whole shares
COMMISSION = 5e-4
SHORT, LONG = 10, 30

Prices: TypeAlias = Mapping[str, npt.NDArray[np.float64]]
# What a run returns computes its final equity, off the clock.
Run: TypeAlias = Callable[[], Callable[[], float]]


def converse(ways: Mapping[str, Callable[[Prices], Run]]) -> None:
    """Answer until standard input ends, running one of the ``ways`` to use this peer."""
    path, way = sys.argv[1:]
    run = ways[way](dict(np.load(path)))
    for _ in sys.stdin:
        start = perf_counter()
        final_equity = run()
        seconds = perf_counter() - start
        print(json.dumps({"seconds": seconds, "equity": float(final_equity())}), flush=True)
