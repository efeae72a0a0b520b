"""A curve in fewer points that looks the same when it is drawn."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from domain.market.bars import Floats

DRAWN = frozenset({"equity_curve", "benchmark_curve"})
POINTS_MIN = 10


def thinned(
    frames: Callable[[], Iterable[pl.DataFrame]], empty: pl.DataFrame, points_max: int
) -> pl.DataFrame:
    """At most ``points_max`` of a curve's points, as they are: those that show its shape.

    Chosen by MinMaxLTTB (Van Der Donckt et al. 2023, arXiv:2305.00332) over ``value``. The first
    point, the last, the lowest and the highest value and the deepest drawdown are always there.
    ``frames`` gives the curve from its start each time it is called; ``empty`` has no rows of it.
    """
    drawn = pl.concat([_drawn(empty), *map(_drawn, frames())])
    if len(drawn) <= points_max:
        return pl.concat([empty, *frames()])
    return pl.concat([empty, *_gathered(frames(), _chosen(drawn, points_max))])


def _chosen(drawn: pl.DataFrame, points_max: int) -> npt.NDArray[np.int64]:
    from tsdownsample import MinMaxLTTBDownsampler  # not needed to start the service

    moments = drawn["timestamp"].cast(pl.Int64).to_numpy()
    value: Floats = drawn["value"].to_numpy()
    kept = {0, len(drawn) - 1, int(value.argmin()), int(value.argmax())}
    if "drawdown" in drawn.columns:
        kept.add(int(drawn["drawdown"].to_numpy().argmax()))
    # The algorithm keeps them as candidates only.
    choose = MinMaxLTTBDownsampler().downsample  # type: ignore[no-untyped-call]
    between: npt.NDArray[np.uint64] = choose(moments, value, n_out=points_max - len(kept))
    return np.union1d(np.array(sorted(kept)), between.astype(np.int64))


def _drawn(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(pl.selectors.by_name("timestamp", "value", "drawdown", require_all=False))


def _gathered(
    frames: Iterable[pl.DataFrame], chosen: npt.NDArray[np.int64]
) -> Iterator[pl.DataFrame]:
    start = 0
    for frame in frames:
        first, last = np.searchsorted(chosen, [start, start + len(frame)])
        yield frame[chosen[first:last] - start]
        start += len(frame)
