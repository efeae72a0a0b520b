"""What a request may leave out, and what lies just within its bounds."""

import pytest

from tests.domain.runs.making import DEFAULTS
from tests.service.api.running import SHORT, Document, Service


async def accepted(service: Service, change: Document) -> Document:
    """The normalised form of a request that runs to its end."""
    run_id = await service.completed(SHORT | change)
    request: Document = (await service.frames(run_id))[0]["payload"]["request"]
    return request


async def test_what_is_left_out_takes_its_documented_default(service: Service) -> None:
    assert await accepted(service, {}) == {
        "symbols": ["AAPL"],
        "start_date": "2010-01-01T00:00:00+00:00",
        "end_date": "2011-01-01T00:00:00+00:00",
        **DEFAULTS,
    }


async def test_naive_dates_are_read_in_the_timezone(service: Service) -> None:
    change = {"start_date": "2010-07-01", "timezone": "America/New_York"}
    request = await accepted(service, change)
    assert request["start_date"] == "2010-07-01T04:00:00+00:00"
    assert request["end_date"] == "2011-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    "change",
    [
        {"initial_capital": 1e12},
        {"initial_capital": 1e-9},
        {"currency": "USDTX"},
        {"execution": {"slippage_bps": 9_999.0, "commission_bps": 9_999}},
        {"execution": {"latency_ms": 31_536_000_000}},
        {"execution": {"max_volume_participation": 1, "lot_size": 100}},
        {"execution": {"allow_short": True, "max_leverage": 100, "borrow_bps": 9_999}},
        {"execution": {"warmup_bars": 100_000}},
        {"benchmark_symbol": "AAPL", "name": "x" * 256, "tags": {"k": "v"}},
        {"symbols": ["A" * 32, "a.b_c-d/e:f=G"], "data_source": "synthetic"},
        {"symbols": [f"S{number}" for number in range(100)], "data_source": "sample"},
        {"strategy": {"name": "ma_crossover", "params": {"long_period": 10_000}}},
    ],
)
async def test_what_lies_within_the_bounds_runs(service: Service, change: Document) -> None:
    request = await accepted(service, change)
    assert request["symbols"] == change.get("symbols", SHORT["symbols"])
