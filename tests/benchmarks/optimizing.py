"""Sweeps through a warm service, every trial an event in the log: fast, flat, responsive."""

import json
import tempfile
from collections import deque
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, sleep
from typing import Any

import msgspec

from domain.market.resolution import Resolution
from service.market_data.catalog import Catalog
from tests.benchmarks.frames import text_frames
from tests.benchmarks.peers import prices
from tests.benchmarks.processes import Serving, resident_memory, service
from tests.benchmarks.sweep import DAYS, MINUTES, request_over
from tests.benchmarks.table import Row, spread

SWEEPS_WARM, SWEEPS = 5, 25
CEILING_MILLISECONDS = 107.0  # the same grid in one process of vectorbt
TRIALS = 10_000
STATUS_MILLISECONDS_MAX = 5.0
MEMORY_CHANGE_MAX = 0.10
ENGINES_RATIO_MIN = 1.7
LONG_TRIALS = 2_500
MANY: dict[str, Any] = {
    "search_space": {
        "parameters": [
            {"name": "short_period", "kind": "int_range", "low": 2, "high": 101},
            {"name": "long_period", "kind": "int_range", "low": 102, "high": 201},
        ]
    },
    "max_trials": TRIALS,
}

LONG: dict[str, Any] = {
    "search_space": {
        "parameters": [
            {"name": "short_period", "kind": "int_range", "low": 2, "high": 51},
            {"name": "long_period", "kind": "int_range", "low": 102, "high": 151},
        ]
    },
    "max_trials": LONG_TRIALS,
}


def rows() -> list[Row]:
    """The grid of the peers, over and over; ten thousand trials; then long ones, on two and one."""
    bars = prices.days(1, DAYS)[0]
    minutes = prices.minutes(MINUTES)
    grid = msgspec.to_builtins(request_over(bars, Resolution.DAY))
    long = msgspec.to_builtins(request_over(minutes, Resolution.MINUTE))
    with tempfile.TemporaryDirectory() as folder:
        market = Catalog(Path(folder, "market"))
        market.write(bars, Resolution.DAY)
        market.write(minutes, Resolution.MINUTE)
        with service(Path(folder), engines=2) as serving:
            seconds = [_to_results(serving, grid) for _ in range(SWEEPS_WARM + SWEEPS)]
            watched = _watched(serving, grid | MANY)
            two = [_to_completed(serving, long | LONG) for _ in range(4)][1:]
        with service(Path(folder), engines=1) as serving:
            one = [_to_completed(serving, long | LONG) for _ in range(4)][1:]
    milliseconds = [each * 1e3 for each in seconds[SWEEPS_WARM:]]
    ratio = median(one) / median(two)
    return [
        Row(
            f"POST to results, 200 trials on {DAYS:,} daily bars, 2 engines",
            f"{spread(milliseconds, '.0f')} ms",
            "",
            "",
            f"< {CEILING_MILLISECONDS:.0f} ms",
            median(milliseconds) < CEILING_MILLISECONDS,
        ),
        *watched,
        Row(
            f"{LONG_TRIALS:,} trials on {MINUTES:,} minutes, 2 engines against 1",
            f"{spread(two, '.2f')} s",
            f"{spread(one, '.2f')} s",
            f"{ratio:.2f} x",
            f"≥ {ENGINES_RATIO_MIN} x",
            ratio >= ENGINES_RATIO_MIN,
        ),
    ]


def _watched(serving: Serving, request: dict[str, Any]) -> list[Row]:
    before = resident_memory(serving.pid)
    memory, milliseconds = [before], []
    path, state = f"/optimizations/{_post(serving, request)}", "pending"
    with closing(HTTPConnection(serving.host, serving.port)) as connection:
        while state in ("pending", "running"):
            start = perf_counter()
            state = _get(connection, path)["state"]
            milliseconds.append((perf_counter() - start) * 1e3)
            memory.append(resident_memory(serving.pid))
            sleep(0.005)
    change = max(abs(each / before - 1) for each in memory)
    slow = quantiles(milliseconds, n=20)[-1]
    return [
        Row(
            f"status read during {TRIALS:,} trials",
            f"{spread(milliseconds, '.1f')} ms, p95 {slow:.1f} ms",
            "",
            "",
            f"< {STATUS_MILLISECONDS_MAX:.0f} ms",
            slow < STATUS_MILLISECONDS_MAX,
        ),
        Row(
            f"memory of the service during {TRIALS:,} trials",
            f"{min(memory):.0f} to {max(memory):.0f} MiB",
            f"{before:.0f} MiB before",
            "",
            f"± {MEMORY_CHANGE_MAX:.0%}",
            change <= MEMORY_CHANGE_MAX,
        ),
    ]


def _to_results(serving: Serving, request: dict[str, Any]) -> float:
    start = perf_counter()
    its_id = _post(serving, request)
    _follow(serving, its_id)
    with closing(HTTPConnection(serving.host, serving.port)) as connection:
        _get(connection, f"/optimizations/{its_id}/results")
    return perf_counter() - start


def _to_completed(serving: Serving, request: dict[str, Any]) -> float:
    start = perf_counter()
    _follow(serving, _post(serving, request))
    return perf_counter() - start


def _follow(serving: Serving, its_id: str) -> None:
    path = f"/optimizations/{its_id}/stream?types=state"
    (last,) = deque(text_frames(serving, path), maxlen=1)
    assert b'"state":"completed"' in last, last


def _post(serving: Serving, request: dict[str, Any]) -> str:
    with closing(HTTPConnection(serving.host, serving.port)) as connection:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/optimizations", json.dumps(request), headers)
        status = json.loads(connection.getresponse().read())
        return str(status["optimization_id"])


def _get(connection: HTTPConnection, path: str) -> dict[str, Any]:
    connection.request("GET", path)
    document: dict[str, Any] = msgspec.json.decode(connection.getresponse().read())
    return document
