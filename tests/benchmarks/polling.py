"""What clients that poll get: status, 304 and results beside a bare route; and while runs execute.

Everything is on that may be: keys, rate limit, CORS and the access log, which goes to a file.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from statistics import median
from typing import Any

from service.market_data.catalog import Catalog
from service.market_data.sample import import_sample
from tests.benchmarks.completion import REQUEST, follow, post
from tests.benchmarks.processes import Serving, running, service
from tests.benchmarks.table import Row, spread
from tests.benchmarks.wrk import CONNECTIONS, MISSING, Load, load

ROUNDS = 5
STATUS_FLOOR, UNMODIFIED_FLOOR, RESULTS_FLOOR = 0.50, 0.60, 0.40
RUNS_AT_ONCE, RUNS = 8, 100
TAIL_RATIO_MAX = 10.0
KEY = {"X-API-Key": "the-key-of-the-benchmark"}
LONG_REQUEST: dict[str, Any] = {
    "symbols": ["BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT"],
    "start_date": "2015-01-01T00:00:00Z",
    "end_date": "2015-08-01T00:00:00Z",
    "resolution": "minute",
    "strategy": {"name": "risk_parity"},
    "data_source": "synthetic",
}


def rows() -> list[Row]:
    """Measure by turns with the yardstick, so that both see the same machine."""
    if MISSING:
        return [Row(f"requests beside a bare route: {MISSING}", "", "", "", "", True)]
    return [*_beside_a_bare_route(), _while_runs_execute()]


@contextmanager
def polled(folder: Path, engines: int) -> Iterator[Serving]:
    """A service with all that a request may have to pass."""
    with service(
        folder,
        engines,
        log=folder / "access.log",
        BACKTAPE_API_KEY=f"another,{KEY['X-API-Key']}",
        BACKTAPE_CORS_ORIGINS="https://pages.example",
        BACKTAPE_RATE_WINDOW="1",
        BACKTAPE_LOG_LEVEL="info",
    ) as serving:
        yield serving


def completed(serving: Serving, request: dict[str, Any]) -> str:
    """Run a backtest to its end and give its path."""
    run_id = post(serving, request, **KEY)
    follow(serving, run_id, KEY["X-API-Key"])
    return f"/backtests/{run_id}"


def _beside_a_bare_route() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as servers:
        import_sample(Catalog(Path(folder, "market")))
        serving = servers.enter_context(polled(Path(folder), engines=1))
        status = completed(serving, REQUEST)
        unmodified = {**KEY, "If-None-Match": answer(serving, status, KEY)[0].headers["ETag"]}
        assert answer(serving, status, unmodified)[0].status == 304
        results = f"{status}/results"
        size = len(answer(serving, results, KEY)[1])
        bare = servers.enter_context(running("tests.benchmarks.bare_route", str(size)))
        rounds = [
            (
                load(bare, status),
                load(serving, status, KEY),
                load(serving, status, unmodified),
                load(bare, "/bytes"),
                load(serving, results, KEY),
            )
            for _ in range(ROUNDS + 1)
        ][1:]  # the first one warms up
    bares, statuses, unmodifieds, constants, documents = zip(*rounds, strict=True)
    what = f"GET /backtests/{{id}}, {CONNECTIONS} connections, all middleware and the access log"
    return [
        _row(what, statuses, bares, "a bare Starlette JSON route", STATUS_FLOOR),
        _row(f"{what}, 304", unmodifieds, bares, "the same bare route", UNMODIFIED_FLOOR),
        _row(
            f"GET results of 3,270 bars, {size / (1 << 20):.2f} MiB, {CONNECTIONS} connections",
            documents,
            constants,
            "a bare route with a constant body of that size",
            RESULTS_FLOOR,
        ),
    ]


def _row(
    what: str, ours: tuple[Load, ...], theirs: tuple[Load, ...], yardstick: str, floor: float
) -> Row:
    share = median(one.rate / other.rate for one, other in zip(ours, theirs, strict=True))
    return Row(
        what,
        f"{spread([one.rate for one in ours])} requests/s",
        f"{spread([other.rate for other in theirs])}, {yardstick}",
        f"{share:.0%}",
        f">= {floor:.0%}",
        share >= floor,
    )


def _while_runs_execute() -> Row:
    with tempfile.TemporaryDirectory() as folder, polled(Path(folder), RUNS_AT_ONCE) as serving:
        status = completed(serving, LONG_REQUEST)
        idle = [load(serving, status, KEY) for _ in range(ROUNDS + 1)][1:]
        for _ in range(RUNS):
            post(serving, LONG_REQUEST, **KEY)
        busy = [load(serving, status, KEY) for _ in range(ROUNDS)]
        waiting = answer(serving, "/backtests?state=queued", KEY)[1]
        assert waiting != b"[]", "the runs ended before the measurement"
    ratio = median(each.p99 for each in busy) / median(each.p99 for each in idle)
    return Row(
        f"GET /backtests/{{id}} while {RUNS_AT_ONCE} runs execute on as many engines",
        _tail(busy),
        f"{_tail(idle)} while none does",
        f"{ratio:.1f}",
        f"<= {TAIL_RATIO_MAX:.0f}",
        ratio <= TAIL_RATIO_MAX,
    )


def _tail(loads: list[Load]) -> str:
    p99, rate = spread([each.p99 for each in loads], ".1f"), spread([each.rate for each in loads])
    return f"p99 {p99} ms, {rate} requests/s"


def answer(serving: Serving, path: str, headers: dict[str, str]) -> tuple[HTTPResponse, bytes]:
    """Ask once: the response, and its body."""
    with closing(HTTPConnection(serving.host, serving.port)) as connection:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response, response.read()
