"""A whole run, and what the compiler had to do for it: ``python -m tests.domain.engine.one_run``.

Prints, as JSON, the SHA-256 over the bytes of every event, how many compiled functions came from
the cache and how many did not, and whether all that a compiler needs was loaded.
"""

import json
import sys
from typing import Any

import numpy as np

from domain.compiled import Compiled
from domain.market.bars import COLUMNS, Bars
from domain.market.resolution import Resolution
from domain.market.synthetic import synthetic_bars
from domain.runs.events import Digest
from tests.domain.engine.building import MONDAY, run


def holed(symbol: str, keep: float) -> Bars:
    """A few thousand hours, some of them missing."""
    made = synthetic_bars(symbol, Resolution.HOUR, MONDAY, MONDAY + 200 * 86_400_000_000)
    kept = np.random.default_rng(len(symbol)).random(len(made)) < keep
    return Bars(symbol, *(np.ascontiguousarray(getattr(made, name)[kept]) for name in COLUMNS))


def dispatchers() -> list[Any]:
    """The dispatcher of every compiled function of the domain that is imported."""
    found = {
        id(value): value.dispatcher
        for name, module in list(sys.modules.items())
        if name.startswith("domain.")
        for value in vars(module).values()
        if isinstance(value, Compiled)
    }
    return list(found.values())


def main() -> None:
    outcome = run(
        [holed("A", 0.9), holed("BB", 0.5), holed("CCC", 1.0)],
        "ma_crossover",
        benchmark=holed("DDDD", 0.7),
        benchmark_symbol="DDDD",
        warnings=["a warning"],
        resolution=Resolution.HOUR,
        timezone="America/New_York",
        capital=1e6,
        commission_bps=1,
        max_volume_participation=0.01,
        rebalance="weekly",
    )
    digest = Digest()
    digest.add(outcome.events)
    stats = [dispatcher.stats for dispatcher in dispatchers()]
    print(
        json.dumps(
            {
                "sha256": digest.hexdigest(),
                "fills": len(outcome.fills),
                "cached": sum(sum(each.cache_hits.values()) for each in stats),
                "compiled": sum(sum(each.cache_misses.values()) for each in stats),
                "compiler": "numba.np.linalg" in sys.modules,
            }
        )
    )


if __name__ == "__main__":
    main()
