"""From a trial's parameters to what is to be simulated."""

from contextlib import suppress
from typing import NamedTuple

import msgspec

from domain.optimizations.applying import applied
from domain.optimizations.request import OptimizationRequest
from domain.optimizations.search_space import EXECUTION, SYMBOLS, Params
from domain.runs.request import BacktestRequest
from domain.strategies import registry
from domain.strategies.base import SignalStrategy
from domain.strategies.code import Code
from domain.strategies.kinds import Strategy


class Candidate(NamedTuple):
    """A trial: the normalised backtest that it is.

    ``strategy``: where there is one, it is used in place of the request's: a trusted one, which
    keeps nothing from run to run.
    """

    number: int
    params: Params
    request: BacktestRequest
    strategy: SignalStrategy | None = None


BUILT_IN = frozenset(registry.BUILT_IN.values())


class Candidates:
    """Makes candidates of the trials of a sweep.

    ``trade_together``: whether their strategy gives all its weights at once and is not asked
    anything else, so that many of them can be simulated in one call.
    """

    def __init__(self, request: OptimizationRequest, code: Code | None) -> None:
        self._base = request.base_backtest
        self._code = code
        names = [parameter.name for parameter in request.search_space.parameters]
        kind = registry.find(self._base.strategy.name, code)
        self.trade_together = issubclass(kind, SignalStrategy) and not _explains_itself(kind)
        self._trusted: type[SignalStrategy] | None = None
        if issubclass(kind, SignalStrategy) and self.trade_together and kind in BUILT_IN:
            self._trusted = kind
        self._varies_strategy_alone = not any(
            name == SYMBOLS or name.startswith(EXECUTION) for name in names
        )

    @property
    def are_trusted(self) -> bool:
        """Whether their weights are known never to look ahead: a built-in signal strategy's."""
        return self._trusted is not None

    def of(self, number: int, params: Params) -> Candidate:
        """Raises ``InvalidRequest`` where the backtest or its strategy refuses the parameters."""
        if self._trusted is not None and self._varies_strategy_alone:
            # Its request differs from the base only in parameters that are in the strategy already.
            with suppress(msgspec.ValidationError):  # said better below
                strategy = msgspec.convert(self._base.strategy.params | params, self._trusted)
                return Candidate(number, params, self._base, strategy)
        return Candidate(number, params, applied(self._base, params, self._code))

    def fresh(self, candidate: Candidate) -> Strategy:
        """A strategy that has seen nothing yet; a user's own comes of newly executed code."""
        if candidate.strategy is not None:
            return candidate.strategy
        wanted = candidate.request.strategy
        return registry.create(wanted.name, wanted.params, self._code)


def _explains_itself(kind: type[SignalStrategy]) -> bool:
    # It has to be asked about its orders, and may fail.
    return kind.explain is not SignalStrategy.explain
