"""What there are lists of."""

import msgspec

from domain.optimizations.lifecycle import Optimization
from domain.runs.lifecycle import Run
from service import projections
from service.history import optimization_at_position, run_at_position
from service.lists.pages import Subject
from service.optimizations import projection as optimizations


def _state_of_run(run: Run) -> str:
    return run.state.value


def _state_of_optimization(optimization: Optimization) -> str:
    return optimization.state.value


RUNS = Subject(
    projections.TABLES,
    msgspec.json.Decoder(Run).decode,
    _state_of_run,
    run_at_position,
)
OPTIMIZATIONS = Subject(
    optimizations.TABLES,
    msgspec.json.Decoder(Optimization).decode,
    _state_of_optimization,
    optimization_at_position,
)
