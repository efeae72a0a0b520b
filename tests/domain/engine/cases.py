"""Random cases: symbols with holes, late starts and early ends, wild prices, every cost."""

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from domain.market.bars import Bars
from tests.domain.engine.building import Outcome, bars, run_script
from tests.domain.engine.reference import Settings

CAPITAL = 10_000.0
TARGETS = (None, None, 0.0, 0.0, 0.1, 0.25, 0.5, 0.5, 1.0, 1.5, -0.5)


class Case(NamedTuple):
    data: list[Bars]
    weights: list[list[float | None]]
    settings: Settings
    rebalance: str

    def run(self) -> Outcome:
        return run_script(
            self.data,
            self.weights,
            capital=CAPITAL,
            rebalance=self.rebalance,
            **self.settings._asdict(),
        )


SETTINGS = st.builds(
    Settings,
    slippage_bps=st.sampled_from([0.0, 3.7, 250.0]),
    commission_bps=st.sampled_from([0.0, 1.3, 900.0]),
    commission_per_share=st.sampled_from([0.0, 0.013, 4.0]),
    commission_minimum=st.sampled_from([0.0, 0.35, 700.0]),
    latency_ms=st.sampled_from([0.0, 0.0, 1.0, 1e8, 3e8]),
    lot_size=st.sampled_from([None, 0.1, 1.0, 7.0]),
    max_volume_participation=st.sampled_from([None, 0.01, 0.3, 1.0]),
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    days = draw(st.integers(1, 40))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    data, weights = [], []
    for symbol in "ABC"[: draw(st.integers(1, 3))]:
        presence = draw(st.sampled_from([1.0, 0.9, 0.5]))
        at = np.flatnonzero(random.random(days) < presence)
        if len(at) == 0:
            at = np.array([int(random.integers(days))])
        prices = np.exp(np.cumsum(random.normal(0, 0.1, (len(at), 2)), axis=0)) * 20
        volume = random.integers(0, 2_000, len(at))
        data.append(bars(symbol, *np.round(prices, 2).T, at=at, volume=volume))  # type: ignore[arg-type]  # arrays are sequences
        weights.append([TARGETS[int(pick)] for pick in random.integers(len(TARGETS), size=len(at))])
    rebalance = draw(st.sampled_from(["on_change", "on_change", "daily", "weekly", "monthly"]))
    return Case(data, weights, draw(SETTINGS), rebalance)
