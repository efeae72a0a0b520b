"""Who chooses the points to try: the grid, or a sampler of Optuna's, told what came of them."""

from collections.abc import Sequence
from itertools import islice
from typing import Protocol

from domain.optimizations.request import OptimizationRequest, grid_of
from domain.optimizations.search_space import Params


class Sampler(Protocol):
    """Chooses points in an order that the request and what it was told decide alone."""

    def ask(self, count: int) -> list[Params]:
        """Choose the next ``count`` points. Raises ``NothingSatisfies``."""
        ...

    def tell(self, values: Sequence[float | None]) -> None:
        """Say what came of the oldest points not told yet; ``None``: failed, or undefined."""
        ...


def create_sampler(request: OptimizationRequest) -> Sampler:
    """Make the sampler of a normalised request, before its first question."""
    if request.strategy == "grid":
        return GridSampler(request)
    # It takes a second to import, and the service has no use for it.
    from domain.optimizations.optuna_sampler import OptunaSampler

    return OptunaSampler(request)


class GridSampler:
    """Goes through the points of the grid, whatever it is told."""

    def __init__(self, request: OptimizationRequest) -> None:
        self._points = grid_of(request)

    def ask(self, count: int) -> list[Params]:
        """Give the next points; fewer at the end."""
        return list(islice(self._points, count))

    def tell(self, values: Sequence[float | None]) -> None:
        """Take no notice."""
