"""Ten minutes of all that clients do at once: memory and file descriptors have to stay as they are.

Run ``python -m tests.benchmarks.soak SECONDS`` for another length. A run is made every second; its
status, its results, lists and metrics are asked for at a steady pace, whatever the answers take;
each socket follows the newest run to its end, then the next. An answer other than the expected one,
a gap in the events and a connection that breaks are errors.
"""

import sys
import tempfile
from collections import Counter
from itertools import cycle
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, sleep
from typing import Any

import anyio
import msgspec
import uvloop
from httpx2 import AsyncClient, HTTPError, Limits
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from service.market_data.catalog import Catalog
from service.market_data.sample import import_sample
from service.parts.parts import INDEXES_KEPT_MAX
from tests.benchmarks.completion import REQUEST
from tests.benchmarks.machine import machine
from tests.benchmarks.polling import KEY, answer, completed, polled
from tests.benchmarks.processes import Serving, open_files, resident_memory
from tests.benchmarks.table import Row, print_table

SECONDS = 600
REQUESTS_A_SECOND, SOCKETS = 200, 100
CONNECTIONS = 50
RUNS_KEPT_MAX = INDEXES_KEPT_MAX  # whose results and compressed results fill all caches
PAUSE_SECONDS = 1.0
SETTLE_SECONDS = 2.0
MEMORY_GROWTH_MAX = 0.05
DESCRIPTORS_GROWTH_MAX = 5
ERRORS_SHOWN_MAX = 5
SHARES = {
    "/backtests/{id}": 80,
    "/backtests?limit=20": 5,
    "/backtests?state=completed&sort=sharpe_ratio&limit=10": 3,
    "/backtests/{id}/events?limit=50": 3,
    "/backtests/{id}/results/metrics": 3,
    "/backtests/{id}/results": 2,
    "/backtests/{id}/results/equity?format=csv": 1,
    "/healthz": 2,
    "/metrics": 1,
}
"""Of 100 requests."""


class Soak:
    """Clients of one service, and what they have seen."""

    def __init__(self, serving: Serving, client: AsyncClient, seconds: float) -> None:
        self._serving = serving
        self._client = client
        self._seconds = seconds
        self._newest = ""
        self._tags: dict[str, str] = {}
        self.statuses: Counter[int] = Counter()
        self.errors: list[str] = []
        self.milliseconds: list[float] = []
        self.followed = 0
        self.mebibytes: list[float] = []
        self.descriptors: list[int] = []

    async def run(self) -> None:
        """Do everything at once until the time is up."""
        await self._post()
        with anyio.move_on_after(self._seconds):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._every, PAUSE_SECONDS, self._post)
                tasks.start_soon(self._every, PAUSE_SECONDS, self._sample)
                for number in range(SOCKETS):
                    tasks.start_soon(self._follow_runs, number * PAUSE_SECONDS / SOCKETS)
                start = perf_counter()
                for number, path in enumerate(cycle(self._paths())):
                    due = start + number / REQUESTS_A_SECOND
                    await anyio.sleep(max(due - perf_counter(), 0.0))
                    tasks.start_soon(self._get, path)

    def _paths(self) -> list[str]:
        """A hundred requests, the kinds of them well mixed."""
        due = [(n / share, path) for path, share in SHARES.items() for n in range(1, share + 1)]
        return [path for _, path in sorted(due)]

    async def _every(self, seconds: float, work: Any) -> None:
        while True:
            await anyio.sleep(seconds)
            await work()

    async def _post(self) -> None:
        response = await self._client.post("/backtests", json=REQUEST)
        self.statuses[response.status_code] += 1
        self._newest = response.json()["run_id"]

    async def _sample(self) -> None:
        self.mebibytes.append(resident_memory(self._serving.pid))
        self.descriptors.append(open_files(self._serving.pid))

    async def _get(self, path: str) -> None:
        path = path.format(id=self._newest)
        tag = self._tags.get(path)
        start = perf_counter()
        try:
            response = await self._client.get(path, headers={"If-None-Match": tag} if tag else {})
        except HTTPError as error:
            self.errors.append(f"GET {path}: {error!r}")
            return
        self.milliseconds.append((perf_counter() - start) * 1e3)
        self.statuses[response.status_code] += 1
        if "/results" not in path and "ETag" in response.headers:
            self._tags = {path: response.headers["ETag"]}
        # A run that is not completed yet has no results.
        expected = (200, 304, 409) if "/results" in path else (200, 304)
        if response.status_code not in expected:
            self.errors.append(f"GET {path}: {response.status_code} {response.text}")

    async def _follow_runs(self, delay: float) -> None:
        await anyio.sleep(delay)
        while True:
            try:
                await self._follow(self._newest)
            except (AssertionError, OSError, WebSocketException) as error:
                self.errors.append(f"socket: {error!r}")
            await anyio.sleep(PAUSE_SECONDS)

    async def _follow(self, run_id: str) -> None:
        address = f"ws://{self._serving.host}:{self._serving.port}/backtests/{run_id}/stream"
        last = 0
        async with connect(address, additional_headers=KEY, proxy=None) as connection:
            async for frame in connection:
                event_id = msgspec.json.decode(frame)["event_id"]
                assert event_id == last + 1, f"{event_id} came after {last}"
                last = event_id
            assert connection.close_code == 1000, connection.close_code
        self.followed += 1


def rows(seconds: float = SECONDS) -> list[Row]:
    """Soak a service in requests for so long."""
    if not Path("/proc/self/fd").exists():
        return [Row("soak: needs Linux's /proc", "", "", "", "", True)]
    with tempfile.TemporaryDirectory() as folder:
        import_sample(Catalog(Path(folder, "market")))
        with polled(Path(folder), engines=1) as serving:
            _fill_caches(serving)
            files = [open_files(serving.pid)]
            soak = uvloop.run(_soak(serving, seconds))
            sleep(SETTLE_SECONDS)
            files.append(open_files(serving.pid))
    for error in soak.errors[:ERRORS_SHOWN_MAX]:
        print(error, file=sys.stderr)
    quarter = len(soak.mebibytes) // 4
    memory = [median(soak.mebibytes[quarter : 2 * quarter]), median(soak.mebibytes[-quarter:])]
    growth = memory[1] / memory[0] - 1
    what = f"soak, {seconds:,.0f} s at {REQUESTS_A_SECOND} requests/s and {SOCKETS} sockets"
    p99 = quantiles(soak.milliseconds, n=100)[98]
    return [
        Row(
            f"{what}: memory, second and last quarter",
            f"{memory[0]:.0f} MiB, then {memory[1]:.0f} MiB",
            "",
            f"{growth:+.1%}",
            f"<= {MEMORY_GROWTH_MAX:+.0%}",
            growth <= MEMORY_GROWTH_MAX,
        ),
        Row(
            f"{what}: file descriptors, before and after",
            f"{files[0]}, then {files[1]}; at most {max(soak.descriptors)} meanwhile",
            "",
            f"{files[1] - files[0]:+}",
            f"<= {DESCRIPTORS_GROWTH_MAX:+}",
            files[1] - files[0] <= DESCRIPTORS_GROWTH_MAX,
        ),
        Row(
            f"{what}: errors",
            f"{len(soak.errors)} of {sum(soak.statuses.values()):,} answers (p99 {p99:.1f} ms) and "
            f"{soak.followed:,} runs followed",
            "",
            "",
            "none",
            not soak.errors,
        ),
    ]


def _fill_caches(serving: Serving) -> None:
    """Let the service keep as much as it ever will, so that what comes on top is seen."""
    for _ in range(RUNS_KEPT_MAX):
        results = f"{completed(serving, REQUEST)}/results"
        for path in (results, f"{results}/equity?format=csv"):
            for coding in ("identity", "gzip"):
                answer(serving, path, {**KEY, "Accept-Encoding": coding})


async def _soak(serving: Serving, seconds: float) -> Soak:
    limits = Limits(max_connections=CONNECTIONS)
    async with AsyncClient(
        base_url=f"http://{serving.host}:{serving.port}",
        headers=KEY,
        limits=limits,
        trust_env=False,
        timeout=30.0,
    ) as client:
        soak = Soak(serving, client, seconds)
        await soak.run()
    return soak


if __name__ == "__main__":
    print_table(rows(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS))
    print(machine())
