"""The manifest of a sweep: with what code, over which data and ranges its trials are evaluated."""

from collections.abc import Sequence
from importlib.metadata import version

import msgspec

from domain.optimizations.request import SamplerName
from domain.optimizations.windows import Window
from domain.runs.manifest import Dataset, Manifest

SAMPLER_LIBRARIES: dict[SamplerName, tuple[str, ...]] = {
    "grid": (),
    "random": ("optuna",),
    "bayesian": ("optuna",),
    "cma_es": ("optuna", "cmaes"),
}


class SweepManifest(msgspec.Struct, frozen=True):
    """Everything beside the request that decides a sweep's trials.

    ``data``: of every symbol that a trial may name; ``windows``: days since 1970-01-01, see
    ``Window``, none without validation. Otherwise as ``Manifest``.
    """

    engine: str
    python: str
    libraries: dict[str, str]
    strategy_sha256: str | None
    data: list[Dataset]
    benchmark: Dataset | None
    periods_per_year: int
    warnings: list[str]
    windows: list[Window]


def describe(manifest: Manifest, sampler: SamplerName, windows: Sequence[Window]) -> SweepManifest:
    """Write a sweep's manifest from that of the backtest over all of its data."""
    libraries = {library: version(library) for library in SAMPLER_LIBRARIES[sampler]}
    return SweepManifest(
        engine=manifest.engine,
        python=manifest.python,
        libraries=manifest.libraries | libraries,
        strategy_sha256=manifest.strategy_sha256,
        data=manifest.data,
        benchmark=manifest.benchmark,
        periods_per_year=manifest.periods_per_year,
        warnings=manifest.warnings,
        windows=list(windows),
    )
