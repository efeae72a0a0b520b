"""Buy and hold on real prices equals three lines of arithmetic."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from domain.market.bars import Bars
from domain.runs.events import Measured
from tests.domain.engine.building import run

ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "service" / "market_data" / "sample" / "AAPL_day.parquet"
REAL = ROOT.parent / "shared" / "data" / "real" / "AAPL_day.parquet"


@pytest.mark.parametrize("path", [SAMPLE, REAL], ids=["sample", "real"])
def test_every_row_of_aapl(path: Path) -> None:
    if not path.exists():
        pytest.skip("the real prices are not part of the project")
    frame = pl.read_parquet(path)
    outcome = run([Bars.from_frame("AAPL", frame)], "buy_and_hold", capital=1e6)

    opens, closes = frame["open"].to_numpy(), frame["close"].to_numpy()
    shares = min(1e6 / closes[0], 1e6 / opens[1])
    equity = np.append(1e6, 1e6 + shares * (closes[1:] - opens[1]))

    assert len(outcome.account) == len(frame) > 3_000
    np.testing.assert_allclose(np.sum(outcome.account, axis=1), equity, rtol=1e-12)
    metrics = {each.name: each.value for each in outcome.decoded if isinstance(each, Measured)}
    assert metrics["total_return"] == pytest.approx(100 * (equity[-1] / 1e6 - 1), rel=1e-12)
    assert metrics["total_fills"] == 1
