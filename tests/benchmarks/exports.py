"""The equity of half a million bars in each form: how fast it comes, and in how much memory."""

import tempfile
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter

from service.parts.forms import FORMS
from tests.benchmarks.completion import follow, post
from tests.benchmarks.processes import Serving, peak_memory, resident_memory, service
from tests.benchmarks.table import Row

EXTRA_MEBIBYTES_MAX = 64
READ_BYTES = 1 << 20
ROWS = 500_000
REQUEST = {
    "symbols": ["BTC/USDT"],
    "start_date": "2020-01-01T00:00:00Z",
    "end_date": "2020-12-13T05:19:00Z",
    "resolution": "minute",
    "strategy": {"name": "ma_crossover"},
    "data_source": "synthetic",
}
GZIP = {"Accept-Encoding": "gzip"}


def rows() -> list[Row]:
    """Run once, then read the equity in every form, and twice compressed on the way."""
    if not Path("/proc/self/clear_refs").exists():
        return [Row("memory of exports: needs Linux's /proc", "", "", "", "", True)]
    with tempfile.TemporaryDirectory() as folder, service(Path(folder), engines=1) as serving:
        run_id = post(serving, REQUEST)
        follow(serving, run_id)
        path = f"/backtests/{run_id}/results/equity?"
        return [
            *(_exported(serving, f"{path}format={form}", form, {}) for form in FORMS),
            _exported(serving, f"{path}format=csv", "csv, gzip", GZIP),
            _exported(serving, f"{path}max_points=1000", "json, 1,000 points", {}),
        ]


def _exported(serving: Serving, path: str, what: str, headers: dict[str, str]) -> Row:
    Path("/proc", str(serving.pid), "clear_refs").write_text("5")  # the peak begins anew
    before, start, length = resident_memory(serving.pid), perf_counter(), 0
    with closing(HTTPConnection(serving.host, serving.port)) as connection:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        assert response.status == 200, response.status
        assert response.headers["X-Total-Count"] == str(ROWS)
        while chunk := response.read(READ_BYTES):
            length += len(chunk)
    seconds, extra = perf_counter() - start, peak_memory(serving.pid) - before
    return Row(
        f"equity of {ROWS:,} bars as {what}: {length / 2**20:,.1f} MiB",
        f"{seconds:.2f} s, {extra:.0f} MiB more memory",
        "",
        "",
        f"<= {EXTRA_MEBIBYTES_MAX} MiB",
        extra <= EXTRA_MEBIBYTES_MAX,
    )
