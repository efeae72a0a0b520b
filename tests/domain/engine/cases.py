"""Random cases: symbols with holes, late starts, early ends, wild prices, any cost and account."""

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from domain.market.actions import Actions
from domain.market.bars import Bars
from tests.domain.engine.building import Outcome, actions, bars, run_script
from tests.domain.engine.reference import Settings

CAPITAL = 10_000.0
TARGETS = (None, None, 0.0, 0.0, 0.1, 0.25, 0.5, 0.5, 1.0, 1.5, -0.5)


class Case(NamedTuple):
    data: list[Bars]
    weights: list[list[float | None]]
    settings: Settings
    rebalance: str
    actions: list[Actions]

    def run(self) -> Outcome:
        return run_script(
            self.data,
            self.weights,
            capital=CAPITAL,
            rebalance=self.rebalance,
            actions=self.actions,
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
    allow_short=st.just(False),
    max_leverage=st.just(1.0),
    borrow_bps=st.just(0.0),
)


MARGIN_SETTINGS = st.builds(
    lambda settings, **margin: settings._replace(**margin),
    SETTINGS,
    allow_short=st.booleans(),
    max_leverage=st.sampled_from([1.0, 1.5, 3.0]),
    borrow_bps=st.sampled_from([0.0, 300.0, 9_000.0]),
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A cash account and no corporate actions."""
    return _case(draw, draw(SETTINGS), 0.0)


@st.composite
def eventful_cases(draw: st.DrawFn) -> Case:
    """Any account, and splits and dividends now and then."""
    return _case(draw, draw(st.one_of(SETTINGS, MARGIN_SETTINGS)), 0.1)


def _case(draw: st.DrawFn, settings: Settings, acting: float) -> Case:
    days = draw(st.integers(1, 40))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    data, weights, acted = [], [], []
    for symbol in "ABC"[: draw(st.integers(1, 3))]:
        presence = draw(st.sampled_from([1.0, 0.9, 0.5]))
        at = np.flatnonzero(random.random(days) < presence)
        if len(at) == 0:
            at = np.array([int(random.integers(days))])
        prices = np.exp(np.cumsum(random.normal(0, 0.1, (len(at), 2)), axis=0)) * 20
        volume = random.integers(0, 2_000, len(at))
        data.append(bars(symbol, *np.round(prices, 2).T, at=at, volume=volume))  # type: ignore[arg-type]  # arrays are sequences
        weights.append([TARGETS[int(pick)] for pick in random.integers(len(TARGETS), size=len(at))])
        ex_days = np.flatnonzero(random.random(days) < acting)
        acted.append(actions(symbol, *((int(day), *_action(random)) for day in ex_days)))
    rebalance = draw(st.sampled_from(["on_change", "on_change", "daily", "weekly", "monthly"]))
    return Case(data, weights, settings, rebalance, acted)


def _action(random: np.random.Generator) -> tuple[float, float]:
    return float(random.choice([1.0, 2.0, 1.5, 0.1])), float(random.choice([0.0, 0.25, 3.0]))
