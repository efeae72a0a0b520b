"""The look-ahead detector: change the future, and see whether the past changes with it.

Everything after a moment is replaced, the run is simulated again, and every event up to the moment
must be what it was. Moments are drawn from a seed, half of them from those at which the run placed
an order, since a decision is where knowledge of the future shows. Each is tried with prices that
rise, with prices that fall, and with an early end: data that ends one bar later, which comes later
than it came, so that neither the number of the bars to come nor their times are known.
"""

from typing import NamedTuple

import numpy as np
import polars as pl

from domain.engine import tape
from domain.engine.leaks import Future, Leak, Report
from domain.engine.other_futures import Data, with_an_early_end, with_other_prices
from domain.engine.recordings import Recording, first_change, read
from domain.engine.simulate import simulate
from domain.errors import StrategyFailed
from domain.market.bars import Times
from domain.market.moments import iso
from domain.runs.manifest import Manifest
from domain.strategies.code import Code

__all__ = ["Data", "Leak", "Report", "search"]

# With an early end other rows are the last of their tick or day.
_OF_TICKS_AND_DAYS = {"contributions", "exposures", "benchmark"}
_TABLES: dict[Future, list[str]] = {
    "prices": list(tape.TABLES),
    "end": [name for name in tape.TABLES if name not in _OF_TICKS_AND_DAYS],
}
# Libraries may sum in another order where there are fewer numbers.
_TOLERANCE: dict[Future, float] = {"prices": 0.0, "end": 1e-9}


def search(manifest: Manifest, data: Data, code: Code | None, *, moments: int, seed: int) -> Report:
    """Look for look-ahead at up to ``moments`` moments, in three times as many simulations and two.

    Raises ``StrategyFailed`` where the strategy fails on the data as it is.
    """
    record = list(simulate(manifest, *data, code=code))
    if record != list(simulate(manifest, *data, code=code)):
        return Report(clean=False, moments=[], seed=seed, deterministic=False, leaks=[], notes=[])
    detector = _Detector(manifest, data, code, read(record))
    random = np.random.Generator(np.random.PCG64(seed))
    tried: list[str] = []
    leaks: list[Leak] = []
    notes: list[str] = []
    for moment in map(int, _moments(detector.record, moments, random)):
        leak = None
        try:
            leak = detector.with_other_prices(moment, random)
            tried.append(iso(moment))
            leak = leak or detector.with_an_early_end(moment, random)
        except StrategyFailed as error:
            notes.append(f"{iso(moment)}: in another future {error}")
        if leak is not None:
            leaks.append(leak)
    clean = bool(tried) and not leaks
    return Report(
        clean=clean, moments=tried, seed=seed, deterministic=True, leaks=leaks, notes=notes
    )


class _Detector(NamedTuple):
    manifest: Manifest
    data: Data
    code: Code | None
    record: Recording

    def with_other_prices(self, moment: int, random: np.random.Generator) -> Leak | None:
        for direction in (1.0, -1.0):
            other = with_other_prices(self.data, moment, direction, random)
            leak = self._compare("prices", other, moment)
            if leak is not None:
                return leak
        return None

    def with_an_early_end(self, moment: int, random: np.random.Generator) -> Leak | None:
        return self._compare("end", with_an_early_end(self.data, moment, random), moment)

    def _compare(self, future: Future, other: Data, moment: int) -> Leak | None:
        became = read(simulate(self.manifest, *other, code=self.code), until=moment)
        tables, tolerance = _TABLES[future], _TOLERANCE[future]
        change = first_change(self.record, became, moment, tables, tolerance)
        if change is None:
            return None
        event_id = self.record.event_at(change.bar)
        return Leak(iso(moment), future, iso(change.bar), event_id, *change[1:])


def _moments(record: Recording, count: int, random: np.random.Generator) -> Times:
    orders = record.tables["orders"]
    submitted = orders.filter(pl.col("status") == "submitted")
    # Not the last: something must come after.
    possible = record.moments[:-1]
    decided = np.intersect1d(submitted["timestamp"].cast(pl.Int64).to_numpy(), possible)
    half = random.choice(decided, min(len(decided), count // 2), replace=False)
    others = np.setdiff1d(possible, half)
    rest = random.choice(others, min(len(others), count - len(half)), replace=False)
    return np.sort(np.concatenate([half, rest]))
