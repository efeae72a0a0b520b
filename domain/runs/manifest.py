"""The manifest: with what code, parameters and data a run was simulated."""

import inspect
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from platform import python_version
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from domain.market.actions import Actions
from domain.market.bars import Bars
from domain.market.resolution import Resolution
from domain.market.sessions import session_days, trades_on_weekends
from domain.runs.request import BacktestRequest
from domain.strategies import registry
from domain.strategies.code import Code

Source: TypeAlias = Literal["catalog", "synthetic"]

LIBRARIES = ("numba", "numpy", "polars", "msgspec")


class Dataset(msgspec.Struct, frozen=True):
    """One symbol's bars: where they came from and their fingerprint.

    ``first`` and ``last``: timestamps of the outermost bars, microseconds UTC. ``sha256``: see
    ``Bars.sha256``. ``resampled_from`` names the finer resolution the bars were made of.
    ``warmup_bars``: so many of them, the first, are only seen by indicators, never traded on.
    ``actions``: how many splits and dividends took effect in that time; ``actions_sha256``: see
    ``Actions.sha256``, null if there were none.
    """

    symbol: str
    source: Source
    bars: int
    first: int
    last: int
    sha256: str
    resampled_from: Resolution | None = None
    warmup_bars: int = 0
    actions: int = 0
    actions_sha256: str | None = None


class Manifest(msgspec.Struct, frozen=True):
    """Everything that decides a run's events; the same manifest gives the same bytes.

    ``periods_per_year`` annualises daily figures: 252, or 365 where there are weekend sessions.
    ``strategy_sha256``: of the source of a strategy that is not built in, else null.
    """

    engine: str
    python: str
    libraries: dict[str, str]
    request: BacktestRequest
    strategy_sha256: str | None
    data: list[Dataset]
    benchmark: Dataset | None
    periods_per_year: int
    warnings: list[str]


class Provided(NamedTuple):
    """One symbol's bars for a run, where they came from, and its corporate actions meanwhile."""

    bars: Bars
    source: Source
    resampled_from: Resolution | None = None
    actions: Actions | None = None
    warmup_bars: int = 0

    def acting(self) -> Actions:
        """The corporate actions, or none."""
        return self.actions or Actions.none(self.bars.symbol)

    def held(self, request: BacktestRequest) -> Bars:
        """The bars, each close replaced by what one share of the start is worth by then.

        With splits, and dividends in cash (``Actions.value``): what a benchmark is compared by.
        """
        if not self.actions:
            return self.bars
        days = session_days(self.bars.timestamp, request.resolution, request.timezone)
        value = self.actions.value(days, self.bars.close)
        return msgspec.structs.replace(self.bars, close=value)


def describe(
    request: BacktestRequest,
    data: Sequence[Provided],
    benchmark: Provided | None,
    warnings: Sequence[str],
    code: Code | None = None,
) -> Manifest:
    """Write the manifest of a run over this data on this installation.

    ``code``: what defines the strategy, where it is neither built in nor only installed.
    """
    return Manifest(
        engine=_version("backtape"),
        python=python_version(),
        libraries={library: _version(library) for library in LIBRARIES},
        request=request,
        strategy_sha256=_source_sha256(request.strategy.name) if code is None else code.sha256,
        data=[_dataset(provided) for provided in data],
        benchmark=None if benchmark is None else _dataset(benchmark),
        periods_per_year=_periods_per_year(request, data),
        warnings=list(warnings),
    )


def _dataset(provided: Provided) -> Dataset:
    bars = provided.bars
    first, last = int(bars.timestamp[0]), int(bars.timestamp[-1])
    actions = provided.acting()
    return Dataset(
        bars.symbol,
        provided.source,
        len(bars),
        first,
        last,
        bars.sha256(),
        provided.resampled_from,
        provided.warmup_bars,
        actions=len(actions),
        actions_sha256=actions.sha256() if len(actions) else None,
    )


def _periods_per_year(request: BacktestRequest, data: Sequence[Provided]) -> int:
    weekends = any(
        trades_on_weekends(
            session_days(provided.bars.timestamp, request.resolution, request.timezone)
        )
        for provided in data
    )
    return 365 if weekends else 252


@cache
def _version(distribution: str) -> str:
    return version(distribution)


def _source_sha256(name: str) -> str | None:
    if name in registry.BUILT_IN:
        return None
    strategy = registry.find(name)
    source = inspect.getsource(inspect.getmodule(strategy) or strategy)
    return sha256(source.encode()).hexdigest()
