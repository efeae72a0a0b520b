"""From ``POST /backtests`` to ``completed`` on the socket, as the client of a warm service."""

import json
import tempfile
from collections import deque
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any

from service.market_data.catalog import Catalog
from service.market_data.sample import import_sample
from tests.benchmarks.frames import text_frames
from tests.benchmarks.processes import Serving, service
from tests.benchmarks.table import Row, spread

RUNS_WARM, RUNS = 10, 60
CEILING_MILLISECONDS = 60.0
REQUEST = {
    "symbols": ["AAPL"],
    "start_date": "2000-03-01",
    "end_date": "2013-03-01",
    "strategy": {"name": "ma_crossover"},
    "execution": {"commission_bps": 5},
}


def rows() -> list[Row]:
    """Post the same backtest over and over; each run has a socket of its own."""
    with tempfile.TemporaryDirectory() as folder:
        import_sample(Catalog(Path(folder, "market")))
        with service(Path(folder), engines=1) as serving:
            seconds = [_completion(serving) for _ in range(RUNS_WARM + RUNS)][RUNS_WARM:]
    milliseconds = [each * 1e3 for each in seconds]
    slow = quantiles(milliseconds, n=20)[-1]
    return [
        Row(
            "POST to completed on the socket, 3,270 daily bars",
            f"{spread(milliseconds, '.1f')} ms, p95 {slow:.1f} ms",
            "",
            "",
            f"< {CEILING_MILLISECONDS:.0f} ms",
            median(milliseconds) < CEILING_MILLISECONDS,
        )
    ]


def post(serving: Serving, request: dict[str, Any], **headers: str) -> str:
    """Create a backtest and give its id."""
    with closing(HTTPConnection(serving.host, serving.port)) as connection:
        headers = {"Content-Type": "application/json", **headers}
        connection.request("POST", "/backtests", json.dumps(request), headers)
        response = connection.getresponse()
        status = json.load(response)
        assert response.status == 201, status
        return str(status["run_id"])


def follow(serving: Serving, run_id: str, key: str = "") -> bytes:
    """Follow a run to its last event and give that."""
    path = f"/backtests/{run_id}/stream?api_key={key}"
    (last,) = deque(text_frames(serving, path), maxlen=1)
    assert b'"state":"completed"' in last, last
    return last


def _completion(serving: Serving) -> float:
    start = perf_counter()
    follow(serving, post(serving, REQUEST))
    return perf_counter() - start
