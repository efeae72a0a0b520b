"""One daily backtest as a whole process: started, run, ended."""

import compileall
import json
import sys
from pathlib import Path
from statistics import median

from service.market_data.catalog import Catalog
from service.market_data.sample import import_sample
from tests.benchmarks.completion import REQUEST
from tests.benchmarks.peers import prices
from tests.benchmarks.peers.environments import installed
from tests.benchmarks.peers.peer import cold, command
from tests.benchmarks.table import Row, spread

ROUNDS = 5
PEERS = {
    "backtrader": "cerebro",
    "nautilus_trader": "exchange",
    "backtesting": "strategy",
    "vectorbt": "numba",
}
TO_BEAT = ("backtrader", "nautilus_trader")
ROOMS = ("domain", "eventstore", "service")


def rows(folder: Path) -> list[Row]:
    """``backtape run`` beside a script of each peer, by turns, after one round to warm the disk."""
    import_sample(Catalog(folder / "market"))
    for room in ROOMS:  # as pip has done with the peers
        compileall.compile_dir(room, quiet=1)
    spec = folder / "spec.json"
    spec.write_text(json.dumps(REQUEST))
    path = prices.save([prices.sample()], folder / "sample.npz")
    ours = [sys.executable, "-m", "service.cli.main", "run", str(spec), "--data-dir", str(folder)]
    commands = {"": ours} | {name: command(name, way, path) for name, way in PEERS.items()}
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(ROUNDS + 1):
        for name, arguments in commands.items():
            taken = cold(arguments)
            if number:
                seconds[name].append(taken)
    return [_row(name, seconds[""], seconds[name]) for name in PEERS]


def _row(name: str, ours: list[float], theirs: list[float]) -> Row:
    ratio = median(theirs) / median(ours)
    must = name in TO_BEAT
    return Row(
        f"cold process, {len(prices.sample()):,} daily bars",
        f"{spread(ours, '.2f')} s",
        f"{spread(theirs, '.2f')} s, {installed(name)}",
        f"x {ratio:.2f}",
        ">= x 1" if must else "",
        not must or ratio >= 1.0,
    )
