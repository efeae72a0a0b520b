"""The whole way through the service, beside vectorbt in process: minutes posted to completed."""

from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import perf_counter

from domain.market.resolution import Resolution
from service.market_data.catalog import Catalog
from tests.benchmarks.completion import follow, post
from tests.benchmarks.peers import prices
from tests.benchmarks.peers.environments import installed
from tests.benchmarks.peers.peer import Peer
from tests.benchmarks.processes import Serving, service
from tests.benchmarks.table import Row, spread

BARS = 500_000
ROUNDS = 7
REQUEST = {
    "symbols": ["BTC/USDT"],
    "start_date": "2000-01-01",
    "end_date": "2002-01-01",
    "resolution": "minute",
    "strategy": {"name": "ma_crossover"},
    "execution": {"commission_bps": 5},
    "initial_capital": 1e9,
}


def rows(folder: Path) -> list[Row]:
    """Post, follow to the last event, and let vectorbt run, by turns."""
    bars = prices.minutes(BARS)
    Catalog(folder / "market").write(bars, Resolution.MINUTE)
    path = prices.save([bars], folder / "service.npz")
    ours: list[float] = []
    theirs: dict[str, list[float]] = {"numba": [], "rust": []}
    with ExitStack() as stack:
        serving = stack.enter_context(service(folder, engines=1))
        peers = {way: stack.enter_context(Peer("vectorbt", way, path)) for way in theirs}
        for number in range(ROUNDS + 1):
            rate = BARS / _completion(serving) / 1e6
            rates = {way: BARS / peer.run().seconds / 1e6 for way, peer in peers.items()}
            if number:
                ours.append(rate)
                for way, found in theirs.items():
                    found.append(rates[way])
    way, best = max(theirs.items(), key=lambda each: median(each[1]))
    ratio = median(ours) / median(best)
    return [
        Row(
            f"{BARS:,} bars, POST to completed on the socket, all in the log",
            f"{spread(ours, '.3g')} million bars/s",
            f"{spread(best, '.3g')}, {installed('vectorbt')} ({way}), in process",
            f"x {ratio:.3g}",
            ">= x 1",
            ratio >= 1.0,
        )
    ]


def _completion(serving: Serving) -> float:
    start = perf_counter()
    follow(serving, post(serving, REQUEST))
    return perf_counter() - start
