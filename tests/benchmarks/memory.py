"""What five million bars need: memory of the engine and of the service, and time."""

import tempfile
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter

from domain.market.synthetic import SYNTHETIC_BARS_MAX
from tests.benchmarks.completion import follow, post
from tests.benchmarks.processes import Serving, peak_memory, service
from tests.benchmarks.table import Row

ENGINE_MEBIBYTES_MAX = 1536
SERVICE_MEBIBYTES_MAX = 400
READ_BYTES = 1 << 20
REQUEST = {
    "symbols": ["BTC/USDT"],
    "start_date": "2015-01-01T00:00:00Z",
    "end_date": "2024-07-04T05:19:00Z",
    "resolution": "minute",
    "strategy": {"name": "ma_crossover"},
    "data_source": "synthetic",
}


def rows() -> list[Row]:
    """Run once, whole, then read the results as a stream."""
    if not Path("/proc/self/status").exists():
        return [Row("memory for 5,000,000 bars: needs Linux's /proc", "", "", "", "", True)]
    with tempfile.TemporaryDirectory() as folder, service(Path(folder), engines=1) as serving:
        (engine,) = serving.children()
        start = perf_counter()
        run_id = post(serving, REQUEST)
        follow(serving, run_id)
        seconds = perf_counter() - start
        engine_peak, service_peak = peak_memory(engine), peak_memory(serving.pid)
        log = sum(file.stat().st_size for file in Path(folder).glob("log.db*"))
        start = perf_counter()
        length = _read_results(serving, run_id)
        reading = perf_counter() - start
        reading_peak = peak_memory(serving.pid)
    what = f"{SYNTHETIC_BARS_MAX:,} one-minute bars"
    return [
        Row(
            f"{what}, POST to completed",
            f"{seconds:.1f} s, log {log >> 20} MiB",
            "",
            "",
            "",
            True,
        ),
        _peak(f"{what}: peak memory of the engine", engine_peak, ENGINE_MEBIBYTES_MAX),
        _peak(f"{what}: peak memory of the service", service_peak, SERVICE_MEBIBYTES_MAX),
        Row(
            f"{what}: GET results, {length >> 20} MiB of JSON",
            f"{reading:.1f} s, service's peak {reading_peak:.0f} MiB",
            "",
            "",
            "",
            True,
        ),
    ]


def _peak(what: str, mebibytes: float, ceiling: int) -> Row:
    limit = f"<= {ceiling:,} MiB"
    return Row(what, f"{mebibytes:,.0f} MiB", "", "", limit, mebibytes <= ceiling)


def _read_results(serving: Serving, run_id: str) -> int:
    length = 0
    with closing(HTTPConnection(serving.host, serving.port)) as connection:
        connection.request("GET", f"/backtests/{run_id}/results")
        response = connection.getresponse()
        assert response.status == 200, response.status
        while chunk := response.read(READ_BYTES):
            length += len(chunk)
    return length
